// How losses of a run are named: their unit, in a line and beside a figure, and what they are. Knows no chart.
import type { LossUnit } from '../../../main/contract/losses.ts';
import type { Run } from '../../../main/contract/runs.ts';

interface LossWords {
  /** Behind a figure. */
  short: string;
  /** What one value is, in a few words. */
  what: string;
  /** What is counted. */
  counted: string;
}

const words = {
  'nats per token': {
    short: 'nats/token',
    what: 'Mean negative log-likelihood of the learned tokens, before each update',
    counted: 'token',
  },
  'nats per masked token': {
    short: 'nats/masked token',
    what: 'Mean negative log-likelihood of the masked tokens, before each update',
    counted: 'masked token',
  },
  'nats per word': {
    short: 'nats/word',
    what: 'Mean negative log-likelihood of the right label of each word, before each update',
    counted: 'word',
  },
  'nats per record': {
    short: 'nats/record',
    what: 'Mean negative log-likelihood of the right label of each record, before each update',
    counted: 'record',
  },
  'nats per label': {
    short: 'nats/label',
    what: 'Mean negative log-likelihood of yes or no for each label of each record, before each update',
    counted: 'label',
  },
  'squared error': {
    short: 'squared error',
    what: 'Mean squared difference between the answer and the number in the record, before each update',
    counted: 'number',
  },
} satisfies Record<LossUnit, LossWords>;

/** Runs that were not planned yet, and plans from before, are of models that write text. */
export function lossUnitOf({ plan }: Pick<Run, 'plan'>): LossUnit {
  return plan?.lossUnit ?? 'nats per token';
}

export function lossWordsOf(run: Pick<Run, 'plan'>): LossWords {
  return words[lossUnitOf(run)];
}

/** The unit that all planned runs share; null when they have different ones, or there is none. */
export function sharedLossUnit(runs: readonly Pick<Run, 'plan'>[]): LossUnit | null {
  const [first, ...others] = unitsOf(runs);
  return first !== undefined && others.length === 0 ? first : null;
}

function unitsOf(runs: readonly Pick<Run, 'plan'>[]): LossUnit[] {
  return [...new Set(runs.filter(({ plan }) => plan !== null).map(lossUnitOf))];
}
