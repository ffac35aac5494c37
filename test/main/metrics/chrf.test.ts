import { describe, expect, it } from 'vitest';
import { chrf, chrfCounts, chrfDefaults, chrfOf } from '../../../main/metrics/chrf.ts';

describe('chrF', () => {
  it('ignores spaces unless told otherwise', () => {
    const pair = { output: 'a bc', references: ['ab c'] };
    expect(chrf.scoreRecord(pair)).toBeCloseTo(100, 10);
    const spaced = { ...chrfDefaults, whitespace: true };
    expect(chrfOf([chrfCounts(pair, spaced)], spaced)).toBeLessThan(50);
  });

  it('takes the reference that fits best', () => {
    expect(chrf.scoreRecord({ output: 'kitten', references: ['dog', 'kitten'] })).toBeCloseTo(100, 10);
  });

  it('counts an emoji as one character', () => {
    const [given] = chrfCounts({ output: '👍👍', references: ['👍'] }, chrfDefaults);
    expect(given).toBe(2);
  });

  it('is 0 where nothing is shared or nothing was written', () => {
    expect(chrf.scoreRecord({ output: '', references: ['text'] })).toBe(0);
    expect(chrf.scoreRecord({ output: 'abc', references: ['xyz'] })).toBe(0);
  });
});
