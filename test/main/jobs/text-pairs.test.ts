// An encoder-decoder through every job: it learns to copy the one word that matters, is measured, asked and exported.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ChatAnswer } from '../../../main/contract/chat.ts';
import type { Plan } from '../../../main/contract/runs.ts';
import { chat } from '../../../main/jobs/chat.ts';
import { evaluate } from '../../../main/jobs/evaluate.ts';
import { exportModel } from '../../../main/jobs/export.ts';
import { inspect } from '../../../main/jobs/inspect.ts';
import type { TrainInput } from '../../../main/jobs/job.ts';
import { train } from '../../../main/jobs/train.ts';
import { checkpointFolder } from '../../../main/training/checkpoint.ts';
import { fingerprint } from '../../crash/scenario.ts';
import { interactive, jobContext } from '../../helpers/tiny-model.ts';
import { copyRecords, t5Folder, taskInput } from '../../helpers/tiny-tasks.ts';

const settings = { learningRate: 2e-2, epochs: 12 };
let parent = '';
let base = '';
let input: TrainInput;
let messages = '';

beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), 'tunesmith-pairs-'));
  base = t5Folder(parent);
  input = taskInput(parent, base, copyRecords(), settings);
  const { context, collected } = jobContext<'train'>();
  await train.run(input, context);
  messages = JSON.stringify(collected.events.filter(({ name }) => name === 'message'));
});
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const tuned = () => ({ kind: 'adapter', folder: checkpointFolder(input.runFolder, 96) }) as const;

test('settings without a meaning are ignored with a reason', async () => {
  expect(messages).toContain('Packing is not used: a T5 model reads one text a row.');
  const noisy = taskInput(parent, base, copyRecords(), { name: 'noisy', neftuneAlpha: 5, epochs: 0.2 });
  const { context, collected } = jobContext<'train'>();
  await train.run(noisy, context);
  expect(JSON.stringify(collected.events)).toContain('Noise on embeddings is not used');
});

test('a run that is stopped goes on to the same bits', async () => {
  const stop = new AbortController();
  const again = taskInput(parent, base, copyRecords(), { name: 'again', ...settings });
  const { context } = jobContext<'train'>(stop.signal);
  const stopping = {
    ...context,
    emit: (name: string) => name === 'checkpoint' && stop.abort(),
  } as typeof context;
  expect(await train.run(again, stopping)).toMatchObject({ stopped: true });
  await train.run({ ...again, resume: true }, jobContext<'train'>().context);
  expect(fingerprint(again.runFolder)).toEqual(fingerprint(input.runFolder));
});

test('it copies words in unseen texts, which the base does not', async () => {
  const { results } = await evaluate.run(
    {
      modelFolder: base,
      tuned: tuned(),
      recordsFile: input.recordsFile,
      split: 'test',
      limit: 0,
      metricIds: [],
      maxNewTokens: 20,
      threads: 1,
      predictionsFile: join(parent, 'predictions.jsonl'),
    },
    jobContext<'evaluate'>().context,
  );
  const of = (id: string) => results.find(({ metricId }) => metricId === id);
  expect(of('exact-match')?.tuned.value).toBeGreaterThan(0.9);
  expect(of('exact-match')?.base.value).toBe(0);
  expect(of('loss')?.tuned.value).toBeLessThan(of('loss')?.base.value ?? 0);
  expect(of('stops-by-itself')?.tuned.value).toBe(1);
});

test('with beams the answers are searched for, in an evaluation and in a chat', async () => {
  const { results } = await evaluate.run(
    {
      modelFolder: base,
      tuned: tuned(),
      recordsFile: input.recordsFile,
      split: 'test',
      limit: 6,
      metricIds: ['exact-match', 'stops-by-itself'],
      maxNewTokens: 20,
      beams: 3,
      lengthPenalty: 0,
      threads: 1,
      predictionsFile: join(parent, 'searched.jsonl'),
    },
    jobContext<'evaluate'>().context,
  );
  expect(results.map(({ tuned }) => tuned.value)).toEqual([1, 1]);
  const columns = [{ id: 'run', tuned: tuned() }];
  const opened = await interactive<'chat'>((context) =>
    chat.run({ modelFolder: base, columns, threads: 1 }, context),
  );
  const conversations = { run: [{ role: 'user', content: 'copy gold now 99' }] };
  const ask = (options: object): Promise<ChatAnswer[]> => opened.ask('send', { conversations, options });
  const [found] = await ask({ beams: 4, maxNewTokens: 20 });
  expect(found).toMatchObject({ text: 'gold', finish: 'stop' });
  await expect(ask({ beams: 4, temperature: 0.5 })).rejects.toThrow('draws one by chance');
  await opened.stop();
});

test('chat streams the text', async () => {
  const columns = [{ id: 'run', tuned: tuned() }];
  const opened = await interactive<'chat'>((context) =>
    chat.run({ modelFolder: base, columns, threads: 1 }, context),
  );
  const asked = { run: [{ role: 'user', content: 'copy gold now 99' }] };
  const [said]: ChatAnswer[] = await opened.ask('send', {
    conversations: asked,
    options: { maxNewTokens: 20 },
  });
  const deltas = opened.collected.events.map(({ payload }) => (payload as { text: string }).text);
  await opened.stop();
  expect(said).toMatchObject({ text: 'gold', finish: 'stop' });
  expect(deltas.join('')).toBe('gold');
  expect(said.tokens.map(({ text }) => text).join('')).toBe('gold');
});

test.each(['lora-adapter', 'hugging-face'])('%s gives the same logits of a given target', async (format) => {
  const folder = join(parent, `export ${format}`);
  const lineage = { model: { name: 'owner/t5' } };
  const { parity } = await exportModel.run(
    { format, options: {}, modelFolder: base, tuned: tuned(), folder, lineage },
    jobContext<'export'>().context,
  );
  expect(parity.sentence).toMatch(/^The same: (\d+) of \1 next tokens agree/);
  expect(parity.positions).toBeGreaterThan(20);
  expect(readFileSync(join(folder, 'README.md'), 'utf8')).toContain('AutoModelForSeq2SeqLM');
  const read = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
  if (format === 'lora-adapter') expect(read('adapter_config.json').task_type).toBe('SEQ_2_SEQ_LM');
  else {
    const generation = { decoder_start_token_id: 0, eos_token_id: 1, pad_token_id: 0 };
    expect(read('generation_config.json')).toMatchObject(generation);
  }
});

test('GGUF refuses it with the reason', async () => {
  const folder = join(parent, 'export gguf');
  await expect(
    exportModel.run(
      { format: 'gguf', options: {}, modelFolder: base, tuned: tuned(), folder, lineage: {} },
      jobContext<'export'>().context,
    ),
  ).rejects.toMatchObject({
    message:
      'The model is a T5 with an encoder and a decoder, and Tunesmith writes GGUF files of decoders only.',
  });
});

test('the Model and Train screens get facts and a plan', async () => {
  const opened = await interactive<'inspect'>((context) => inspect.run({}, context));
  expect(await opened.ask('model', { folder: base })).toMatchObject({ task: 'seq2seq', problem: null });
  const plan: Plan = await opened.ask('plan', {
    modelFolder: base,
    recordsFile: input.recordsFile,
    settings: input.settings,
    memoryBytes: 4e9,
    diskBytes: 1e12,
    startFrom: null,
  });
  await opened.stop();
  expect(plan).toMatchObject({ steps: 96, verdict: 'fits' });
  expect(plan.checks).toContainEqual({ state: 'passed', sentence: 'The end of each answer is learned.' });
});
