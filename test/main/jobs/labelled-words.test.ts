// Labels of words through the jobs: answers mark stretches of their texts; a run learns them, is measured against what one
// counts by hand, marks new texts, and is exported as transformers reads it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RecordContent } from '../../../main/contract/datasets.ts';
import { train } from '../../../main/jobs/train.ts';
import { openModel } from '../../../main/models/load.ts';
import { labelsOf } from '../../../main/models/new-head.ts';
import { checkpointFolder } from '../../../main/training/checkpoint.ts';
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
import { bertFolder, message as messageAt, taskInput } from '../../helpers/tiny-tasks.ts';

const tags = ['O', 'B-THING', 'I-THING', 'B-TIME', 'I-TIME'];
/** All combinations in each split. */
const message = (i: number) => messageAt((37 * i) % 96);
const marked = (i: number): string =>
  message(i)
    .text.replace(/invoice|refund|screw|leak|parcel|courier/, '[$&](THING)')
    .replace(/last week|second time/, '[$&](TIME)');
const contentOf = (i: number): RecordContent => completion(message(i).text, marked(i));
const records = recordsOf(contentOf);

let parent = '';
let base = '';
let run: Trained;
beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), 'tunesmith-words-'));
  base = bertFolder(parent);
  run = await trained({ parent, base }, records, { name: 'words' });
});
afterAll(() => rmSync(parent, { recursive: true, force: true }));

test('the task is found from the answers and said, and the loss falls', () => {
  expect(run.sentences).toContain(
    '60 of 60 answers label words of their texts (\\"THING\\" and \\"TIME\\"): the model learns which words have which label.',
  );
  expect(run.losses[0]).toBeGreaterThan(1);
  expect(run.losses.at(-1)).toBeLessThan(0.1);
});

test('spans are counted as by hand, against texts without a label', async () => {
  const { ids, value, predictions, verdict } = await measured(run);
  expect(ids).toEqual([
    'loss',
    'entities-f1',
    'entities-precision',
    'entities-recall',
    'entities-f1-macro',
    'word-accuracy',
  ]);
  const spans = (text: string): string[] => text.match(/\[[^\]]+\]\([A-Z]+\)/g) ?? [];
  let [right, given, wanted] = [0, 0, 0];
  for (const { tuned, reference } of predictions) {
    // in these texts no stretch occurs twice
    right += spans(tuned.output).filter((span) => spans(reference).includes(span)).length;
    given += spans(tuned.output).length;
    wanted += spans(reference).length;
  }
  expect(wanted).toBeGreaterThan(24);
  expect(value('entities-precision')).toBeCloseTo(right / given, 12);
  expect(value('entities-recall')).toBeCloseTo(right / wanted, 12);
  expect(value('entities-f1')).toBeCloseTo((2 * right) / (given + wanted), 12);
  expect(value('entities-f1')).toBeGreaterThan(0.9);
  expect(value('entities-f1', 'base')).toBe(0);
  expect(verdict).toContain('in its place stand the texts without a label');
  expect(verdict).toMatch(/by label, with the number of right ones: THING [01]\.\d{3} \(24\), TIME/);
  const [{ prompt, reference, tuned, base: own }] = predictions;
  expect(tuned.output).toBe(reference); // with the spelling of the prompt, which the tokens do not tell
  expect(own.output).toBe(prompt);
  expect(tuned.lossTokens).toBe((prompt.match(/\w+|[^\w\s]/g) ?? []).length); // one for each word
});

test('chat gives the text with marks, word by word', async () => {
  const { text, tokens } = await said(run, 'HELLO, about  the Leak from last week.');
  expect(text).toBe('HELLO, about  the [Leak](THING) from [last week](TIME).');
  expect(tokens?.map((one) => one.text)).toEqual([
    'HELLO',
    ',',
    ' about',
    '  the',
    ' [Leak](THING)',
    ' from',
    ' [last',
    ' week](TIME)',
    '.',
  ]);
  for (const { probability } of tokens ?? []) expect(probability).toBeGreaterThan(0.5);
  expect((await said(run, 'nothing')).newTokens).toBe(1);
});

test.each(['lora-adapter', 'hugging-face'])('%s names the tags', async (format) => {
  const { parity, read, card } = await exported(run, format);
  expect(parity.sentence).toMatch(/labels of tokens agree/);
  expect(parity.same).toBe(true);
  const config = read('config.json');
  expect(config).toMatchObject({
    architectures: ['BertForTokenClassification'],
    id2label: { ...tags },
    label2id: Object.fromEntries(tags.map((tag, id) => [tag, id])),
  });
  expect(config).not.toHaveProperty('problem_type');
  expect(card).toContain('AutoModelForTokenClassification');
  if (format === 'lora-adapter') {
    const { task_type: task, modules_to_save: saved } = read('adapter_config.json');
    expect([task, saved]).toEqual(['TOKEN_CLS', ['classifier']]);
  } else expect(card).toContain('pipeline_tag: token-classification');
});

test('a full run saves a model that goes on to learn the same labels', async () => {
  const input = taskInput(parent, base, records, { name: 'words-full', method: 'full', epochs: 1 });
  await train.run(input, jobContext<'train'>().context);
  const folder = checkpointFolder(input.runFolder, 8);
  expect(labelsOf(openModel(folder))).toEqual(tags);
  const on = await trained({ parent, base: folder }, records, { name: 'words-on', epochs: 0.2 });
  expect(openModel(folder).tensors.get('classifier.weight')?.shape).toEqual([5, 32]);
  expect(on.sentences).toContain('label words of their texts');
});

test('another run starts from its adapter, and one that learns other tags does not', async () => {
  const startFrom = { ...run.tuned, run: 1, step: 96 };
  const on = taskInput(parent, base, records, { name: 'words-warm', epochs: 0.2 });
  const { context, collected } = jobContext<'train'>();
  await train.run({ ...on, startFrom }, context);
  const [first] = collected.events.flatMap(({ name, payload }) =>
    name === 'metrics' ? (payload as { validation: { loss: number }[] }).validation : [],
  );
  expect(first.loss).toBeLessThan(0.1);
  const others = recordsOf((i) => completion(message(i).text, marked(i).replaceAll('THING', 'CASE')));
  const other = taskInput(parent, base, others, { name: 'words-other', epochs: 0.2 });
  await expect(train.run({ ...other, startFrom }, jobContext<'train'>().context)).rejects.toMatchObject({
    code: 'start-other-labels',
  });
});

test('tagged words are learned like marks, and a label that no training record has counts as missed', async () => {
  const tagged = recordsOf((i) => {
    const words = message(i).text.split(' ');
    const isThing = (word: string) => /invoice|refund|screw|leak|parcel|courier/.test(word);
    return {
      type: 'labelled',
      text: JSON.stringify(words),
      label: JSON.stringify(words.map((word) => (isThing(word) ? 'B-THING' : 'O'))),
    };
  });
  const small = await trained({ parent, base }, tagged, { name: 'words-tags', epochs: 4 });
  const strange = record('x', 'test', completion('Hello, about Tarn', 'Hello, about [Tarn](TOWN)'));
  const file = recordsFile(join(parent, 'words-tags'), [...tagged.slice(0, 60), tagged[80], strange]);
  const { predictions, verdict } = await measured({ ...small, input: { ...small.input, recordsFile: file } });
  expect(predictions[0].prompt).toBe(message(80).text);
  expect(predictions[0].reference).toBe(
    message(80).text.replace(/screw|leak|parcel|courier|invoice|refund/, '[$&](THING)'),
  );
  expect(predictions[1].tuned.lossTokens).toBe(0);
  expect(verdict).toContain(
    '1 of 2 records have labels that no training record has, which count as missed ("Hello, about [Tarn](TOWN)").',
  );
});

test('what labels no words is left out with the first record named; a plan says the same', async () => {
  const odd = recordsOf((i) =>
    i === 3 || i === 5 ? completion('Hello, Annabel', 'Hello, [Anna](THING)bel') : contentOf(i),
  );
  const { sentences, input } = await trained({ parent, base }, odd, { name: 'words-odd', epochs: 0.2 });
  const sentence =
    'Their labels end inside words: in list.csv, row r3, THING of "Anna" ends inside "Annabel".';
  expect(
    JSON.parse(sentences).map((one: { payload: { sentence: string } }) => one.payload.sentence),
  ).toContain(`2 records are left out: ${sentence}`);
  const { checks } = await planned(base, input.recordsFile, input.settings);
  const said = checks.map((check) => check.sentence);
  expect(said).toContain(`2 of 60 records cannot be learned: ${sentence} They are left out.`);
  const none = recordsFile(
    join(parent, 'words-odd'),
    recordsOf((i) => completion(message(i).text, 'no')),
  );
  const unfit = await planned(base, none, { ...input.settings, task: 'labelled-words' });
  expect(unfit.checks[0]).toMatchObject({
    state: 'failed',
    sentence: expect.stringContaining('None of the 60 training records labels words. Their answers are not'),
  });
});
