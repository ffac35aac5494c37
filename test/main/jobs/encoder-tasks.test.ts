// What encoders learn beside one label, through the jobs: several labels, numbers, pairs of texts and masked words. Each is
// trained, measured against what one computes by hand, asked, and exported as transformers reads it.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Prediction } from '../../../main/contract/evaluations.ts';
import { train } from '../../../main/jobs/train.ts';
import { readAdapter } from '../../../main/models/adapter-files.ts';
import { openModel } from '../../../main/models/load.ts';
import { labelsOf } from '../../../main/models/new-head.ts';
import { checkpointFolder } from '../../../main/training/checkpoint.ts';
import { fingerprint } from '../../crash/scenario.ts';
import {
  exported,
  measured,
  planned,
  recordsOf,
  said,
  type Trained,
  trained,
} from '../../helpers/encoder-runs.ts';
import { completion, jobContext, record, recordsFile } from '../../helpers/tiny-model.ts';
import { bertFolder, message, taskInput, topics } from '../../helpers/tiny-tasks.ts';

let parent = '';
let base = '';
beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), 'tunesmith-encoders-'));
  base = bertFolder(parent);
});
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const labelsFor = (i: number): string[] => {
  const { text, topic } = message(i);
  return [topic, ...(text.startsWith('There is a problem') ? ['urgent'] : [])];
};
const numberFor = (i: number): number => {
  const { text, topic } = message(i);
  return Object.keys(topics).indexOf(topic) + (text.startsWith('There is a problem') ? 0.5 : 0);
};

describe('several labels', () => {
  const records = recordsOf((i) => completion(message(i).text, labelsFor(i).join(', ')));
  let run: Trained;
  beforeAll(async () => {
    run = await trained({ parent, base }, records, { name: 'sets', epochs: 24 });
  });

  test('the task is found from the answers and said, and the loss falls', () => {
    expect(run.sentences).toMatch(
      /\d+ of 60 answers hold several of 4 labels, with \\",\\" between them: the model learns for each label/,
    );
    expect(run.losses[0]).toBeGreaterThan(0.4);
    expect(run.losses.at(-1)).toBeLessThan(0.1);
  });

  test('sets are measured as by hand, against the labels that most texts have', async () => {
    const { ids, value, predictions, verdict } = await measured(run);
    expect(ids).toEqual(['loss', 'label-sets', 'label-sets-f1-micro', 'label-sets-f1-macro']);
    const split = (text: string) => text.split(', ').filter((label) => label !== '');
    const pairs = predictions.map(({ tuned, reference }) => [split(tuned.output), split(reference)]);
    const right = pairs.filter(([a, b]) => [...a].sort().join() === [...b].sort().join()).length;
    expect(value('label-sets')).toBeCloseTo(right / 24, 12);
    const shared = pairs.reduce((sum, [a, b]) => sum + a.filter((label) => b.includes(label)).length, 0);
    const all = pairs.reduce((sum, [a, b]) => sum + a.length + b.length, 0);
    expect(value('label-sets-f1-micro')).toBeCloseTo((2 * shared) / all, 12);
    expect(value('label-sets')).toBeGreaterThan(0.9);
    expect(predictions[0].tuned.lossTokens).toBe(4); // one loss for each label
    expect(value('label-sets', 'base')).toBe(0);
    // shares of the training records, with one of each kind added: 20 of 60 for each topic, 12 for urgent
    const share = (count: number) => (count + 1) / 62;
    const urgent = records
      .slice(0, 60)
      .filter(({ content }) => JSON.stringify(content).includes('urgent')).length;
    const isUrgent = predictions.map(({ reference }) => reference.includes('urgent'));
    const of = (p: number, is: boolean) => -Math.log(is ? p : 1 - p);
    const expected = isUrgent.map(
      (is) => of(share(20), true) + 2 * of(share(20), false) + of(share(urgent), is),
    );
    expect(value('loss', 'base')).toBeCloseTo(expected.reduce((sum, one) => sum + one, 0) / 96, 6);
    expect(verdict).toContain('the labels that more than half of the training records have (no label)');
  });

  test('chat gives all labels with their probabilities', async () => {
    const answer = await said(run, 'There is a problem: the leak from last week.');
    expect(answer.text).toBe('repair, urgent');
    expect(answer.tokens?.map(({ text }) => text)).toEqual(['repair, ', 'urgent']);
    for (const { probability } of answer.tokens ?? []) expect(probability).toBeGreaterThan(0.5);
  });

  test.each(['lora-adapter', 'hugging-face'])('%s names the problem and the labels', async (format) => {
    const { parity, read } = await exported(run, format);
    expect(parity.same).toBe(true);
    expect(read('config.json')).toMatchObject({
      architectures: ['BertForSequenceClassification'],
      problem_type: 'multi_label_classification',
      id2label: { 0: 'billing', 1: 'repair', 2: 'shipping', 3: 'urgent' },
    });
  });

  test('full fine-tuning saves a model that gives sets too', async () => {
    const input = taskInput(parent, base, records, { name: 'sets-full', method: 'full', epochs: 1 });
    await train.run(input, jobContext<'train'>().context);
    const model = openModel(checkpointFolder(input.runFolder, 8));
    expect(labelsOf(model)).toEqual(['billing', 'repair', 'shipping', 'urgent']);
    expect(model.rawConfig).toMatchObject({
      problem_type: 'multi_label_classification',
      label_separator: ', ',
    });
  });

  test('another task cannot start from its weights, and labels that no record has count as wrong', async () => {
    const single = recordsOf((i) => completion(message(i).text, message(i).topic));
    const input = taskInput(parent, base, single, { name: 'other', epochs: 0.2 });
    const startFrom = { ...run.tuned, run: 1, step: 192 };
    await expect(train.run({ ...input, startFrom }, jobContext<'train'>().context)).rejects.toMatchObject({
      code: 'start-other-task',
    });
    const strange = record('x', 'test', completion('About the moon', 'astronomy, urgent'));
    const file = recordsFile(join(parent, 'other'), [...records.slice(0, 60), records[80], strange]);
    const { value, predictions, verdict } = await measured({
      ...run,
      input: { ...run.input, recordsFile: file },
    });
    expect(predictions.map(({ tuned }) => tuned.lossTokens)).toEqual([4, 0]);
    expect(value('label-sets')).toBe(0.5);
    expect(verdict).toContain('1 of 2 records count as wrong');
  });
});

describe('numbers', () => {
  const records = recordsOf((i) => completion(message(i).text, String(numberFor(i))));
  let run: Trained;
  beforeAll(async () => {
    run = await trained({ parent, base }, records, { name: 'numbers' });
  });

  test('the task is found, the loss starts at the variance of the numbers and falls', () => {
    expect(run.sentences).toContain(
      '60 of 60 answers are numbers: the model learns to give one (regression).',
    );
    const numbers = Array.from({ length: 12 }, (_, i) => numberFor(60 + i));
    const training = Array.from({ length: 60 }, (_, i) => numberFor(i));
    const mean = training.reduce((sum, one) => sum + one, 0) / 60;
    const variance = numbers.reduce((sum, one) => sum + (one - mean) ** 2, 0) / 12;
    expect(run.losses[0] / variance).toBeGreaterThan(0.5);
    expect(run.losses[0] / variance).toBeLessThan(2); // the bias starts at the mean
    expect(run.losses.at(-1)).toBeLessThan(0.1);
  });

  test('errors and correlations are those computed by hand, against the mean', async () => {
    const { ids, value, predictions, verdict } = await measured(run);
    expect(ids).toEqual(['mean-absolute-error', 'root-mean-squared-error', 'pearson', 'spearman']);
    const pairs = predictions.map(({ tuned, reference }) => [Number(tuned.output), Number(reference)]);
    const mean = (list: number[]) => list.reduce((sum, one) => sum + one, 0) / list.length;
    expect(value('mean-absolute-error')).toBeCloseTo(mean(pairs.map(([a, b]) => Math.abs(a - b))), 12);
    const squared = mean(pairs.map(([a, b]) => (a - b) ** 2));
    expect(value('root-mean-squared-error')).toBeCloseTo(Math.sqrt(squared), 12);
    expect(mean(predictions.map(({ tuned }) => tuned.lossSum))).toBeCloseTo(squared, 4);
    expect(value('pearson')).toBeGreaterThan(0.9);
    const all = mean(records.slice(0, 60).map((_, i) => numberFor(i)));
    const off = mean(pairs.map(([, b]) => Math.abs(b - Number(all.toPrecision(6)))));
    expect(value('mean-absolute-error', 'base')).toBeCloseTo(off, 12);
    expect(verdict).toContain('in its place stands the mean of the training records');
  });

  test('chat gives a number', async () => {
    const { text, newTokens } = await said(run, 'There is a problem: the courier from last week.');
    expect(Math.abs(Number(text) - 2.5)).toBeLessThan(0.5);
    expect(newTokens).toBe(1);
  });

  test('the whole model has one output, and says that it is a number', async () => {
    const { parity, read } = await exported(run, 'hugging-face');
    expect(parity.sentence).toMatch(/^The same: 4 of 4 numbers agree/);
    expect(read('config.json')).toMatchObject({ problem_type: 'regression', id2label: { 0: 'LABEL_0' } });
  });

  test('the plan says the task, what the recipe asks for instead, and what does not suit it', async () => {
    const { settings, recordsFile: file } = run.input;
    const plan = await planned(base, file, settings);
    expect(plan.checks[0]).toMatchObject({
      state: 'passed',
      sentence: expect.stringContaining('(regression)'),
    });
    const asLabels = await planned(base, file, { ...settings, task: 'one-label' });
    expect(asLabels.checks[0].sentence).toBe('The recipe says what the model learns: one label.');
    expect(asLabels.trainableParameters - plan.trainableParameters).toBe(5 * 33); // 6 labels, with 32 weights and a bias each
    const words = recordsFile(
      join(parent, 'numbers'),
      recordsOf((i) => completion(message(i).text, 'much')),
    );
    const unfit = await planned(base, words, { ...settings, task: 'number' });
    expect(unfit.checks[0]).toMatchObject({
      state: 'failed',
      sentence: expect.stringContaining('None of the 60 training records has a number as its answer'),
    });
  });

  test('answers that are no numbers are left out, and wide numbers are warned of', async () => {
    const odd = recordsOf((i) => completion(message(i).text, i === 3 ? 'many' : String(1000 * numberFor(i))));
    const { sentences, input } = await trained({ parent, base }, odd, {
      name: 'wide',
      task: 'number',
      epochs: 0.2,
    });
    expect(sentences).toContain('1 records are left out: Their answers are no numbers');
    expect(sentences).toContain('which is learned slowly');
    const { checks } = await planned(base, input.recordsFile, input.settings);
    expect(checks.slice(0, 3).map(({ state }) => state)).toEqual(['passed', 'warning', 'warning']);
    expect(checks[2].sentence).toBe(
      '1 of 60 answers are no numbers ("many"), and their records are left out.',
    );
  });
});

describe('pairs of texts', () => {
  const two = ['billing', 'repair'];
  /** The label is the topic of the second text; the first has a topic of its own. */
  const words = ['invoice', 'refund', 'leak', 'screw'];
  const pairFor = (i: number) => ({
    a: words[i % 4],
    b: words[(i >> 2) % 4],
    label: two[((i >> 2) % 4) >> 1],
  });
  const records = recordsOf((i) => {
    const { a, b, label } = pairFor(i);
    return completion(`Hello, about the ${a}\n[SEP]\nHello, about the ${b}`, label);
  });

  test('the second text is told from the first, in training, evaluation and chat', async () => {
    const run = await trained({ parent, base }, records, { name: 'pairs', epochs: 16 });
    const { value } = await measured(run);
    expect(value('accuracy')).toBeGreaterThan(0.9);
    const [first, second] = [
      await said(run, 'Hello, about the leak [SEP] Hello, about the refund'),
      await said(run, 'Hello, about the refund [SEP] Hello, about the leak'),
    ];
    expect([first.text, second.text]).toEqual(['billing', 'repair']);
  });
});

describe('masked words', () => {
  const records = recordsOf((i) => ({ type: 'text', text: message(i).text, complete: true }));
  const asked = { method: 'full', epochs: 20 } as const;
  let run: Trained;
  beforeAll(async () => {
    run = await trained({ parent, base }, records, { name: 'masked', ...asked });
  });

  test('texts without answers are learned', () => {
    expect(run.sentences).toContain('None of the 60 training records has an answer');
    expect(run.losses.at(-1)).toBeLessThan(run.losses[0] * 0.7);
  });

  test('masks are drawn anew for each update, and a run that is stopped goes on to the same bits', async () => {
    const settings = { epochs: 2, packing: false };
    const whole = await trained({ parent, base }, records, { name: 'masked-whole', ...settings });
    const again = taskInput(parent, base, records, { name: 'masked-again', learningRate: 5e-3, ...settings });
    const stop = new AbortController();
    const { context } = jobContext<'train'>(stop.signal);
    const stopping = {
      ...context,
      emit: (name: string) => name === 'checkpoint' && stop.abort(),
    } as typeof context;
    expect(await train.run(again, stopping)).toMatchObject({ stopped: true });
    await train.run({ ...again, resume: true }, jobContext<'train'>().context);
    expect(fingerprint(again.runFolder)).toEqual(fingerprint(whole.input.runFolder));
  });

  test('perplexity of masked tokens is measured on the same masks for both models', async () => {
    const { ids, value, predictions } = await measured(run);
    expect(ids).toEqual(['loss', 'perplexity']);
    const sum = (pick: (one: Prediction) => number) =>
      predictions.reduce((total, one) => total + pick(one), 0);
    const tokens = sum(({ tuned }) => tuned.lossTokens);
    expect(sum(({ base: own }) => own.lossTokens)).toBe(tokens);
    expect(value('perplexity')).toBeCloseTo(Math.exp(sum(({ tuned }) => tuned.lossSum) / tokens), 9);
    expect(value('perplexity')).toBeLessThan(value('perplexity', 'base'));
  });

  test('chat tells the words of masks, and says what it wants otherwise', async () => {
    const { text, tokens } = await said(run, 'Hello, [MASK] the parcel from last [MASK].');
    expect(text).toBe('about, week');
    expect(tokens?.map((one) => one.text)).toEqual(['about, ', 'week']);
    expect((await said(run, 'Hello')).text).toContain('write [MASK]');
  });

  test('a classifier starts from its adapter, with an output layer of its own', async () => {
    const small = await trained({ parent, base }, records, { name: 'masked-first', epochs: 1 });
    const answered = recordsOf((i) => completion(message(i).text, message(i).topic));
    const input = taskInput(parent, base, answered, { name: 'then-labels', epochs: 0.1, learningRate: 1e-9 });
    const startFrom = { ...small.tuned, run: 1, step: 8 };
    const { context } = jobContext<'train'>();
    const { step } = await train.run({ ...input, startFrom }, context);
    const [before, after] = [small.tuned.folder, checkpointFolder(input.runFolder, step)].map(
      (folder) => readAdapter(folder).tensors,
    );
    const shared = [...before].filter(([name]) => !name.includes('.cls.')); // its output layer has an adapter too
    expect(shared.length).toBeLessThan(before.size);
    for (const [name, { data }] of shared) {
      const apart = data.map((value, i) => Math.abs(value - (after.get(name)?.data[i] ?? Number.NaN)));
      expect(Math.max(...apart)).toBeLessThan(1e-6);
    }
    const added = [...after.keys()].filter((name) => !before.has(name)).sort();
    const prefix = 'base_model.model';
    expect(added).toEqual([
      `${prefix}.bert.pooler.dense.bias`,
      `${prefix}.bert.pooler.dense.weight`,
      `${prefix}.classifier.bias`,
      `${prefix}.classifier.weight`,
    ]);
    const weight = after.get(`${prefix}.classifier.weight`);
    expect(Math.max(...(weight?.data ?? []))).toBeGreaterThan(0.1); // drawn, as a new one is
    const opened = await planned(base, input.recordsFile, input.settings, startFrom);
    expect(opened.checks.filter(({ state }) => state === 'failed')).toEqual([]);
  });

  test('both exports keep the output layer for masked words', async () => {
    const whole = await exported(run, 'hugging-face');
    expect(whole.parity.same).toBe(true);
    expect(whole.read('config.json').architectures).toEqual(['BertForMaskedLM']);
    expect(whole.card).toContain('pipeline_tag: fill-mask');
    const small = await trained({ parent, base }, records, { name: 'masked-adapter', epochs: 1 });
    const adapter = await exported(small, 'lora-adapter');
    expect(adapter.parity.same).toBe(true);
    expect(adapter.read('adapter_config.json').task_type).toBeNull();
    expect(existsSync(join(adapter.folder, 'config.json'))).toBe(false);
    expect(adapter.card).toContain('AutoModelForMaskedLM');
  });
});
