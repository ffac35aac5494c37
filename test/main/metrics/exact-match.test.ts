import { describe, expect, it } from 'vitest';
import { exactMatch, squadWords } from '../../../main/metrics/exact-match.ts';

describe('exact match', () => {
  it('ignores case, ASCII punctuation and English articles only', () => {
    expect(squadWords('The Eiffel-Tower, a 10.5 m «tower»')).toEqual(['eiffeltower', '105', 'm', '«tower»']);
    expect(squadWords('theatre an anthem')).toEqual(['theatre', 'anthem']);
    expect(squadWords('thé the_a')).toEqual(['thé', 'thea']);
  });

  it('takes the best of several references', () => {
    expect(
      exactMatch.scoreRecord({ output: 'Tour Eiffel', references: ['Eiffel Tower', 'tour eiffel'] }),
    ).toBe(1);
    expect(exactMatch.scoreRecord({ output: 'Tour', references: ['Eiffel Tower'] })).toBe(0);
  });
});
