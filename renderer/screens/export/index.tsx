// Placeholder of the export screen.
import { IconPackageExport } from '@tabler/icons-react';
import type { Screen } from '../screen.ts';

export const exportScreen: Screen = {
  id: 'export',
  title: 'Export and serve',
  icon: IconPackageExport,
  order: 6,
  step: 'export',
  place: 'journey',
  needsProject: true,
  Screen: () => <h1>Export and serve</h1>,
};
