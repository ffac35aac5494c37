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
  const outputs = deviations(pairs.map(({ output }) => output));
  const truths = deviations(pairs.map(({ truth }) => truth));
  if (truths === undefined) return Number.NaN;
  if (outputs === undefined) return 0;
  const dot = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, value, i) => sum + value * b[i], 0);
  const correlation = dot(outputs, truths) / Math.sqrt(dot(outputs, outputs) * dot(truths, truths));
  return Math.min(1, Math.max(-1, correlation));
}

/**
 * Distances from the mean, the largest scaled to 1 so that squares of tiny ones do not vanish; undefined where all
 * numbers are one (their mean may differ from them by a rounding error).
 */
function deviations(numbers: readonly number[]): number[] | undefined {
  if (numbers.every((number) => number === numbers[0])) return undefined;
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  const apart = numbers.map((number) => number - mean);
  const largest = apart.reduce((most, distance) => Math.max(most, Math.abs(distance)), 0);
  return apart.map((distance) => distance / largest);
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
