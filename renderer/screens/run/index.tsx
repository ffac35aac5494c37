// Placeholder of the run screen.
import { IconActivity } from '@tabler/icons-react';
import type { Screen } from '../screen.ts';

export const runScreen: Screen = {
  id: 'run',
  title: 'Runs',
  icon: IconActivity,
  order: 4.5,
  place: 'hidden',
  under: 'train',
  needsProject: true,
  Screen: () => <h1>Runs</h1>,
};
