import { beforeAll, expect, test } from 'vitest';
import { loadTokenizer, type Tokenizer } from '../../../../main/tokens/tokenizer.ts';
import { loraOf } from '../../../../main/training/recipe.ts';
import { textPairs } from '../../../../main/training/tasks/text-pairs.ts';
import { crashSettings } from '../../../crash/scenario.ts';
import { openReference, referenceFolder } from '../../../helpers/reference-model.ts';
import { completion, record } from '../../../helpers/tiny-model.ts';

const model = openReference('t5');
const train = [
  record('a', 'train', completion('say it', 'yes')),
  record('b', 'train', completion('say it again and again', 'the cat saw a dog')),
];
let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await loadTokenizer(referenceFolder('t5'));
});

test('a target ends with the end token, and the decoder reads it one place later', async () => {
  const { records } = await textPairs.encode({ tokenizer, model, records: train, maxLength: 64 });
  const [{ ids, target = [], labels }] = records;
  expect([target.at(-1), ids.at(-1)]).toEqual([1, 1]);
  expect(labels).toBe(target.length);
  const rows = [[{ record: 0, start: 0, length: ids.length }]];
  const batch = textPairs.lay(records, { rows, width: 32 }, model, 0);
  expect(batch.targetWidth).toBe(16);
  expect([...(batch.targetIds ?? [])].slice(0, target.length)).toEqual([0, ...target.slice(0, -1)]);
  expect([...batch.labels]).toEqual([...target]);
  expect(batch.tokens).toBe(ids.length + target.length);
  expect(textPairs.placesOf(batch)).toBe(16);
});

test('a target that is cut does not end there', async () => {
  const { records } = await textPairs.encode({ tokenizer, model, records: train, maxLength: 3 });
  expect(records[1]).toMatchObject({ truncated: true, labels: 3 });
  expect([...(records[1].target ?? [])]).not.toContain(1);
});

test('a plan counts the labels of the target, and the view of a record shows text and target', async () => {
  const surveyed = await textPairs.survey({ tokenizer, model, records: train }, async () => {});
  const { records } = await textPairs.encode({ tokenizer, model, records: train, maxLength: 64 });
  const counted = surveyed.map(({ trained }) => trained.reduce((sum, one) => sum + one, 0));
  expect(counted).toEqual(records.map(({ labels }) => labels));
  expect(surveyed[0].end).toEqual({ id: 1, expected: true });
  const view = await textPairs.render(tokenizer, model, train[0]);
  expect(view.tokens.filter(({ trained }) => trained).map(({ id }) => id)).toEqual([
    ...(records[0].target ?? []),
  ]);
});

test('an adapter says its task, and nothing is saved beside it', () => {
  expect(loraOf(crashSettings, model)).toMatchObject({
    task_type: 'SEQ_2_SEQ_LM',
    modules_to_save: undefined,
  });
});

test('records without any answer are refused', () => {
  const texts = [record('t', 'train', { type: 'text', text: 'a', complete: true })];
  expect(() => textPairs.prepare(model, texts, null, 1)).toThrow(
    'None of the 1 training records has an answer, which "t5" would learn to write.',
  );
});
