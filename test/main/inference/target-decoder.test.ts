// Logits of texts that are written step by step, from a cache, against those of the whole texts in one pass.
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createTargetDecoder, sourcePlaces, type Writing } from '../../../main/inference/target-decoder.ts';
import { openTuned, type TunedModel } from '../../../main/inference/weights.ts';
import { openModel } from '../../../main/models/load.ts';
import { openQuantized } from '../../../main/models/quantize.ts';
import { writeScratchModel } from '../../../main/models/scratch.ts';
import { declaredFeeds, prepare } from '../../../main/training/feeds.ts';
import { compileLogits } from '../../../main/training/programs.ts';
import { createSession } from '../../../main/training/session.ts';
import { pairBatch } from '../../../main/training/tasks/seq2seq.ts';
import { largest } from '../../conformance/reference.ts';
import { openReference, referenceFolder } from '../../helpers/reference-model.ts';
import { temporaryFolder } from '../../helpers/tiny-model.ts';

const sources = [
  { ids: [22, 54, 7, 57, 56, 28, 15, 14, 53, 2, 33, 7, 1] },
  { ids: Array.from({ length: 40 }, (_, i) => 3 + ((i * 7) % 50)) },
];
/** Some text of each source. */
const textOf = (row: number, length: number) =>
  Array.from({ length }, (_, i) => 2 + ((i * 37 + row * 11 + 5) % 60));

/** Logits [sources, places, vocabulary] of whole texts, of which the decoder reads all but the last token. */
async function inOnePass({ model, weights }: TunedModel, texts: readonly number[][]): Promise<Float32Array> {
  const pairs = sources.map((source, row) => ({ ...source, target: texts[row] }));
  const batch = pairBatch(pairs, { width: 64, targetWidth: texts[0].length, padId: 0, startId: 0 });
  const { shape, feeds } = prepare(batch);
  const program = compileLogits(shape, {
    model,
    pages: weights?.pages ?? [],
    sites: weights?.sites ?? [],
    provider: 'cpu',
    recompute: 'off',
    dropout: 0,
    labelSmoothing: 0,
  });
  const session = await createSession(program, { threads: 1, weightsFolder: model.weightsFolder });
  const all = { ...declaredFeeds(program, feeds), ...weights?.parameters.named('p') };
  const { logits } = await session.run(all);
  await session.release();
  return logits as Float32Array;
}

const tuned = (name: string) => openTuned(openReference(name), null);

async function begun({ model, weights }: TunedModel, beams = 1): Promise<Writing> {
  const decoder = createTargetDecoder({ model, weights, threads: 1 });
  onTestFinished(() => decoder.release());
  return decoder.begin(sources, beams);
}

/** The same, step by step. */
async function inSteps(one: TunedModel, texts: readonly number[][]): Promise<Float32Array> {
  const writing = await begun(one);
  const vocabulary = one.model.shape.vocabularySize;
  const [{ length }] = texts;
  const all = new Float32Array(texts.length * length * vocabulary);
  for (let place = 0; place < length; place++) {
    const logits = await writing.step(Int32Array.from(texts, (ids) => (place === 0 ? 0 : ids[place - 1])));
    texts.forEach((_, row) => {
      const own = logits.subarray(row * vocabulary, (row + 1) * vocabulary);
      all.set(own, (row * length + place) * vocabulary);
    });
  }
  return all;
}

/** Texts of so many tokens. */
const textsOf = (length: number) => sources.map((_, row) => textOf(row, length));

async function largestDifference(one: TunedModel, length: number): Promise<number> {
  return largest(await inSteps(one, textsOf(length)), await inOnePass(one, textsOf(length)));
}

test.each(['t5', 't5_v1_1', 'relatives/t5_silu'])(
  '%s: every step has the logits of the whole text',
  async (name) => {
    // beyond the last exact bucket, and beyond the first cache
    expect(await largestDifference(tuned(name), 70)).toBeLessThan(2e-5);
  },
);

test.each(['lora_all', 'lora_qv_rslora'])(
  'an adapter (%s) changes each step as it does the whole text',
  async (adapter) => {
    const folder = join(referenceFolder('t5'), 'adapters', adapter, 'final');
    const one = openTuned(openReference('t5'), { kind: 'adapter', folder });
    expect(await largestDifference(one, 6)).toBeLessThan(2e-5);
    const base = await inOnePass(tuned('t5'), textsOf(6));
    expect(largest(await inOnePass(one, textsOf(6)), base)).toBeGreaterThan(1e-3);
  },
);

const small = {
  model_type: 't5',
  vocab_size: 64,
  d_model: 32,
  d_kv: 8,
  d_ff: 64,
  num_layers: 1,
  num_decoder_layers: 2,
  num_heads: 3,
  relative_attention_num_buckets: 8,
  initializer_range: 0.3,
};

test('weights in 16 bits, and a decoder that is deeper and narrower than the model', async () => {
  const folder = temporaryFolder();
  writeScratchModel(folder, small, { seed: 2, dtype: 'bfloat16' });
  expect(await largestDifference(openTuned(openModel(folder), null), 12)).toBeLessThan(2e-4);
});

test('a quantized base writes what it says in one pass, but for the rounding of products', async () => {
  const folder = temporaryFolder();
  writeScratchModel(
    folder,
    { ...small, d_kv: 32, num_heads: 2, d_model: 64, initializer_range: 0.1 },
    { seed: 2 },
  );
  const model = await openQuantized(openModel(folder), 'int8', temporaryFolder());
  const one = openTuned(model, null);
  const whole = await inOnePass(one, textsOf(8));
  const differences = (await inSteps(one, textsOf(8))).map((value, i) => value - whole[i]);
  expect(Math.hypot(...differences) / Math.hypot(...whole)).toBeLessThan(0.05);
});

test('texts of one source, each of which goes on from another', async () => {
  const one = tuned('t5_v1_1');
  const writing = await begun(one, 3);
  const rows: number[][] = sources.flatMap((_, source) => [0, 1, 2].map((beam) => [2 + source * 3 + beam]));
  await writing.step(new Int32Array(6)); // the start token
  await writing.step(Int32Array.from(rows, ([id]) => id));
  // rows 0 and 1 go on from what rows 1 and 0 wrote, row 2 from row 1 too; of the other source all from row 5
  const parents = [1, 0, 1, 5, 5, 5];
  writing.reorder(parents);
  const next = parents.map((parent, row) => [...rows[parent], 30 + row]);
  const logits = await writing.step(Int32Array.from(next, (ids) => ids[1]));
  const vocabulary = logits.length / 6;
  for (const beam of [0, 1, 2]) {
    const texts = sources.map((_, source) => [...next[source * 3 + beam], 1]);
    const whole = await inOnePass(one, texts);
    sources.forEach((_, source) => {
      const row = source * 3 + beam;
      const at = (source * 3 + 2) * vocabulary;
      const own = logits.subarray(row * vocabulary, (row + 1) * vocabulary);
      expect(largest(own, whole.subarray(at, at + vocabulary))).toBeLessThan(2e-5);
    });
  }
});

test('places of sources grow by halves and thirds until everything fits', () => {
  expect([0, 32, 33, 49, 70, 500, 1000].map(sourcePlaces)).toEqual([32, 32, 48, 64, 96, 512, 1024]);
});

test('fewer rows are computed at once where texts are long', () => {
  const decoder = createTargetDecoder({ model: openReference('t5'), threads: 1 });
  onTestFinished(() => decoder.release());
  expect(decoder.rowsFor(64, 64)).toBe(48);
  expect(decoder.rowsFor(100_000, 64)).toBe(1);
});
