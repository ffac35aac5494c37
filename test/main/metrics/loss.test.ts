import { describe, expect, it } from 'vitest';
import { loss, lossFromLogits } from '../../../main/metrics/loss.ts';

/** Field case C08: records of 1, 10 and 100 tokens with mean losses 3, 2 and 1. */
const records = [
  { sum: 3, tokens: 1, bytes: 4 },
  { sum: 20, tokens: 10, bytes: 40 },
  { sum: 100, tokens: 100, bytes: 400 },
];

describe('loss', () => {
  it('weighs tokens, not records or batches', () => {
    expect(loss.score(records).value).toBeCloseTo(1.108108, 6);
    expect(loss.score(records).count).toBe(3);
    expect(records.map((record) => loss.scoreRecord(record))).toEqual([3, 2, 1]);
  });

  it('is neither NaN nor 0 where nothing is learned', () => {
    const nothing = { sum: 0, tokens: 0, bytes: 0 };
    expect(loss.scoreRecord(nothing)).toBeUndefined();
    expect(() => loss.score([nothing])).toThrowError(expect.objectContaining({ code: 'metric-undefined' }));
  });

  it('holds logits against the next label and leaves out -100', () => {
    const uniform = lossFromLogits(new Float32Array(12), 4, [2, 1, -100]);
    expect(uniform).toEqual({ sum: Math.log(4), tokens: 1, hits: 0 });
    const sure = lossFromLogits(Float32Array.of(0, 1000, 0, 0), 2, [0, 1, 0]);
    expect(sure.hits).toBe(2);
    expect(sure.sum).toBeCloseTo(Math.log(2), 12);
  });
});
