// Placeholder of the documents screen.
import { IconFiles } from '@tabler/icons-react';
import type { Screen } from '../screen.ts';

export const documentsScreen: Screen = {
  id: 'documents',
  title: 'Documents',
  icon: IconFiles,
  order: 1,
  step: 'documents',
  place: 'journey',
  needsProject: true,
  Screen: () => <h1>Documents</h1>,
};
