import { describe, expect, it } from 'vitest';
import { rouge, rouge1, rougeL, rougeLsum } from '../../../main/metrics/rouge.ts';

describe('ROUGE', () => {
  it('ROUGE-1 ignores the order of words and ROUGE-L does not', () => {
    expect(rouge('rouge1', 'a b c d e', 'e d c b a', false).f1).toBe(1);
    expect(rouge('rougeL', 'a b c d e', 'e d c b a', false).f1).toBeCloseTo(0.2, 12);
  });

  it('ROUGE-Lsum finds the lines of the reference in any order', () => {
    const pair = { output: 'two three\none more', references: ['one more\ntwo three'] };
    expect(rougeLsum.scoreRecord(pair)).toBe(1);
    expect(rougeL.scoreRecord(pair)).toBe(0.5);
  });

  it('never counts a word of the output twice', () => {
    expect(rouge('rougeLsum', 'x\nx\nx', 'x', false)).toEqual({ precision: 1, recall: 1 / 3, f1: 0.5 });
  });

  it('compares stems, and nothing matches text without Latin letters or digits', () => {
    expect(rouge1.scoreRecord({ output: 'police kill', references: ['police killed'] })).toBe(1);
    expect(rouge1.scoreRecord({ output: '小猫', references: ['小猫'] })).toBe(0);
    expect(rouge1.scoreRecord({ output: '', references: [''] })).toBe(0);
  });
});
