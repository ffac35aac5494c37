import { describe, expect, it } from 'vitest';
import { countNgrams, sharedCount, splitWords, trim, trimEnd } from '../../../main/metrics/words.ts';

describe('words', () => {
  it('are split where Python splits them', () => {
    expect(splitWords(' a\u001cb\u0085c\u00a0d\u3000e\n')).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(splitWords('a\ufeffb')).toEqual(['a\ufeffb']);
    expect(splitWords('  ')).toEqual([]);
    expect(trim('\u0085 a b\u001f')).toBe('a b');
    expect(trimEnd(' a \n')).toBe(' a');
  });

  it('are counted and compared as multisets of n-grams', () => {
    const pairs = countNgrams(['a', 'b', 'a', 'b'], 2, ' ');
    expect(Object.fromEntries(pairs)).toEqual({ 'a b': 2, 'b a': 1 });
    expect(sharedCount(pairs, countNgrams(['a', 'b', 'c'], 2, ' '))).toBe(1);
    expect(countNgrams(['a'], 2, ' ').size).toBe(0);
  });
});
