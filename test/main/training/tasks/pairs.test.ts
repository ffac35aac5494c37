import { beforeAll, expect, test } from 'vitest';
import { loadTokenizer, type Tokenizer } from '../../../../main/tokens/tokenizer.ts';
import { encodeTexts, pairFrame, pairIn, typesOf } from '../../../../main/training/tasks/pairs.ts';
import { questionOf } from '../../../../main/training/tasks/question.ts';
import { typesFor } from '../../../../main/training/tasks/text-classes.ts';
import { openReference, referenceFolder } from '../../../helpers/reference-model.ts';

let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await loadTokenizer(referenceFolder('bert_mlm'));
});

test('two texts with the mark between them are a pair, in a line or on lines of their own', () => {
  expect(pairIn('the cat [SEP] a dog')).toEqual(['the cat', 'a dog']);
  expect(pairIn('the cat\n[SEP]\na dog')).toEqual(['the cat', 'a dog']);
  for (const text of ['the cat', 'a [SEP] b [SEP] c', '[SEP] b', 'the[SEP]cat'])
    expect(pairIn(text)).toBeUndefined();
  const labelled = { type: 'labelled', text: 'the cat', pair: 'a dog', label: 'no' } as const;
  expect(pairIn(questionOf(labelled)?.text ?? '')).toEqual(['the cat', 'a dog']);
});

test('a pair has the ids and types that the post-processor gives', async () => {
  const [pair, single] = await encodeTexts(tokenizer, ['the cat [SEP] a dog', 'the cat'], 64);
  const expected = await tokenizer.encodePair('the cat', 'a dog', { addSpecial: true });
  expect([...pair.ids]).toEqual(expected.ids);
  expect(pair.length).toBe(expected.ids.length);
  const frame = await pairFrame(tokenizer);
  expect([...(typesOf(pair.ids, frame) ?? [])]).toEqual(expected.typeIds);
  expect(typesOf(single.ids, frame)).toBeUndefined();
});

test('the longer text of a pair is cut, and the frame stays', async () => {
  const long = 'the cat saw a dog and the dog saw the cat';
  const whole = await encodeTexts(tokenizer, [`${long} [SEP] a dog`], 64);
  const [{ ids, length }] = await encodeTexts(tokenizer, [`${long} [SEP] a dog`], 8);
  expect(ids).toHaveLength(8);
  expect(length).toBe(whole[0].length);
  expect([...ids.slice(-3)]).toEqual([...whole[0].ids.slice(-3)]);
});

test('models with one type of token get none', async () => {
  const { rawConfig } = openReference('bert_mlm');
  const [{ ids }] = await encodeTexts(tokenizer, ['the cat [SEP] a dog'], 64);
  expect((await typesFor(tokenizer, { rawConfig }))(ids)).toBeDefined();
  const single = { ...rawConfig, type_vocab_size: 1 };
  expect((await typesFor(tokenizer, { rawConfig: single }))(ids)).toBeUndefined();
});
