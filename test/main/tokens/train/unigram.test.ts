import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createTokenizer } from '../../../../main/tokens/tokenizer.ts';
import { trainUnigram } from '../../../../main/tokens/train/unigram.ts';

const stored = JSON.parse(
  readFileSync(`${import.meta.dirname}/../../../reference/tokenizer-training/reference.json`, 'utf8'),
) as { texts: string[]; unigram: { size: number; tokens: number } };
const specialTokens = ['<pad>', '</s>', '<unk>'];

it('needs no more tokens for its text than the reference vocabulary of the same size', async () => {
  const file = trainUnigram(stored.texts, {
    vocabularySize: stored.unigram.size,
    specialTokens,
    characterCoverage: 1,
  });
  const tokenizer = createTokenizer(file);
  const encodings = await tokenizer.encodeBatch(stored.texts, { addSpecial: false });
  expect(encodings.reduce((sum, { ids }) => sum + ids.length, 0)).toBeLessThan(stored.unigram.tokens * 1.02);
  expect(tokenizer.vocabularySize).toBe(stored.unigram.size);
});

it('with byte fallback every text survives, and the EOS is written behind it', async () => {
  const options = { vocabularySize: 600, specialTokens, eosToken: '</s>', byteFallback: true };
  const tokenizer = createTokenizer(trainUnigram(stored.texts, options), {
    specialTokens: { eos_token: '</s>' },
  });
  const text = 'Mira saw ÿ 犬 🐶 and <0x41>.';
  const { ids } = await tokenizer.encode(text, { addSpecial: true });
  expect(ids.at(-1)).toBe(tokenizer.eosId);
  expect(tokenizer.decode(ids, { skipSpecial: true })).toBe(text);
});

it('probabilities of the pieces sum to about one', () => {
  const { model } = trainUnigram(stored.texts, { vocabularySize: 300, specialTokens });
  const pieces = (model.vocab as [string, number][]).slice(specialTokens.length);
  const sum = pieces.reduce((total, [, score]) => total + Math.exp(score), 0);
  expect(sum).toBeGreaterThan(0.9);
  expect(sum).toBeLessThan(1.01);
});

it('equal texts give equal vocabularies', () => {
  const train = () => trainUnigram(stored.texts, { vocabularySize: 250, specialTokens });
  expect(train()).toEqual(train());
});

it('learns from the most frequent words where all would need too much memory, and says so', async () => {
  const notes: string[] = [];
  const options = { vocabularySize: 250, specialTokens, onNote: (sentence: string) => notes.push(sentence) };
  const whole = trainUnigram(stored.texts, options);
  expect(notes).toEqual([]);
  const part = trainUnigram(stored.texts, { ...options, mostStrings: 1500 });
  expect(notes).toHaveLength(1);
  expect(notes[0]).toMatch(
    /^The pieces are learned from the \d+ most frequent different words, \d+\.\d % of the text that was read/,
  );
  expect(part).not.toEqual(whole);
  const { ids } = await createTokenizer(part).encode(stored.texts[0], { addSpecial: false });
  expect(createTokenizer(part).decode(ids)).toContain('the');
});
