import { describe, expect, it } from 'vitest';
import { corpusMetric, meanMetric, ratioMetric } from '../../../main/metrics/metric.ts';

const described = {
  id: 'x',
  label: 'X',
  unit: '0 to 1',
  description: 'A measure for this test.',
  betterWhen: 'higher',
  needs: 'text',
} as const;
const length = meanMetric(described, ({ output }) => output.length);
const texts = (...outputs: string[]) => outputs.map((output) => ({ output, references: [] }));

describe('a metric', () => {
  it('keeps sum and count apart until it is read', () => {
    const perWord = ratioMetric(described, ({ output }) => ({
      sum: output.length,
      count: output.split(' ').length,
    }));
    expect(perWord.score(texts('abcd', 'a b c')).value).toBe(9 / 4);
  });

  it('gives the value of any selection of records, repeated ones counted again', () => {
    const value = length.prepare(texts('a', 'bbb', 'cc'));
    expect(value([0, 1, 2])).toBe(2);
    expect(value([1, 1, 0])).toBe(7 / 3);
  });

  it('refuses to measure no record, and a set on which it is not defined', () => {
    expect(() => length.score([])).toThrowError(expect.objectContaining({ code: 'metric-without-records' }));
    const never = corpusMetric(
      described,
      (pair) => pair,
      () => Number.NaN,
      {
        each: false,
        undefinedWhen: 'it never has one',
      },
    );
    expect(() => never.score(texts('a', 'b'))).toThrowError(/"X" has no value on these 2 records: it never/);
    expect(never.scoreRecord(texts('a')[0])).toBeUndefined();
  });
});
