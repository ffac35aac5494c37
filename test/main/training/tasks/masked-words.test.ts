import { beforeAll, expect, test } from 'vitest';
import type { Model } from '../../../../main/models/load.ts';
import { loadTokenizer, type Tokenizer } from '../../../../main/tokens/tokenizer.ts';
import { maskedWords, maskIdOf, wholeText } from '../../../../main/training/tasks/masked-words.ts';
import { openReference, referenceFolder } from '../../../helpers/reference-model.ts';
import { completion, conversation, record } from '../../../helpers/tiny-model.ts';

const text = 'the cat saw a dog and the dog saw the cat and a dog saw the cat';
const records = [record('a', 'train', { type: 'text', text, complete: true })];
let tokenizer: Tokenizer;
let model: Model;
beforeAll(async () => {
  tokenizer = await loadTokenizer(referenceFolder('bert_mlm'));
  model = openReference('bert_mlm');
});

test('measuring masks a text always alike, and each update otherwise', async () => {
  const { records: encoded } = await maskedWords.encode({ tokenizer, model, records, maxLength: 64 });
  const [{ ids, labels }] = encoded;
  const rows = [[{ record: 0, start: 0, length: ids.length }]];
  const lay = (draw?: number) => maskedWords.lay(encoded, { rows, width: 32 }, model, 0, draw);
  expect(lay()).toEqual(lay());
  expect(lay(3)).toEqual(lay(3));
  const places = [0, 1, 2, 3, 4].map((draw) => lay(draw).labelRows.join());
  expect(new Set(places).size).toBeGreaterThan(1);
  expect(lay().labels).toHaveLength(labels);
  const { labelRows, labels: told, inputIds } = lay();
  expect([...labelRows].map((place) => ids[place])).toEqual([...told]);
  const changed = [...labelRows].filter((place) => inputIds[place] !== ids[place]);
  expect(changed.length).toBeGreaterThan(0);
  // what is not told stays
  for (let place = 0; place < ids.length; place++)
    if (!labelRows.includes(place)) expect(inputIds[place]).toBe(ids[place]);
});

test('a plan and the view of a record count the masked tokens, which are never those of the frame', async () => {
  const { records: encoded } = await maskedWords.encode({ tokenizer, model, records, maxLength: 64 });
  const [surveyed] = await maskedWords.survey({ tokenizer, model, records }, async () => {});
  expect([...surveyed.trained]).toEqual([...encoded[0].trained]);
  const { tokens, trainedTokens } = await maskedWords.render(tokenizer, model, records[0]);
  expect(trainedTokens).toBe(encoded[0].labels);
  expect([tokens[0], tokens.at(-1)].map((token) => token?.trained)).toEqual([false, false]);
});

test('a record with an answer is shown as a classifier reads it', async () => {
  const { tokens } = await maskedWords.render(
    tokenizer,
    model,
    record('q', 'train', completion(text, 'yes')),
  );
  expect(tokens.at(-1)).toEqual({ id: -1, text: 'yes', trained: true });
});

test('all that a record says is its text', () => {
  expect(wholeText(completion('a', 'b'))).toBe('a\nb');
  expect(wholeText(conversation('q', 'r'))).toBe('q\nr');
  expect(wholeText({ type: 'labelled', text: 'a', pair: 'b', label: 'no' })).toBe('a\nb');
  expect(wholeText({ type: 'preference', messages: [], chosen: 'a', rejected: 'b' })).toBeUndefined();
});

test('a classifier has no layer for words, and a tokenizer without a mask is refused', async () => {
  expect(() => maskedWords.prepare(openReference('bert_classifier'), records, null, 0)).toThrowError(
    expect.objectContaining({ code: 'head-missing' }),
  );
  const llama = await loadTokenizer(referenceFolder('llama'));
  expect(maskIdOf(llama)).toBeUndefined();
  await expect(maskedWords.encode({ tokenizer: llama, model, records, maxLength: 64 })).rejects.toMatchObject(
    { code: 'mask-missing' },
  );
});
