// Measures of answers that are numbers: how far they are off, and whether they rise with the right ones (definitions of
// scikit-learn and SciPy).
import {
  corpusMetric,
  type Description,
  type MetricOf,
  meanMetric,
  type NumberPair,
  ratioMetric,
} from './metric.ts';

/**
 * Pearson's correlation, -1 to 1. NaN where the right numbers are all one; 0 where only the answers are: a constant tells
 * nothing (SciPy has no value then).
 */
export function pearsonOf(pairs: readonly NumberPair[]): number {
  const mean = (value: (pair: NumberPair) => number) =>
    pairs.reduce((sum, pair) => sum + value(pair), 0) / pairs.length;
  const [x, y] = [mean(({ output }) => output), mean(({ truth }) => truth)];
  const [xx, yy, xy] = [
    mean(({ output }) => (output - x) ** 2),
    mean(({ truth }) => (truth - y) ** 2),
    mean(({ output, truth }) => (output - x) * (truth - y)),
  ];
  if (yy === 0) return Number.NaN;
  return xx === 0 ? 0 : xy / Math.sqrt(xx * yy);
}

/** Ranks from 1, equal numbers sharing the mean of theirs. */
function ranksOf(numbers: readonly number[]): number[] {
  const order = numbers.map((_, i) => i).sort((a, b) => numbers[a] - numbers[b]);
  const ranks = new Array<number>(numbers.length);
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && numbers[order[end]] === numbers[order[start]]) end += 1;
    for (let i = start; i < end; i += 1) ranks[order[i]] = (start + end + 1) / 2;
    start = end;
  }
  return ranks;
}

/** Spearman's correlation: Pearson's of the ranks. */
export function spearmanOf(pairs: readonly NumberPair[]): number {
  const outputs = ranksOf(pairs.map(({ output }) => output));
  const truths = ranksOf(pairs.map(({ truth }) => truth));
  return pearsonOf(outputs.map((output, i) => ({ output, truth: truths[i] })));
}

const correlation = (
  description: Pick<Description<'numbers'>, 'id' | 'label' | 'description'>,
  value: (pairs: readonly NumberPair[]) => number,
): MetricOf<'numbers'> =>
  corpusMetric<'numbers', NumberPair>(
    { ...description, unit: '-1 to 1', betterWhen: 'higher', needs: 'numbers' },
    (pair) => pair,
    value,
    { each: false, undefinedWhen: 'the right numbers are all one' },
  );

const error = { unit: 'as the answers', betterWhen: 'lower', needs: 'numbers' } as const;

export const numbers: readonly MetricOf<'numbers'>[] = [
  meanMetric<'numbers'>(
    {
      ...error,
      id: 'mean-absolute-error',
      label: 'How far off on average (mean absolute error)',
      description: 'The distance of a number from the right one, on average over all records.',
    },
    ({ output, truth }) => Math.abs(output - truth),
  ),
  ratioMetric<'numbers'>(
    {
      ...error,
      id: 'root-mean-squared-error',
      label: 'How far off, large errors counting more (RMSE)',
      description:
        'The root of the mean squared distance: a few large errors weigh more than many small ones.',
    },
    ({ output, truth }) => ({ sum: (output - truth) ** 2, count: 1 }),
    Math.sqrt,
  ),
  correlation(
    {
      id: 'pearson',
      label: 'Rises with the right numbers (Pearson)',
      description: 'Correlation with the right numbers along a line; 0 is chance, 1 is a perfect line.',
    },
    pearsonOf,
  ),
  correlation(
    {
      id: 'spearman',
      label: 'Same order as the right numbers (Spearman)',
      description: 'Correlation of the ranks: whether larger numbers are given where larger ones are right.',
    },
    spearmanOf,
  ),
];
