// Generation on the tiny llama of test/reference and on models with random weights: real sessions, real
// caches.
import { expect, onTestFinished, test } from 'vitest';
import { createGenerator, type Generator } from '../../../main/inference/generate.ts';
import { adapterWeights } from '../../../main/inference/weights.ts';
import { readAdapter } from '../../../main/models/adapter-files.ts';
import { openModel } from '../../../main/models/load.ts';
import { adapterFolder, adapterTrainer, llamaFolder, scratchModel } from '../../helpers/tiny-model.ts';

function generatorOf(folder = llamaFolder): Generator {
  const generator = createGenerator({ model: openModel(folder), threads: 1 });
  onTestFinished(() => generator.release());
  return generator;
}

const prompt = [1, 40, 77, 130, 6, 300, 41];
const prompts = [
  prompt,
  [1, 9, 14],
  Array.from({ length: 70 }, (_, i) => 4 + ((i * 31) % 500)),
  [1, 500],
  [1, 22, 33, 44],
];
const greedy = { eosIds: [], maxNewTokens: 12 };

test('the same request gives the same ids, probabilities and end, also from a warm cache', async () => {
  const generator = generatorOf();
  const options = { eosIds: [], maxNewTokens: 20, temperature: 0.8, topP: 0.9, seed: 5 };
  const first = await generator.generate({ promptIds: prompts[2], options });
  const again = await generator.generate({ promptIds: prompts[2], options });
  const fresh = await generatorOf().generate({ promptIds: prompts[2], options });
  expect(again.ids).toEqual(first.ids);
  expect(fresh.ids).toEqual(first.ids);
  expect(again.logprobs).toEqual(first.logprobs);
  const other = await generator.generate({ promptIds: prompts[2], options: { ...options, seed: 6 } });
  expect(other.ids).not.toEqual(first.ids);
});

test('a prompt that begins like the one before it is answered as from nothing', async () => {
  const generator = generatorOf(scratchModel(1024));
  const long = Array.from({ length: 300 }, (_, i) => (i * 7 + 3) % 64);
  const changed = [...long.slice(0, 290), ...Array.from({ length: 40 }, (_, i) => (i * 5) % 64)];
  await generator.generate({ promptIds: long, options: greedy });
  const warm = await generator.generate({ promptIds: changed, options: greedy });
  const fresh = generatorOf(scratchModel(1024));
  const cold = await fresh.generate({ promptIds: changed, options: greedy });
  expect(warm.ids).toEqual(cold.ids);
  expect(warm.logprobs).toEqual(cold.logprobs);
});

test('a batch of prompts of several lengths gives what each prompt gives alone', async () => {
  const generator = generatorOf();
  const alone = [];
  for (const promptIds of prompts) alone.push((await generator.generate({ promptIds, options: greedy })).ids);
  const done: number[] = [];
  const batch = await generator.generateBatch(prompts, {
    ...greedy,
    rows: 2,
    onDone: (index) => done.push(index),
  });
  expect(batch.map(({ ids }) => ids)).toEqual(alone);
  expect(done.sort()).toEqual([0, 1, 2, 3, 4]);
  expect(batch.map(({ promptTokens }) => promptTokens)).toEqual(prompts.map(({ length }) => length));
});

test('rows of a batch that end early make room for waiting prompts and disturb nobody', async () => {
  const generator = generatorOf();
  const { ids } = await generator.generate({ promptIds: prompts[1], options: greedy });
  const options = { eosIds: [ids[2]], maxNewTokens: 12 };
  const alone = [];
  for (const promptIds of prompts) alone.push(await generator.generate({ promptIds, options }));
  const batch = await generator.generateBatch(prompts, { ...options, rows: 2 });
  expect(batch.map(({ ids: found }) => found)).toEqual(alone.map(({ ids: found }) => found));
  expect(batch.map(({ finish }) => finish)).toEqual(alone.map(({ finish }) => finish));
  expect(batch[1].finish).toBe('stop');
});

test('an answer that outgrows its cache goes on as in a large one', async () => {
  const generator = generatorOf(scratchModel(1024));
  const options = { eosIds: [], maxNewTokens: 520 }; // 512 places at first
  const { ids, finish } = await generator.generate({ promptIds: [5, 6, 7], options });
  const [roomy] = await generator.generateBatch([[5, 6, 7]], options); // 1024 places from the start
  expect(finish).toBe('length');
  expect(ids).toHaveLength(520);
  expect(ids).toEqual(roomy.ids);
});

test('a context shorter than a chunk of a prompt is no obstacle', async () => {
  const { ids } = await generatorOf(scratchModel(40)).generate({
    promptIds: [5, 6, 7],
    options: { eosIds: [], maxNewTokens: 100 },
  });
  expect(ids).toHaveLength(37);
});

test('an answer that becomes longer than LongRoPE turns alike goes on as a prompt of its length does', async () => {
  const factors = { short_factor: [1, 1.2, 1.5, 2], long_factor: [1, 3, 6, 20] };
  const scaling = { rope_type: 'longrope', original_max_position_embeddings: 140, ...factors };
  const folder = scratchModel(1024, { rope_scaling: scaling });
  const generator = generatorOf(folder);
  const promptIds = Array.from({ length: 130 }, (_, i) => (i * 7 + 3) % 64);
  const options = { eosIds: [], maxNewTokens: 24 };
  const { ids } = await generator.generate({ promptIds, options });
  const again = await generator.generate({ promptIds, options }); // from a cache whose keys are turned as long
  const [inBatch] = await generator.generateBatch([promptIds, [4, 5]], options);
  const one: number[] = [];
  while (one.length < ids.length) {
    const next = { promptIds: [...promptIds, ...one], options: { eosIds: [], maxNewTokens: 1 } };
    one.push(...(await generatorOf(folder).generate(next)).ids);
  }
  expect(ids).toEqual(one);
  expect(again.ids).toEqual(one);
  expect(inBatch.ids).toEqual(one);
});

test('dynamic scaling lets a text be longer than the model was made for', async () => {
  const folder = scratchModel(64, { rope_scaling: { type: 'dynamic', factor: 2 } });
  const generator = generatorOf(folder);
  const promptIds = Array.from({ length: 70 }, (_, i) => (i * 7 + 3) % 64);
  const { ids, finish } = await generator.generate({ promptIds, options: { eosIds: [], maxNewTokens: 100 } });
  expect([ids.length, finish]).toEqual([58, 'length']);
});

test('an end id ends the answer and is not part of it', async () => {
  const generator = generatorOf();
  const { ids } = await generator.generate({ promptIds: prompt, options: greedy });
  const end = ids.findIndex((id, i) => i > 0 && ids.indexOf(id) === i);
  const options = { eosIds: [999, ids[end]], maxNewTokens: 12 };
  const stopped = await generator.generate({ promptIds: prompt, options });
  expect(stopped.finish).toBe('stop');
  expect(stopped.ids).toEqual(ids.slice(0, end));
});

test('a listener that returns false ends the answer with that token', async () => {
  const seen: number[] = [];
  const { ids, finish } = await generatorOf().generate({
    promptIds: prompt,
    options: greedy,
    onToken: (id) => seen.push(id) < 4,
  });
  expect(finish).toBe('stop');
  expect(ids).toEqual(seen);
  expect(ids).toHaveLength(4);
});

test('cancelling keeps the tokens so far, and the event loop turns between tokens', async () => {
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 30); // fires only if tokens let it
  const generator = generatorOf(scratchModel(8192));
  const { finish, ids } = await generator.generate({
    promptIds: [3, 4],
    options: { eosIds: [], maxNewTokens: 8000 },
    signal: abort.signal,
  });
  expect(finish).toBe('cancelled');
  expect(ids.length).toBeLessThan(8000);
});

test('cancelling before the prompt is read gives an empty answer, in a batch too', async () => {
  const signal = AbortSignal.abort();
  const generator = generatorOf();
  const single = await generator.generate({ promptIds: prompt, options: greedy, signal });
  expect(single).toMatchObject({ finish: 'cancelled', ids: [] });
  const batch = await generator.generateBatch(prompts, { ...greedy, signal });
  expect(batch.map(({ finish }) => finish)).toEqual(prompts.map(() => 'cancelled'));
});

test('a prompt that fills the window is refused with both numbers, a shorter one gets the rest', async () => {
  const generator = generatorOf();
  const window = Array.from({ length: 256 }, (_, i) => 4 + (i % 500));
  const refused = generator.generate({ promptIds: window, options: greedy });
  await expect(refused).rejects.toMatchObject({ code: 'context-length-exceeded' });
  await expect(generator.generateBatch([window], greedy)).rejects.toThrow(
    'has 256 tokens, but this model sees 256',
  );
  const { ids, finish } = await generator.generate({ promptIds: window.slice(0, 255), options: greedy });
  expect(ids).toHaveLength(1);
  expect(finish).toBe('length');
  const three = await generator.generate({ promptIds: window.slice(0, 253), options: greedy });
  expect(three.ids).toHaveLength(3);
});

test('an empty prompt is refused', async () => {
  await expect(generatorOf().generate({ promptIds: [], options: greedy })).rejects.toMatchObject({
    code: 'prompt-empty',
  });
});

test('rows of the embedding without a token are never chosen, alone or in a batch', async () => {
  const generator = generatorOf();
  const { ids } = await generator.generate({ promptIds: prompt, options: greedy });
  const vocabularySize = Math.max(...ids); // the largest of them counts as padding now
  const limited = { ...greedy, vocabularySize };
  const single = await generator.generate({ promptIds: prompt, options: limited });
  expect(Math.max(...single.ids)).toBeLessThan(vocabularySize);
  const [batch] = await generator.generateBatch([prompt], limited);
  expect(batch.ids).toEqual(single.ids);
});

test('an unmerged adapter answers as its trainer does, and follows it as it learns', async () => {
  const trainer = await adapterTrainer();
  const model = openModel(llamaFolder);
  const stored = createGenerator({
    model,
    weights: adapterWeights(model, readAdapter(adapterFolder)),
    threads: 1,
  });
  const live = createGenerator({ model, weights: trainer, threads: 1 });
  onTestFinished(() => Promise.all([stored.release(), live.release()]).then(() => {}));
  const base = await generatorOf().generate({ promptIds: prompt, options: greedy });
  const tuned = await stored.generate({ promptIds: prompt, options: greedy });
  const before = await live.generate({ promptIds: prompt, options: greedy });
  expect(before.ids).toEqual(tuned.ids);
  expect(before.logprobs).toEqual(tuned.logprobs);
  expect(tuned.logprobs).not.toEqual(base.logprobs);
  for (const array of trainer.parameters.arrays) array.fill(0);
  const zeroed = await live.generate({ promptIds: prompt, options: greedy });
  expect(zeroed.ids).toEqual(base.ids);
});

test('two answers at the same time do not mix', async () => {
  const generator = generatorOf();
  const [first, second] = [prompts[0], prompts[4]];
  const expected = [
    await generator.generate({ promptIds: first, options: greedy }),
    await generator.generate({ promptIds: second, options: greedy }),
  ];
  const together = await Promise.all(
    [first, second].map((promptIds) => generator.generate({ promptIds, options: greedy })),
  );
  expect(together.map(({ ids }) => ids)).toEqual(expected.map(({ ids }) => ids));
});
