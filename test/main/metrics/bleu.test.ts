import { describe, expect, it } from 'vitest';
import { bleu, bleuCounts, bleuDefaults, bleuOf } from '../../../main/metrics/bleu.ts';

const pair = (output: string, ...references: string[]) => ({ output, references });

describe('BLEU', () => {
  it('clips repeated words by the reference that has most of them', () => {
    const counts = bleuCounts(pair('the the the the', 'the cat', 'the the dog'), bleuDefaults);
    expect(counts.matches[0]).toBe(2);
    expect(counts.candidates).toEqual([4, 3, 2, 1]);
  });

  it('takes the closest reference length, the shorter of equals', () => {
    expect(bleuCounts(pair('a b c', 'a b', 'a b c d'), bleuDefaults).referenceTokens).toBe(2);
  });

  it('of a set comes from summed counts, not from a mean of sentences', () => {
    const pairs = [pair('a b c d e', 'a b c d e'), pair('x', 'y z')];
    const sentences = pairs.map((one) => bleu.scoreRecord(one)!);
    expect(sentences).toEqual([expect.closeTo(100, 10), 0]);
    const all = pairs.map((one) => bleuCounts(one, bleuDefaults));
    expect(bleu.score(pairs).value).toBe(bleuOf(all, bleuDefaults).score);
    expect(bleu.score(pairs).value).toBeGreaterThan(60);
  });

  it('gives a short sentence that is right the full score', () => {
    expect(bleu.scoreRecord(pair('Paris', 'Paris'))).toBeCloseTo(100, 10);
  });

  it('without smoothing is 0 where no four words match', () => {
    const options = { ...bleuDefaults, smoothing: 'none' } as const;
    expect(bleuOf([bleuCounts(pair('a b c x d', 'a b c y d'), options)], options).score).toBe(0);
  });
});
