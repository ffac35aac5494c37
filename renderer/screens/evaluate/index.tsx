// Placeholder of the evaluate screen.
import { IconScale } from '@tabler/icons-react';
import type { Screen } from '../screen.ts';

export const evaluateScreen: Screen = {
  id: 'evaluate',
  title: 'Evaluate',
  icon: IconScale,
  order: 5,
  step: 'evaluate',
  place: 'journey',
  needsProject: true,
  Screen: () => <h1>Evaluate</h1>,
};
