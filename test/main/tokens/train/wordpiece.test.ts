import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createTokenizer } from '../../../../main/tokens/tokenizer.ts';
import { trainWordPiece } from '../../../../main/tokens/train/wordpiece.ts';

const stored = JSON.parse(
  readFileSync(`${import.meta.dirname}/../../../reference/tokenizer-training/reference.json`, 'utf8'),
) as { texts: string[]; wordpiece: { size: number; vocab: string[] } };

it('the vocabulary is the one that plain counting gives', () => {
  const file = trainWordPiece(stored.texts, { vocabularySize: stored.wordpiece.size });
  expect(Object.keys(file.model.vocab as object).sort()).toEqual([...stored.wordpiece.vocab].sort());
  for (const [id, token] of stored.wordpiece.vocab.entries()) {
    expect([token, (file.model.vocab as Record<string, number>)[token]]).toEqual([token, id]);
  }
});

it('texts are framed and read as BERT does', async () => {
  const tokenizer = createTokenizer(trainWordPiece(stored.texts, { vocabularySize: 400 }));
  const { ids, tokens } = await tokenizer.encodePair('Mira carried it', 'She DID', { addSpecial: true });
  expect([tokens[0], tokens.at(-1)]).toEqual(['[CLS]', '[SEP]']);
  expect(tokenizer.decode(ids, { skipSpecial: true })).toContain('mira carried');
});

it('a cased vocabulary keeps capitals and accents', async () => {
  const tokenizer = createTokenizer(trainWordPiece(stored.texts, { vocabularySize: 400, lowercase: false }));
  const { ids } = await tokenizer.encode('Åsa', { addSpecial: false });
  expect(tokenizer.decode(ids)).toBe('Åsa');
});

it('refuses a vocabulary that cannot hold the letters', () => {
  expect(() => trainWordPiece(stored.texts, { vocabularySize: 20 })).toThrow(
    expect.objectContaining({ code: 'vocabulary-too-small' }),
  );
});
