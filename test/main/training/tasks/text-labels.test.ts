import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { type Model, openModel } from '../../../../main/models/load.ts';
import { labelsOf } from '../../../../main/models/new-head.ts';
import { readTensor, type TensorInfo } from '../../../../main/models/safetensors.ts';
import { loadTokenizer, type Tokenizer } from '../../../../main/tokens/tokenizer.ts';
import { loraOf } from '../../../../main/training/recipe.ts';
import { chooseTask } from '../../../../main/training/tasks/index.ts';
import { textLabels } from '../../../../main/training/tasks/text-labels.ts';
import { crashSettings } from '../../../crash/scenario.ts';
import { openReference, referenceFolder } from '../../../helpers/reference-model.ts';
import { completion, record, temporaryFolder } from '../../../helpers/tiny-model.ts';

const of = (id: string, answer: string) => record(id, 'train', completion(`the text ${id}`, answer));
const train = [of('a', 'yes'), of('b', 'no'), of('c', 'yes'), of('d', 'no')];
let tokenizer: Tokenizer;
let model: Model;

beforeAll(async () => {
  tokenizer = await loadTokenizer(referenceFolder('bert_mlm'));
  model = textLabels.prepare(openReference('bert_mlm'), train, null, 1);
});

test('every encoder learns labels, whatever its checkpoint predicts', () => {
  for (const name of ['bert_mlm', 'bert_classifier', 'distilbert'])
    expect(chooseTask(openModel(referenceFolder(name)), train, 'automatic').type).toBe(textLabels);
});

test('the answers become the labels of a new output layer, which an adapter saves with the new pooler', () => {
  expect(labelsOf(model)).toEqual(['no', 'yes']);
  const lora = loraOf(crashSettings, model);
  expect(lora).toMatchObject({ task_type: 'SEQ_CLS', modules_to_save: ['pooler', 'classifier'] });
});

test('DistilBERT names one module, since PEFT takes its end for both layers of the head', () => {
  const distilbert = textLabels.prepare(openReference('distilbert'), train, null, 1);
  expect(distilbert.headModules).toEqual(['classifier']);
});

test('a classifier of the same labels keeps its output layer, in its own order', () => {
  const base = openReference('bert_classifier');
  const same = ['POSITIVE', 'NEGATIVE', 'NEUTRAL'].flatMap((label) => [
    of(label, label),
    of(`${label}2`, label),
  ]);
  const kept = textLabels.prepare(base, same, null, 1);
  expect(kept).toEqual({ ...base, headModules: ['classifier'] });
  expect(textLabels.prepare(base, train, null, 1).rawConfig.id2label).toEqual({ 0: 'no', 1: 'yes' });
});

test('a text has one label, and a row of its own', async () => {
  const { records } = await textLabels.encode({ tokenizer, model, records: train, maxLength: 16 });
  expect(records.map(({ target }) => [...(target ?? [])])).toEqual([[1], [0], [1], [0]]);
  const rows = [2, 1].map((index) => [{ record: index, start: 0, length: records[index].ids.length }]);
  const batch = textLabels.lay(records, { rows, width: 16 }, model, 0);
  expect([...batch.labels]).toEqual([1, 0]);
  expect([...batch.labelRows]).toEqual([0, 1]);
  expect([...batch.inputIds.subarray(0, records[2].ids.length)]).toEqual([...records[2].ids]);
  expect(batch.tokens).toBe(records[1].ids.length + records[2].ids.length);
  expect(textLabels.placesOf(batch)).toBe(1);
});

test('an answer that is no label is told apart, and a record without an answer is refused', async () => {
  const records = [of('a', 'perhaps'), record('t', 'test', { type: 'text', text: 'a', complete: true })];
  const data = await textLabels.encode({ tokenizer, model, records, maxLength: 16 });
  expect(data.records).toEqual([]);
  expect(data.unknown).toMatchObject([{ recordId: 'a', labels: 0 }]);
  expect(data.refused).toMatchObject([{ recordId: 't', sentence: expect.stringContaining('no answer') }]);
});

test('a plan counts one label a record, and the view of a record shows it behind the text', async () => {
  const surveyed = await textLabels.survey({ tokenizer, model, records: train }, async () => {});
  expect(surveyed.map(({ trained }) => [...trained])).toEqual([
    [0, 1],
    [0, 1],
    [0, 1],
    [0, 1],
  ]);
  const { tokens, trainedTokens } = await textLabels.render(tokenizer, model, train[0]);
  expect(tokens[0]).toMatchObject({ text: '[CLS]', trained: false });
  expect(tokens.at(-1)).toEqual({ id: -1, text: 'yes', trained: true });
  expect(trainedTokens).toBe(1);
});

test('the new layer is drawn by the seed alone, so that a run that goes on finds the same one', () => {
  const made = (seed: number) =>
    textLabels.prepare(openReference('bert_mlm'), train, join(temporaryFolder(), 'head.safetensors'), seed);
  const drawn = (one: Model, name: string) => readTensor(one.tensors.get(name) as TensorInfo);
  const [first, again, other] = [made(1), made(1), made(2)];
  for (const name of ['bert.pooler.dense.weight', 'classifier.weight']) {
    expect(drawn(again, name)).toEqual(drawn(first, name));
    expect(drawn(other, name)).not.toEqual(drawn(first, name));
  }
});
