import { describe, expect, it } from 'vitest';
import { areaUnderRoc, rocAuc, rocCurve, topAccuracy } from '../../../main/metrics/roc-auc.ts';

describe('ROC AUC', () => {
  it('is the chance that a positive scores above a negative, ties half', () => {
    const positive = [true, false, true, false, true, false];
    const scores = [0.9, 0.4, 0.4, 0.1, 0.2, 0.2];
    let wins = 0;
    for (const [i, a] of scores.entries()) {
      for (const [j, b] of scores.entries()) {
        if (positive[i] && !positive[j]) wins += a > b ? 1 : a === b ? 0.5 : 0;
      }
    }
    expect(areaUnderRoc(positive, scores)).toBeCloseTo(wins / 9, 12);
  });

  it('has no value with one class only, and says so', () => {
    const pairs = [{ probabilities: [0.2, 0.8], truth: 1 }];
    expect(() => rocAuc.score(pairs)).toThrowError(/it needs records of every class/);
  });

  it('the curve runs from nobody to everybody', () => {
    const { falsePositiveRate, truePositiveRate, thresholds } = rocCurve([true, false], [0.7, 0.3]);
    expect(falsePositiveRate).toEqual([0, 0, 1]);
    expect(truePositiveRate).toEqual([0, 1, 1]);
    expect(thresholds).toEqual([Number.POSITIVE_INFINITY, 0.7, 0.3]);
  });

  it('top-k accuracy looks for the true class among the k most probable', () => {
    expect(
      topAccuracy(
        [2, 0],
        [
          [0.5, 0.3, 0.2],
          [0.3, 0.6, 0.1],
        ],
        2,
      ),
    ).toBe(0.5);
  });
});
