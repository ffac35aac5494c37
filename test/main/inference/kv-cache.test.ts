import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { logitsOf } from '../../../main/exporters/parity.ts';
import { createDecoder } from '../../../main/inference/decoder.ts';
import { KvCache, placesFor } from '../../../main/inference/kv-cache.ts';
import { openModel } from '../../../main/models/load.ts';
import { llamaFolder, scratchModel } from '../../helpers/tiny-model.ts';

const reference = join(llamaFolder, '..');
const shape = {
  vocabularySize: 8,
  hiddenSize: 4,
  layers: 2,
  contextLength: 64,
  kvHeads: 2,
  headDim: 3,
  tiedEmbeddings: true,
};

test('places grow from 128 by halves and thirds until everything fits', () => {
  expect([1, 128, 129, 193, 700, 1000].map(placesFor)).toEqual([128, 128, 192, 256, 768, 1024]);
});

test('new keys go to the places behind the earlier ones, and padding is left out', () => {
  const cache = new KvCache(shape, 2, 4);
  // [rows 2, heads 2, tokens 2, 3]: the value tells row, head and token
  const fresh = Float32Array.from({ length: 24 }, (_, i) => 1 + Math.floor(i / 3));
  const outputs = Object.fromEntries([...cache.arrays.keys()].map((name) => [`${name}.new`, fresh]));
  cache.take(outputs, [1, 2], [2, 1]);
  const firsts = (array: Float32Array) => Array.from({ length: 16 }, (_, place) => array[place * 3]);
  // row 0: two tokens from place 1; row 1: one token at place 2, its second one was padding
  expect(firsts(cache.arrays.get('value.1') as Float32Array)).toEqual([
    0, 1, 2, 0, 0, 3, 4, 0, 0, 0, 5, 0, 0, 0, 7, 0,
  ]);
});

test('a row of the cache is the same memory', () => {
  const cache = new KvCache(shape, 3, 4);
  const row = cache.row(1);
  row.arrays.get('key.0')?.fill(7);
  const array = cache.arrays.get('key.0') as Float32Array;
  expect([...array].filter((value) => value === 7)).toHaveLength(array.length / 3);
  expect(array[array.length / 3]).toBe(7);
});

test('a grown cache holds every key at its place', () => {
  const cache = new KvCache(shape, 1, 2);
  cache.arrays.get('key.0')?.set(Array.from({ length: 12 }, (_, i) => i + 1));
  const grown = cache.grown(4).arrays.get('key.0') as Float32Array;
  expect([...grown]).toEqual([1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 0, 7, 8, 9, 10, 11, 12, 0, 0, 0, 0, 0, 0]);
});

/** Logits of each position, read in chunks and then token by token, against the whole text in one pass. */
async function largestDifference(folder: string, length: number, prefix: number): Promise<number> {
  const model = openModel(folder);
  const decoder = createDecoder({ model, threads: 1 });
  onTestFinished(() => decoder.release());
  const ids = Array.from({ length }, (_, i) => (i * 37 + 5) % Math.min(500, model.shape.vocabularySize));
  const whole = await logitsOf({ model, weights: undefined, lora: undefined }, ids);
  const vocabulary = model.shape.vocabularySize;
  const cache = decoder.newCache(1, placesFor(length));
  let worst = 0;
  const compare = (logits: Float32Array, position: number) => {
    for (let i = 0; i < vocabulary; i++)
      worst = Math.max(worst, Math.abs(logits[i] - whole[position * vocabulary + i]));
  };
  compare((await decoder.prefill(cache, ids.slice(0, prefix))) as Float32Array, prefix - 1);
  for (let position = prefix; position < length; position++) {
    compare(await decoder.step(cache, Int32Array.of(ids[position]), Int32Array.of(position)), position);
  }
  return worst;
}

test.each([
  ['llama', 100, 70], // 70: one full chunk and one that is padded
  ['mistral', 60, 20], // a sliding window
  ['gemma3_text', 60, 20], // windows in some layers, norms of queries and keys
  ['gpt2', 60, 20], // learned positions
])('chunks and single tokens of %s give the logits of the whole text', async (name, length, prefix) => {
  expect(await largestDifference(join(reference, name), length, prefix)).toBeLessThan(1e-4);
});

test('long prompts are read in chunks of 256 and 64 with the same logits', async () => {
  expect(await largestDifference(scratchModel(1024), 460, 450)).toBeLessThan(1e-3);
});
