import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { createScorer } from '../../../../main/inference/score.ts';
import { readTensor, type TensorInfo } from '../../../../main/models/safetensors.ts';
import { loadTokenizer, type Tokenizer } from '../../../../main/tokens/tokenizer.ts';
import { taskTypeOf } from '../../../../main/training/tasks/index.ts';
import { spreadWarning, textNumbers } from '../../../../main/training/tasks/text-numbers.ts';
import { openReference, referenceFolder } from '../../../helpers/reference-model.ts';
import { completion, record, temporaryFolder } from '../../../helpers/tiny-model.ts';

const of = (answers: readonly string[]) =>
  answers.map((answer, i) => record(`${i}`, 'train', completion(`the text ${i}`, answer)));
let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await loadTokenizer(referenceFolder('bert_mlm'));
});

test('the only output starts at the mean of the numbers, and answers that are none are left out', async () => {
  const records = of(['1.5', '4.5', 'many']);
  const file = join(temporaryFolder(), 'head.safetensors');
  const model = textNumbers.prepare(openReference('bert_mlm'), records, file, 1);
  expect(taskTypeOf(model)).toBe(textNumbers);
  const tensor = (name: string) => readTensor(model.tensors.get(name) as TensorInfo);
  expect([...tensor('classifier.bias')]).toEqual([3]);
  expect([...tensor('bert.pooler.dense.bias')].every((value) => value === 0)).toBe(true);
  const data = await textNumbers.encode({ tokenizer, model, records, maxLength: 16 });
  expect(data.records.map(({ targets }) => [...(targets ?? [])])).toEqual([[1.5], [4.5]]);
  expect(data.refused).toEqual([{ recordId: '2', sentence: expect.stringContaining('no numbers') }]);
  expect(textNumbers.prepare(model, records, null, 1).headModules).toContain('classifier');
});

test('records without numbers, or with one number only, are refused', () => {
  const prepare = (answers: string[]) => textNumbers.prepare(openReference('bert_mlm'), of(answers), null, 1);
  expect(() => prepare(['yes', 'no'])).toThrowError(
    expect.objectContaining({
      code: 'numbers-missing',
      message: 'None of the 2 training records has a number as its answer, but "yes" and "no".',
    }),
  );
  expect(() => prepare(['2', '2.0'])).toThrowError(expect.objectContaining({ code: 'numbers-one' }));
});

test('numbers that differ much are warned of', () => {
  expect(spreadWarning([1, 2, 3])).toBeUndefined();
  expect(spreadWarning([100_000, 300_000])).toBe(
    'The numbers differ by about 1.0e+5 from their mean 2.000e+5, which is learned slowly: ' +
      'give them in a larger unit, such as thousands.',
  );
});

test('texts and pairs from records have the loss that PyTorch computed', async () => {
  const folder = referenceFolder('relatives/bert_regression');
  const stored = JSON.parse(readFileSync(join(folder, 'reference.json'), 'utf8')) as {
    texts: [string, string | null][];
    batches: { input_ids: number[][]; labels: number[]; loss: number }[];
  };
  const [batch] = stored.batches;
  const records = stored.texts.slice(0, 3).map(([text, pair], i) =>
    record(`${i}`, 'test', {
      type: 'labelled',
      text,
      ...(pair === null ? {} : { pair }),
      label: String(batch.labels[i]),
    }),
  );
  const model = openReference('relatives/bert_regression');
  const data = await textNumbers.encode({ tokenizer, model, records, maxLength: 64 });
  for (const [i, { ids }] of data.records.entries())
    expect([...ids]).toEqual(batch.input_ids[i].slice(0, ids.length));
  const scorer = await createScorer({ model, weights: undefined, lora: undefined }, 1, 0);
  onTestFinished(() => scorer.release());
  const losses = await scorer.losses(data.records);
  expect(losses.map(({ tokens }) => tokens)).toEqual([1, 1, 1]);
  expect(losses.reduce((sum, one) => sum + one.sum, 0) / 3).toBeCloseTo(batch.loss, 5);
});
