// What one screen tells the shell about itself. A new screen is one file that exports this, and one line in index.ts.
import type { Icon } from '@tabler/icons-react';
import type { ComponentType } from 'react';

export type StepId = 'documents' | 'dataset' | 'model' | 'train' | 'evaluate' | 'export';

export interface ScreenProps {
  /** What follows the screen's id in the address: `#/projects/p1/run/r7` gives `['r7']`. */
  rest: string[];
}

export interface Screen {
  /** Also the word in the address. */
  id: string;
  title: string;
  icon: Icon;
  /** Place in the navigation, and the digit of Ctrl + digit for the steps of the journey. */
  order: number;
  /** The step of the journey whose state the navigation shows; none for the others. */
  step?: StepId;
  /** Where the navigation lists it; `hidden` screens are reached through others. */
  place: 'top' | 'journey' | 'below' | 'foot' | 'hidden';
  /** The screen that the navigation marks instead, for hidden ones: a run stands under `train`. */
  under?: string;
  needsProject: boolean;
  Screen: ComponentType<ScreenProps>;
}
