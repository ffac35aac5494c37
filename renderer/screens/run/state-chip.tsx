// The state of a run as icon, word and colour; one table for the run, the list and everything that names a run.
import {
  type Icon,
  IconAlertTriangle,
  IconCheck,
  IconCircleX,
  IconClock,
  IconHandStop,
  IconLoader2,
  IconPlayerPauseFilled,
} from '@tabler/icons-react';
import type { Run } from '../../../main/contract/runs.ts';
import { Chip, type Tone } from '../../components/chip.tsx';

interface Look {
  word: string;
  tone: Tone;
  icon: Icon;
  spinning?: boolean;
}

const looks: Record<Run['state'], Look> = {
  queued: { word: 'Waits', tone: 'neutral', icon: IconClock },
  compiling: { word: 'Compiling', tone: 'accent', icon: IconLoader2, spinning: true },
  running: { word: 'Running', tone: 'accent', icon: IconLoader2, spinning: true },
  paused: { word: 'Paused', tone: 'warning', icon: IconPlayerPauseFilled },
  stopping: { word: 'Stopping', tone: 'warning', icon: IconLoader2, spinning: true },
  stopped: { word: 'Stopped', tone: 'neutral', icon: IconHandStop },
  finished: { word: 'Finished', tone: 'success', icon: IconCheck },
  failed: { word: 'Failed', tone: 'danger', icon: IconCircleX },
  interrupted: { word: 'Interrupted', tone: 'warning', icon: IconAlertTriangle },
};

export function RunStateChip({ state }: { state: Run['state'] }) {
  const { word, ...look } = looks[state];
  return <Chip {...look}>{word}</Chip>;
}
