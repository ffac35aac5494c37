// Placeholder of the model screen.
import { IconBox } from '@tabler/icons-react';
import type { Screen } from '../screen.ts';

export const modelScreen: Screen = {
  id: 'model',
  title: 'Model',
  icon: IconBox,
  order: 3,
  step: 'model',
  place: 'journey',
  needsProject: true,
  Screen: () => <h1>Model</h1>,
};
