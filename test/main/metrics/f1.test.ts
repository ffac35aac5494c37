import { describe, expect, it } from 'vitest';
import { f1, wordF1 } from '../../../main/metrics/f1.ts';

describe('token F1', () => {
  it('counts a repeated word as often as both texts hold it', () => {
    expect(wordF1(['red', 'red', 'blue'], ['red', 'blue', 'blue'])).toBeCloseTo(2 / 3, 12);
  });

  it('is 1 for two empty texts and 0 for one', () => {
    expect(f1.scoreRecord({ output: '', references: ['the'] })).toBe(1);
    expect(f1.scoreRecord({ output: '', references: ['word'] })).toBe(0);
  });

  it('takes the best of several references', () => {
    expect(f1.scoreRecord({ output: 'in 1889', references: ['1888', '1889'] })).toBeCloseTo(2 / 3, 12);
  });
});
