import { beforeAll, expect, test } from 'vitest';
import { labelsOf, separatorOf } from '../../../../main/models/new-head.ts';
import { loadTokenizer, type Tokenizer } from '../../../../main/tokens/tokenizer.ts';
import { taskTypeOf } from '../../../../main/training/tasks/index.ts';
import { textLabelSets } from '../../../../main/training/tasks/text-label-sets.ts';
import { openReference, referenceFolder } from '../../../helpers/reference-model.ts';
import { completion, record } from '../../../helpers/tiny-model.ts';

const of = (answers: readonly string[]) =>
  answers.map((answer, i) => record(`${i}`, 'train', completion(`the text ${i}`, answer)));
let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await loadTokenizer(referenceFolder('bert_mlm'));
});

test('each label is an output, and an answer is true for its labels', async () => {
  const records = of(['red; blue', 'blue', 'red', '']);
  const model = textLabelSets.prepare(openReference('bert_mlm'), records, null, 1);
  expect(taskTypeOf(model)).toBe(textLabelSets);
  expect([labelsOf(model), separatorOf(model)]).toEqual([['blue', 'red'], '; ']);
  const data = await textLabelSets.encode({ tokenizer, model, records, maxLength: 16 });
  const rows = data.records.map((one, i) => [{ record: i, start: 0, length: one.ids.length }]);
  const { targets, weights, labels } = textLabelSets.lay(data.records, { rows, width: 16 }, model, 0);
  expect([...(targets ?? [])]).toEqual([1, 1, 1, 0, 0, 1, 0, 0]);
  expect([...weights]).toEqual(new Array(8).fill(1));
  expect(labels).toHaveLength(0);
  const strange = await textLabelSets.encode({
    tokenizer,
    model,
    records: of(['red; green']),
    maxLength: 16,
  });
  expect(strange.unknown).toMatchObject([{ labels: 0 }]);
});

test.each([
  ['labels-missing', ['', '']],
  ['labels-one', ['a, b', 'b, a']],
  ['labels-too-many', Array.from({ length: 201 }, (_, i) => `l${i}`)],
])('%s is refused', (code, answers) => {
  expect(() => textLabelSets.prepare(openReference('bert_mlm'), of(answers), null, 1)).toThrowError(
    expect.objectContaining({ code }),
  );
});
