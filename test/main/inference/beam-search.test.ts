// Beam search against transformers, and against all answers of a small made-up language.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { beamSearch } from '../../../main/inference/beam-search.ts';
import { createTargetWriter } from '../../../main/inference/targets.ts';
import { openReference } from '../../helpers/reference-model.ts';

const Beams = z.object({
  meta: z.object({ max_new_tokens: z.int() }),
  cases: z.array(
    z.object({
      source: z.array(z.int()),
      eos: z.array(z.int()),
      num_beams: z.int(),
      length_penalty: z.number(),
      early_stopping: z.union([z.boolean(), z.literal('never')]),
      ids: z.array(z.int()),
      ended: z.boolean(),
      score: z.number(),
    }),
  ),
});

describe.each(['t5', 't5_v1_1'])('%s', (name) => {
  test('targets of a search are those of transformers', async () => {
    const file = join(import.meta.dirname, '../../reference', name, 'beams.json');
    const { meta, cases } = Beams.parse(JSON.parse(readFileSync(file, 'utf8')));
    const writer = createTargetWriter({ model: openReference(name), weights: undefined, threads: 1 });
    onTestFinished(() => writer.release());
    expect(cases.some(({ ended }) => ended)).toBe(true);
    for (const { source, eos, num_beams, length_penalty, early_stopping, ids, ended } of cases) {
      const search = { beams: num_beams, lengthPenalty: length_penalty, earlyStopping: early_stopping };
      const options = { eosIds: eos, maxNewTokens: meta.max_new_tokens, search };
      const [found] = await writer.write([{ ids: source }], options);
      expect({ eos, search, ...found }).toEqual({ eos, search, ids, ended });
    }
  }, 60_000);
});

/** Logits of a language of `size` ids: some number for each beginning and next id. */
const made = (size: number) => async (beginnings: readonly (readonly number[])[]) =>
  Float32Array.from(
    beginnings.flatMap((ids) => Array.from({ length: size }, (_, id) => number([...ids, id]))),
  );

const number = (ids: readonly number[]) =>
  (ids.reduce((hash, id) => (hash * 31 + id + 7) % 1009, 1) % 97) / 20;

/** The best of all answers, one by one. */
async function bestOfAll(size: number, eos: number, most: number, penalty: number) {
  let best = { ids: [] as number[], score: Number.NEGATIVE_INFINITY };
  const visit = async (ids: number[], sum: number): Promise<void> => {
    const logits = await made(size)([ids]);
    const total = Math.log(logits.reduce((all, value) => all + Math.exp(value), 0));
    for (const [id, logit] of logits.entries()) {
      const next = sum + logit - total;
      const length = ids.length + 1;
      if (id === eos || length === most) {
        const score = next / length ** penalty;
        if (score > best.score) best = { ids: id === eos ? ids : [...ids, id], score };
      } else await visit([...ids, id], next);
    }
  };
  await visit([], 0);
  return best;
}

test.each([0, 0.5, 1, 2])(
  'with a beam for every beginning it finds the best answer, penalty %s',
  async (penalty) => {
    const settings = { beams: 64, lengthPenalty: penalty, earlyStopping: 'never', eosIds: [2] } as const;
    const found = await beamSearch(made(4), { ...settings, maxNewTokens: 4 });
    const expected = await bestOfAll(4, 2, 4, penalty);
    expect(found.ids).toEqual(expected.ids);
    expect(found.score).toBeCloseTo(expected.score, 5);
  },
);

test('one beam is the greedy answer, and its log-probabilities add up to its score', async () => {
  const settings = { beams: 1, lengthPenalty: 0, eosIds: [], maxNewTokens: 5 };
  const found = await beamSearch(made(6), settings);
  const greedy: number[] = [];
  for (let i = 0; i < 5; i++) {
    const logits = await made(6)([greedy]);
    greedy.push(logits.indexOf(Math.max(...logits)));
  }
  expect(found).toMatchObject({ ids: greedy, ended: false });
  expect(found.logprobs.reduce((sum, value) => sum + value, 0)).toBeCloseTo(found.score, 6);
});

test('a search that is ended from outside gives the best beginning so far', async () => {
  let calls = 0;
  const logitsOf = async (beginnings: readonly (readonly number[])[]) =>
    ++calls > 3 ? undefined : made(6)(beginnings);
  const found = await beamSearch(logitsOf, { beams: 3, eosIds: [], maxNewTokens: 9 });
  expect(found.ids).toHaveLength(3);
  expect(found.ended).toBe(false);
});

test('ids behind the vocabulary are never part of an answer', async () => {
  const found = await beamSearch(made(6), { beams: 3, eosIds: [], maxNewTokens: 5, vocabularySize: 2 });
  expect(found.ids.every((id) => id < 2)).toBe(true);
});

test('logits that are no numbers end the search with a sentence', async () => {
  const logitsOf = async () => Float32Array.of(1, Number.NaN, 2);
  await expect(beamSearch(logitsOf, { beams: 2, eosIds: [], maxNewTokens: 3 })).rejects.toThrow(
    'not numbers',
  );
});
