// The generator of encoder-decoders keeps the promises that the one of decoders makes.
import { expect, onTestFinished, test } from 'vitest';
import { createGenerator } from '../../../main/inference/generate.ts';
import { createTargetGenerator } from '../../../main/inference/target-generator.ts';
import { openReference } from '../../helpers/reference-model.ts';

const prompts = [
  [22, 54, 7, 57, 56, 28, 15, 14, 53, 2, 284, 7, 1],
  [22, 23, 8, 4, 63, 53, 1],
];

function opened() {
  const generator = createTargetGenerator({ model: openReference('t5_v1_1'), threads: 1 });
  onTestFinished(() => generator.release());
  return generator;
}

test('one answer and a batch of them are the same tokens, in the order of the prompts', async () => {
  const generator = opened();
  const done: number[] = [];
  const options = { eosIds: [413], maxNewTokens: 20 };
  const batch = await generator.generateBatch(prompts, { ...options, onDone: (index) => done.push(index) });
  expect(batch.map(({ finish }) => finish)).toEqual(['stop', 'length']);
  expect(done.sort()).toEqual([0, 1]);
  for (const [i, promptIds] of prompts.entries()) {
    const one = await generator.generate({ promptIds, options });
    expect(one).toMatchObject({ ids: batch[i].ids, finish: batch[i].finish, promptTokens: promptIds.length });
    expect(one.logprobs).toHaveLength(one.ids.length);
  }
});

test('a target that outgrows a graph goes on in a wider one', async () => {
  const { ids } = await opened().generate({
    promptIds: prompts[1],
    options: { eosIds: [], maxNewTokens: 18 },
  });
  expect(ids).toHaveLength(18);
  expect(ids.slice(0, 6)).toEqual([227, 227, 227, 227, 227, 227]);
});

test('a listener ends an answer, and so does cancelling', async () => {
  const generator = opened();
  const options = { eosIds: [], maxNewTokens: 8 };
  const heard = await generator.generate({ promptIds: prompts[0], options, onToken: (id) => id !== 417 });
  expect(heard).toMatchObject({ ids: [395, 417], finish: 'stop' });
  const cancelled = await generator.generate({ promptIds: prompts[0], options, signal: AbortSignal.abort() });
  expect(cancelled).toMatchObject({ ids: [], finish: 'cancelled' });
});

test('an equal seed samples an equal answer', async () => {
  const generator = opened();
  const options = { eosIds: [], maxNewTokens: 6, temperature: 1.5, seed: 3 };
  const first = await generator.generate({ promptIds: prompts[0], options });
  const again = await generator.generate({ promptIds: prompts[0], options });
  const other = await generator.generate({ promptIds: prompts[0], options: { ...options, seed: 4 } });
  expect(again.ids).toEqual(first.ids);
  expect(other.ids).not.toEqual(first.ids);
});

test('a search gives one answer and a batch the same tokens, each heard of once', async () => {
  const generator = opened();
  const options = { eosIds: [413], maxNewTokens: 8, search: { beams: 3 } };
  const heard: number[] = [];
  const onToken = (id: number) => heard.push(id) > 0;
  const one = await generator.generate({ promptIds: prompts[0], options, onToken });
  expect(heard).toEqual(one.ids);
  expect(one.logprobs).toHaveLength(one.ids.length);
  const [first] = await generator.generateBatch(prompts, options);
  expect(first).toMatchObject({ ids: one.ids, finish: one.finish });
  const cancelled = await generator.generate({ promptIds: prompts[0], options, signal: AbortSignal.abort() });
  expect(cancelled).toMatchObject({ ids: [], finish: 'cancelled' });
});

test('a decoder refuses to search', async () => {
  const generator = createGenerator({ model: openReference('llama'), threads: 1 });
  onTestFinished(() => generator.release());
  const options = { eosIds: [], maxNewTokens: 2, search: { beams: 2 } };
  await expect(generator.generate({ promptIds: [1, 2], options })).rejects.toThrow(
    '2 beams are for encoder-decoders',
  );
});
