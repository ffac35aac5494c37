// An encoder of one's own: made by the job with a vocabulary from the user's text, then trained on masked words, measured,
// asked and exported, each through its job.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ModelDesign } from '../../../main/contract/models.ts';
import { createModel } from '../../../main/jobs/create-model.ts';
import { openModel } from '../../../main/models/load.ts';
import {
  exported,
  measured,
  planned,
  recordsOf,
  said,
  type Trained,
  trained,
} from '../../helpers/encoder-runs.ts';
import { completion, jobContext, recordsFile } from '../../helpers/tiny-model.ts';
import { message } from '../../helpers/tiny-tasks.ts';

/** Every split has all words, in other combinations. */
const messageOf = (i: number) => message((i * 35) % 96);
const records = recordsOf((i) => ({ type: 'text', text: messageOf(i).text, complete: true }));
let parent = '';
let base = '';
let run: Trained;

async function make(family: string, vocabulary: ModelDesign['vocabulary']): Promise<string> {
  const design: ModelDesign = {
    family,
    layers: 2,
    width: 32,
    heads: 2,
    kvHeads: 2,
    context: 64,
    vocabulary,
    vocabularySize: 480,
    specialTokens: [],
  };
  const folder = join(parent, `${family} ${vocabulary}`);
  const text = { kind: 'dataset', recordsFile: recordsFile(parent, records) } as const;
  const { context } = jobContext<'create-model'>();
  await createModel.run({ design, text, base: null, folder, seed: 1 }, context);
  return folder;
}

beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), 'tunesmith-scratch-'));
  base = await make('bert', 'wordpiece');
  run = await trained({ parent, base }, records, { name: 'masked', method: 'full', epochs: 30 });
});
afterAll(() => rmSync(parent, { recursive: true, force: true }));

test('its weights are drawn for masked words, and the plan says what it learns', async () => {
  expect(openModel(base)).toMatchObject({ objective: 'masked-lm' });
  const { checks, lossUnit } = await planned(base, run.input.recordsFile, run.input.settings);
  expect(lossUnit).toBe('nats per masked token');
  expect(checks.filter(({ state }) => state === 'failed')).toEqual([]);
});

test('it learns to tell masked words, better than without training, and says one that it knows', async () => {
  expect(run.losses.at(-1)).toBeLessThan(run.losses[0] * 0.7);
  const { value } = await measured(run);
  expect(value('perplexity')).toBeLessThan(value('perplexity', 'base') / 2);
  const { text } = await said(run, 'Hello, about the parcel from last [MASK].');
  expect(text).not.toBe('');
  expect(records.some(({ content }) => JSON.stringify(content).includes(` ${text}`))).toBe(true);
});

test('its export answers as it does here', async () => {
  const { parity, read } = await exported(run, 'hugging-face');
  expect(parity.same).toBe(true);
  expect(read('config.json').architectures).toEqual(['BertForMaskedLM']);
});

test('a classifier can be made of it', async () => {
  const answered = recordsOf((i) => completion(messageOf(i).text, messageOf(i).topic));
  const { losses } = await trained({ parent, base }, answered, { name: 'topics', method: 'full' });
  expect(losses.at(-1)).toBeLessThan(losses[0]);
});

test.each([
  ['bert', 'bpe'],
  ['bert', 'unigram'],
] as const)('a %s with a vocabulary of kind %s learns masked words too', async (family, vocabulary) => {
  const folder = await make(family, vocabulary);
  const settings = { name: `masked-${vocabulary}`, method: 'full', epochs: 20 } as const;
  const { losses } = await trained({ parent, base: folder }, records, settings);
  expect(losses.at(-1)).toBeLessThan(losses[0] * 0.8);
});
