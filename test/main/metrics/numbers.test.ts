import { expect, it } from 'vitest';
import { numbers, pearsonOf, spearmanOf } from '../../../main/metrics/numbers.ts';
import { summarize } from '../../../main/metrics/run.ts';

const pairs = [
  { output: 1, truth: 2 },
  { output: 3, truth: 3 },
  { output: 10, truth: 7 },
];
const [mae, rmse] = numbers;

it('errors are the mean distance and the root of the mean squared one', () => {
  expect(mae.score(pairs).value).toBeCloseTo(4 / 3, 12);
  expect(rmse.score(pairs).value).toBeCloseTo(Math.sqrt(10 / 3), 12);
  expect(mae.scoreRecord(pairs[2])).toBe(3);
});

it('Pearson asks for a line and Spearman for the order', () => {
  // deviations of outputs -11/3, -5/3, 16/3 and of truths -2, -1, 3: products 25, squares 134/3 and 14
  expect(pearsonOf(pairs)).toBeCloseTo(25 / Math.sqrt((134 / 3) * 14), 12);
  expect(spearmanOf(pairs)).toBeCloseTo(1, 12);
  const tied = [1, 2, 2, 3].map((output, i) => ({ output, truth: [1, 2, 3, 4][i] }));
  // ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4
  expect(spearmanOf(tied)).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 12);
});

it('a constant tells nothing, and where the truth is one there is no correlation', () => {
  expect(pearsonOf([1, 2, 3].map((truth) => ({ output: 5, truth })))).toBe(0);
  expect(pearsonOf([1, 2, 3].map((output) => ({ output, truth: 5 })))).toBeNaN();
});

it('a constant is told from rounding errors of its mean, and tiny numbers still correlate', () => {
  const tenths = Array.from({ length: 40 }, (_, i) => ({ output: 0.1, truth: i % 3 }));
  expect(pearsonOf(tenths)).toBe(0);
  expect(pearsonOf(tenths.map(({ output, truth }) => ({ output: truth, truth: output })))).toBeNaN();
  const tiny = [1, 3, 10].map((output, i) => ({ output: output * 1e-200, truth: [2, 3, 7][i] }));
  expect(pearsonOf(tiny)).toBeCloseTo(25 / Math.sqrt((134 / 3) * 14), 12);
  const line = Array.from({ length: 7 }, (_, i) => ({ output: 0.1 * i, truth: 0.7 * i }));
  expect(pearsonOf(line)).toBeLessThanOrEqual(1);
});

it('texts that are no numbers are left out', () => {
  const side = (output: string) => ({ output, lossSum: 0, lossTokens: 0, stopped: true });
  const records = ['3', 'many', '5'].map((output, i) => ({
    recordId: `${i}`,
    reference: '4',
    base: side('4'),
    tuned: side(output),
  }));
  const { results } = summarize(records, ['mean-absolute-error'], { resamples: 20 });
  expect(results[0]).toMatchObject({ count: 2, tuned: { value: 1 }, base: { value: 0 } });
});
