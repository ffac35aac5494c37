import { expect, it } from 'vitest';
import { createTokenizer } from '../../../../main/tokens/tokenizer.ts';
import { settingsFrom } from '../../../../main/tokens/tokenizer-file.ts';
import { trainVocabulary, type VocabularyKind } from '../../../../main/tokens/train/vocabulary.ts';

const texts = Array.from({ length: 40 }, (_, i) => `Section ${i} tells of frog ${i * 7} and of the hill.`);

it.each(['bpe', 'unigram'] satisfies VocabularyKind[])(
  'the own tokens of a %s vocabulary are read in texts, those of the chat template are not',
  async (kind) => {
    const { file, settings } = await trainVocabulary(texts, {
      kind,
      task: 'causal',
      vocabularySize: 400,
      contextLength: 128,
      specialTokens: ['<SECTION>', '</s>x'],
    });
    const tokenizer = createTokenizer(file, settingsFrom(settings));
    const section = tokenizer.idOf('<SECTION>')!;
    const { ids } = await tokenizer.encodePlain('frog <SECTION> hill <|user|>');
    expect(ids).toContain(section);
    expect(ids).not.toContain(tokenizer.idOf('<|user|>'));
    expect(tokenizer.isSpecial(section)).toBe(true);
  },
);
