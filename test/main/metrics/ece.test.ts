import { describe, expect, it } from 'vitest';
import { calibrationError, ece, topLabel } from '../../../main/metrics/ece.ts';

describe('calibration error', () => {
  it('is 0 when confidence is how often it is right', () => {
    const records = [true, true, true, false].map((hit) => ({ confidence: 0.75, hit }));
    expect(calibrationError(records, 10)).toBe(0);
  });

  it('puts a confidence on a border into the lower bin', () => {
    // (0.6, 0.8] holds 0.8 although 0.8 * 5 is just above 4 in other roundings; 0.3 and 3/10 differ likewise
    const border = [
      { confidence: 0.3, hit: true },
      { confidence: 0.25, hit: false },
    ];
    expect(calibrationError(border, 10)).toBeCloseTo(Math.abs(1 - 0.3 - 0.25) / 2, 12);
  });

  it('takes the first of equally probable classes', () => {
    expect(topLabel({ probabilities: [0.5, 0.5], truth: 1 })).toEqual({ confidence: 0.5, hit: false });
    expect(ece.score([{ probabilities: [0.1, 0.9], truth: 0 }]).value).toBeCloseTo(0.9, 12);
  });
});
