// A classifier from an encoder, through every job: trained in a real engine process, measured, asked, exported.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ChatAnswer } from '../../../main/contract/chat.ts';
import { Prediction } from '../../../main/contract/evaluations.ts';
import type { Plan } from '../../../main/contract/runs.ts';
import { openTuned } from '../../../main/inference/weights.ts';
import { chat } from '../../../main/jobs/chat.ts';
import { evaluate } from '../../../main/jobs/evaluate.ts';
import { exportModel } from '../../../main/jobs/export.ts';
import { inspect } from '../../../main/jobs/inspect.ts';
import type { FromEngine, TrainInput } from '../../../main/jobs/job.ts';
import { train } from '../../../main/jobs/train.ts';
import { openModel } from '../../../main/models/load.ts';
import { labelsOf } from '../../../main/models/new-head.ts';
import { checkpointFolder } from '../../../main/training/checkpoint.ts';
import { fingerprint, startEngine } from '../../crash/scenario.ts';
import { conversation, interactive, jobContext, record, recordsFile } from '../../helpers/tiny-model.ts';
import { bertFolder, message, messageRecords, taskInput, topics } from '../../helpers/tiny-tasks.ts';

const labels = Object.keys(topics);
const settings = { learningRate: 5e-3, epochs: 12, packing: false };
let parent = '';
let base = '';
let whole: { input: TrainInput; outcome: object | undefined; frames: FromEngine[] };

async function runToEnd(input: TrainInput) {
  const engine = startEngine(input);
  const frames: FromEngine[] = [];
  engine.onFrame((frame) => frames.push(frame));
  return { input, outcome: await engine.ended, frames };
}

beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), 'tunesmith labels ø # %20-'));
  base = bertFolder(parent);
  whole = await runToEnd(taskInput(parent, base, messageRecords(), { name: 'whole', ...settings }));
});
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const tuned = () => ({ kind: 'adapter', folder: checkpointFolder(whole.input.runFolder, 96) }) as const;

const evaluation = (name: string, file: string, changes: object = {}) => ({
  modelFolder: base,
  tuned: tuned(),
  recordsFile: file,
  split: 'test' as const,
  limit: 0,
  metricIds: [] as string[],
  maxNewTokens: 8,
  threads: 1,
  predictionsFile: join(parent, `${name}.jsonl`),
  ...changes,
});

const predictionsOf = (name: string) =>
  readFileSync(join(parent, `${name}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => Prediction.parse(JSON.parse(line)));

describe('training', () => {
  test('the loss falls, and validations show labels as sample answers', () => {
    expect(whole.outcome).toMatchObject({ result: { step: 96, stopped: false } });
    const points = readFileSync(join(whole.input.runFolder, 'metrics.jsonl'), 'utf8').trim().split('\n');
    const validations = points.map((line) => JSON.parse(line)).filter((point) => 'best' in point);
    expect(validations[0].loss).toBeGreaterThan(1);
    expect(validations.at(-1).loss).toBeLessThan(0.3);
    const samples = points.map((line) => JSON.parse(line)).filter((point) => 'prompt' in point);
    for (const { output } of samples) expect(labels).toContain(output);
  });

  test('a run that is killed goes on to the same bits', async () => {
    const input = taskInput(parent, base, messageRecords(), { name: 'killed', ...settings });
    const engine = startEngine(input);
    await new Promise<void>((resolve) => {
      engine.onFrame((frame) => frame.type === 'event' && frame.name === 'checkpoint' && resolve());
    });
    engine.kill();
    await engine.ended;
    expect((await runToEnd({ ...input, resume: true })).outcome).toMatchObject({ result: { step: 96 } });
    expect(fingerprint(input.runFolder)).toEqual(fingerprint(whole.input.runFolder));
  });

  test('another run starts from its adapter, unless the labels are others', async () => {
    const startFrom = { ...tuned(), run: 1, step: 96 };
    const on = taskInput(parent, base, messageRecords(), { name: 'on', ...settings, epochs: 1 });
    const { context, collected } = jobContext<'train'>();
    await train.run({ ...on, startFrom }, context);
    const [first] = collected.events.flatMap(({ name, payload }) =>
      name === 'metrics' ? (payload as { validation: { loss: number }[] }).validation : [],
    );
    expect(first.loss).toBeLessThan(0.3);
    const others = messageRecords().map((one, i) => ({
      ...one,
      content: conversation(message(i).text, `${message(i).topic}!`),
    }));
    const other = taskInput(parent, base, others, { name: 'other', ...settings, epochs: 1 });
    await expect(train.run({ ...other, startFrom }, jobContext<'train'>().context)).rejects.toMatchObject({
      code: 'start-other-labels',
      message: expect.stringContaining('Run 1 has the labels "billing", "repair" and "shipping"'),
    });
  });

  test('records that cannot give labels, and validation answers that are none, are said', async () => {
    const records = messageRecords().map((one, i) =>
      i === 60 ? { ...one, content: conversation('What?', 'something else') } : one,
    );
    const { context, collected } = jobContext<'train'>();
    await train.run(taskInput(parent, base, records, { name: 'unknown', ...settings, epochs: 0.2 }), context);
    expect(JSON.stringify(collected.events)).toContain(
      '1 of 12 validation records have answers that no training record has; the validation loss leaves them out.',
    );
    const own = messageRecords().map((one, i) => ({ ...one, content: conversation('What?', `answer ${i}`) }));
    const each = taskInput(parent, base, own, { name: 'each', ...settings });
    await expect(train.run(each, jobContext<'train'>().context)).rejects.toMatchObject({
      code: 'labels-rare',
    });
  });

  test('full fine-tuning saves a whole classifier', async () => {
    const input = taskInput(parent, base, messageRecords(), { name: 'full', method: 'full', epochs: 1 });
    await train.run(input, jobContext<'train'>().context);
    const model = openModel(checkpointFolder(input.runFolder, 8));
    expect(labelsOf(model)).toEqual(labels);
    expect(model.rawConfig.architectures).toEqual(['BertForSequenceClassification']);
  });
});

describe('measuring', () => {
  test('over 90 % of unseen messages get their label; the base answers with the most frequent one', async () => {
    const input = evaluation('measured', whole.input.recordsFile);
    const { results, verdict, records } = await evaluate.run(input, jobContext<'evaluate'>().context);
    expect(records).toBe(24);
    expect(results.map(({ metricId }) => metricId)).toEqual(['loss', 'accuracy', 'exact-match', 'f1-macro']);
    const accuracy = results.find(({ metricId }) => metricId === 'accuracy');
    expect(accuracy?.tuned.value).toBeGreaterThan(0.9);
    expect(accuracy?.base.value).toBeCloseTo(1 / 3, 5);
    expect(results[0].base.value).toBeCloseTo(Math.log(3), 5);
    expect(verdict).toContain('The tuned model is better than the base on 4 of 4 measures');
    expect(verdict).toContain('the most frequent answer of the training records, "billing"');
    for (const { base: answer, tuned: own } of predictionsOf('measured')) {
      expect(answer.output).toBe('billing');
      expect(labels).toContain(own.output);
    }
  });

  test('measures of probabilities can be asked for, and their file stays small', async () => {
    const input = evaluation('scores', whole.input.recordsFile, {
      metricIds: ['log-loss', 'brier', 'accuracy'],
    });
    const { results } = await evaluate.run(input, jobContext<'evaluate'>().context);
    expect(results.map(({ metricId, verdict }) => [metricId, verdict])).toEqual([
      ['log-loss', 'better'],
      ['brier', 'better'],
      ['accuracy', 'better'],
    ]);
    expect(results[0].base.value).toBeCloseTo(Math.log(3), 5);
    expect(readFileSync(input.predictionsFile, 'utf8')).not.toContain('probabilities');
  });

  test('an answer that is no label counts as wrong, has no loss, and is said', async () => {
    const strange = record('x', 'test', conversation('Hello, about the moon', 'astronomy'));
    const own = record('y', 'test', conversation('Please help with my parcel again', 'shipping'));
    const file = recordsFile(parent, [...messageRecords().slice(0, 60), strange, own]);
    const { results, verdict } = await evaluate.run(
      evaluation('strange', file),
      jobContext<'evaluate'>().context,
    );
    expect(results.find(({ metricId }) => metricId === 'accuracy')?.count).toBe(2);
    expect(results.find(({ metricId }) => metricId === 'loss')?.count).toBe(1);
    expect(predictionsOf('strange')[0].scores.accuracy).toBe(0);
    expect(verdict).toContain(
      '1 of 2 records count as wrong: no training record has their answer ("astronomy").',
    );
  });
});

test('chat gives the label with its probability, and the last message alone is read', async () => {
  const columns = [
    { id: 'base', tuned: null },
    { id: 'run', tuned: tuned() },
  ];
  const opened = await interactive<'chat'>((context) =>
    chat.run({ modelFolder: base, columns, threads: 1 }, context),
  );
  const messages = [
    { role: 'system', content: 'Never say parcel.' },
    { role: 'user', content: 'Please help with my parcel from last week.' },
    { role: 'assistant', content: 'shipping' },
    { role: 'user', content: 'There is a problem: the leak from last week.' },
  ];
  const conversations = { base: messages, run: messages };
  const [plain, said]: ChatAnswer[] = await opened.ask('send', { conversations, options: {} });
  await opened.stop();
  expect(plain.text).toContain('no label');
  expect(said).toMatchObject({ text: 'repair', finish: 'stop', newTokens: 1 });
  expect(said.tokens).toEqual([{ text: 'repair', probability: expect.any(Number) }]);
  expect(said.tokens[0].probability).toBeGreaterThan(0.5);
});

describe('exporting', () => {
  const exported = (format: string) => ({
    format,
    options: {},
    modelFolder: base,
    tuned: tuned(),
    folder: join(parent, `export ${format}`),
    lineage: { model: { name: 'owner/bert' } },
  });

  test.each(['lora-adapter', 'hugging-face'])(
    '%s gives the same logits of labels, and names them',
    async (format) => {
      const input = exported(format);
      const { parity } = await exportModel.run(input, jobContext<'export'>().context);
      expect(parity.sentence).toMatch(/^The same: 4 of 4 labels agree, and/);
      const config = JSON.parse(readFileSync(join(input.folder, 'config.json'), 'utf8'));
      expect(config).toMatchObject({
        architectures: ['BertForSequenceClassification'],
        id2label: { 0: 'billing', 1: 'repair', 2: 'shipping' },
        label2id: { billing: 0, repair: 1, shipping: 2 },
        problem_type: 'single_label_classification',
      });
      const card = readFileSync(join(input.folder, 'README.md'), 'utf8');
      expect(card).toContain('AutoModelForSequenceClassification');
      expect(card).toContain('pipeline_tag: text-classification');
      const again =
        format === 'hugging-face'
          ? openModel(input.folder)
          : openTuned(openModel(base), { kind: 'adapter', folder: input.folder }).model;
      expect(labelsOf(again)).toEqual(labels);
    },
  );

  test('the adapter says its task and that the head is saved with it', () => {
    const config = JSON.parse(
      readFileSync(join(parent, 'export lora-adapter', 'adapter_config.json'), 'utf8'),
    );
    expect(config).toMatchObject({ task_type: 'SEQ_CLS', modules_to_save: ['pooler', 'classifier'] });
  });

  test('GGUF refuses a classifier with the reason', async () => {
    await expect(exportModel.run(exported('gguf'), jobContext<'export'>().context)).rejects.toMatchObject({
      code: 'export-refused',
      message:
        'The model is a BERT with an output layer for labels, and Tunesmith writes GGUF files of decoders only.',
    });
  });
});

test('the Model and Train screens get facts, settings and a plan; unfit answers fail the plan', async () => {
  const opened = await interactive<'inspect'>((context) => inspect.run({}, context));
  const facts = await opened.ask('model', { folder: base });
  expect(facts).toMatchObject({
    task: 'encoder',
    problem: null,
    warnings: [expect.stringContaining('label')],
  });
  const { recordsFile: file } = whole.input;
  const [preset]: { settings: { packing: boolean } }[] = await opened.ask('presets', {
    modelFolder: base,
    recordsFile: file,
    isSample: false,
  });
  expect(preset.settings.packing).toBe(false);
  const planned = { modelFolder: base, settings: whole.input.settings, memoryBytes: 4e9, diskBytes: 1e12 };
  const plan: Plan = await opened.ask('plan', { ...planned, recordsFile: file, startFrom: null });
  expect(plan).toMatchObject({ steps: 96, trainedTokens: 60 * 12, verdict: 'fits' });
  expect(plan.checks.filter(({ state }) => state === 'failed')).toEqual([]);
  const own = messageRecords().map((one, i) => ({
    ...one,
    content: conversation(`What ${i}?`, `answer ${i}`),
  }));
  const unfit: Plan = await opened.ask('plan', {
    ...planned,
    recordsFile: recordsFile(parent, own),
    startFrom: null,
  });
  await opened.stop();
  expect(unfit.checks[0]).toMatchObject({
    state: 'failed',
    sentence: expect.stringContaining('the answer of only one training record each'),
  });
});
