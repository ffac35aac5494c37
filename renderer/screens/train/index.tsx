// Placeholder of the train screen.
import { IconPlayerPlay } from '@tabler/icons-react';
import type { Screen } from '../screen.ts';

export const trainScreen: Screen = {
  id: 'train',
  title: 'Train',
  icon: IconPlayerPlay,
  order: 4,
  step: 'train',
  place: 'journey',
  needsProject: true,
  Screen: () => <h1>Train</h1>,
};
