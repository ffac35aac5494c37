// Placeholder of the dataset screen.
import { IconTable } from '@tabler/icons-react';
import type { Screen } from '../screen.ts';

export const datasetScreen: Screen = {
  id: 'dataset',
  title: 'Dataset',
  icon: IconTable,
  order: 2,
  step: 'dataset',
  place: 'journey',
  needsProject: true,
  Screen: () => <h1>Dataset</h1>,
};
