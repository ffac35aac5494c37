// Guesses from the text so far, and answers that are written with their help.
import { expect, onTestFinished, test } from 'vitest';
import { continuation, createDrafter } from '../../../main/inference/draft.ts';
import { createGenerator } from '../../../main/inference/generate.ts';
import { openModel } from '../../../main/models/load.ts';
import { llamaFolder, scratchModel } from '../../helpers/tiny-model.ts';

test('what followed the last tokens before is guessed: after three of them rather than two, the latest place', () => {
  expect(continuation([1, 2, 3, 4, 5, 9, 2, 3, 7, 1, 2, 3], 3)).toEqual([4, 5, 9]);
  expect(continuation([8, 2, 3, 4, 2, 3, 5, 6, 2, 3], 2)).toEqual([5, 6]);
  expect(continuation([5, 5, 5, 5], 3)).toEqual([5, 5, 5]);
  expect(continuation([1, 2, 8, 1, 2, 8, 1, 2], 5)).toEqual([8, 1, 2, 8, 1]);
  expect(continuation([1, 2, 3, 4], 3)).toEqual([]);
  expect(continuation([], 3)).toEqual([]);
});

test('guesses are made once enough of them would have been right, and no more when they fail', () => {
  const drafter = createDrafter(1.4);
  const all: number[] = [];
  const push = (id: number) => {
    all.push(id);
    drafter.observe(all);
  };
  for (let i = 0; i < 6; i++) for (const id of [1, 2, 3, 4]) push(id);
  expect(drafter.propose(all, 3)).toEqual([1, 2, 3]);
  for (let i = 0; i < 12; i++) {
    for (const id of [1, 2]) push(id);
    push(10 + i); // never what came before
  }
  expect(drafter.propose([...all, 1, 2], 3)).toEqual([]);
});

const period = [11, 7, 30, 52, 18, 44, 3];
const repeating = Array.from({ length: 60 }, (_, i) => period[i % period.length]);

test.each([
  { what: 'the best token', options: { temperature: 0 } },
  { what: 'a drawn token', options: { temperature: 0.3, topK: 4, seed: 11 } },
])('with $what, an answer is the same with guesses and without', async ({ options }) => {
  const model = openModel(scratchModel(1024));
  const generator = createGenerator({ model, threads: 1 });
  onTestFinished(() => generator.release());
  const wanted = { eosIds: [], maxNewTokens: 150, ...options };
  const request = { promptIds: repeating, options: wanted };
  const quick = await generator.generate(request);
  const plain = await generator.generate({ ...request, options: { ...wanted, drafts: false } });
  expect(quick.ids).toEqual(plain.ids);
  expect(plain.guessed).toBeUndefined();
  expect(quick.guessed).toBeGreaterThan(50); // it repeats itself
  const furthest = Math.max(...quick.logprobs.map((logprob, i) => Math.abs(logprob - plain.logprobs[i])));
  expect(furthest).toBeLessThan(1e-4);
  expect(await generator.generate(request)).toMatchObject({ ids: quick.ids, logprobs: quick.logprobs });
});

test('an answer ends where it would, in the middle of guesses too', async () => {
  const generator = createGenerator({ model: openModel(scratchModel(1024)), threads: 1 });
  onTestFinished(() => generator.release());
  const options = { eosIds: [], maxNewTokens: 120, temperature: 0 };
  const whole = await generator.generate({ promptIds: repeating, options });
  for (const most of [77, 78, 79]) {
    const seen: number[] = [];
    const onToken = (id: number) => seen.push(id) < most;
    const cut = await generator.generate({ promptIds: repeating, options, onToken });
    expect(cut).toMatchObject({ ids: whole.ids.slice(0, most), finish: 'stop' });
  }
});

test('guesses that are wrong half of the time leave the answer as it is', async () => {
  const generator = createGenerator({ model: openModel(llamaFolder), threads: 1 });
  onTestFinished(() => generator.release());
  const request = { promptIds: [1, 40, 77, 130, 6, 300, 41] };
  const options = { eosIds: [], maxNewTokens: 120, temperature: 0 };
  const quick = await generator.generate({ ...request, options });
  const plain = await generator.generate({ ...request, options: { ...options, drafts: false } });
  expect(quick.guessed).toBeGreaterThan(0);
  expect(quick.ids).toEqual(plain.ids);
});
