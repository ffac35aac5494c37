import { describe, expect, it } from 'vitest';
import { bleuTokenizers } from '../../../main/metrics/bleu-tokens.ts';

describe('BLEU tokens', () => {
  it('13a keeps numbers and splits other punctuation', () => {
    expect(bleuTokenizers['13a']("It's 3.14, or 1,000-2 &quot;items&quot;.")).toEqual([
      ...["It's", '3.14', ',', 'or', '1,000', '-', '2', '"', 'items', '"', '.'],
    ]);
  });

  it('13a joins words that a line break divided', () => {
    expect(bleuTokenizers['13a']('auto-\nmatic\ntest')).toEqual(['automatic', 'test']);
  });

  it('intl splits symbols and punctuation of any script', () => {
    expect(bleuTokenizers.intl('«Bär» 5€ 3.14!')).toEqual(['«', 'Bär', '»', '5', '€', '3.14!']);
  });

  it('zh splits Chinese characters and leaves Latin words whole', () => {
    expect(bleuTokenizers.zh('小猫 sleeps。')).toEqual(['小', '猫', 'sleeps', '。']);
  });

  it('char counts a code point beyond the first plane as one', () => {
    expect(bleuTokenizers.char('a 👍')).toEqual(['a', '👍']);
  });
});
