import { expect, test } from 'vitest';
import { buildDataset } from '../../../main/datasets/build.ts';
import { suggest } from '../../../main/datasets/detect.ts';
import { labelledText } from '../../../main/training/tasks/word-records.ts';
import { encodeWords, importSource } from './samples.ts';

const words = ['Anna', 'Berg', 'wrote', 'to', 'Tarn', '.'];
const numbers = [1, 2, 0, 0, 3, 0];
const names = ['O', 'B-PER', 'I-PER', 'B-ORG'];

/** The labels of the first record of a suggested dataset, and what its report says. */
async function labelsOf(name: string, content: string) {
  const source = await importSource(name, content);
  const { recipe } = suggest([{ ...source, sample: source.parts }]);
  expect(recipe.shape).toMatchObject({ type: 'labelled' });
  const whole = { ...recipe, split: { ...recipe.split, validation: 0, test: 0 } };
  const { records, report } = await buildDataset(whole, [source], encodeWords);
  const labelled = labelledText(records[0].content);
  return { tags: 'tags' in labelled ? labelled.tags : labelled.shown, problems: report.problems };
}

const inLines = (row: object): string => `${JSON.stringify(row)}\n`;
const rightTags = ['B-PER', 'I-PER', 'O', 'O', 'B-ORG', 'O'];

test('lists of words and tags are suggested and read', async () => {
  const read = await labelsOf('a.jsonl', inLines({ id: 7, tokens: words, ner_tags: rightTags }));
  expect(read).toEqual({ tags: rightTags, problems: [] });
});

test.each([
  ['a list beside the tags', { ner_tags_names: names }],
  ['a list of tags in any column', { vocabulary: names }],
  ['an object by number', { id2label: { 0: 'O', 1: 'B-PER', 2: 'I-PER', 3: 'B-ORG' } }],
])('tags as numbers get their names from %s', async (_what, extra) => {
  const row = { tokens: words, ner_tags: numbers, ...extra };
  expect(await labelsOf('a.json', JSON.stringify([row]))).toEqual({ tags: rightTags, problems: [] });
});

test('numbers without names are called label_1 and so on, and the report says so', async () => {
  const { tags, problems } = await labelsOf('a.jsonl', inLines({ tokens: words, ner_tags: numbers }));
  expect(tags).toEqual(['B-label_1', 'B-label_2', 'O', 'O', 'B-label_3', 'O']);
  expect(problems).toEqual([
    'The tags in "ner_tags" of "a.jsonl" are numbers without names: 0 is taken as no label, the others are called ' +
      'label_1, label_2 and so on.',
  ]);
});

test('names that are no BIO tags, such as parts of speech, label each word alone', async () => {
  const row = { tokens: ['dogs', 'bark'], pos_tags: [1, 0], pos_tags_names: ['VB', 'NN S'] };
  const { tags } = await labelsOf('a.json', JSON.stringify([row]));
  expect(tags).toEqual(['B-NN_S', 'B-VB']);
});

test('a list of numbers for another number of words is no list of tags', async () => {
  const source = await importSource('a.jsonl', inLines({ tokens: words, tags: [1, 0] }));
  const { recipe } = suggest([{ ...source, sample: source.parts }]);
  const build = buildDataset(
    { ...recipe, shape: { type: 'labelled', text: '{tokens}', label: '{tags}' } },
    [source],
    encodeWords,
  );
  expect((await build).records[0].content).toMatchObject({ label: '[1,0]' });
});

test('rows of the datasets server bring the names of their classes', async () => {
  const sequence = (feature: object): object => ({ feature, _type: 'Sequence' });
  const file = {
    features: [
      { name: 'tokens', type: sequence({ dtype: 'string', _type: 'Value' }) },
      { name: 'ner_tags', type: sequence({ names, _type: 'ClassLabel' }) },
      { name: 'kind', type: { names: ['letter', 'note'], _type: 'ClassLabel' } },
    ],
    rows: [{ row_idx: 0, row: { tokens: words, ner_tags: numbers, kind: 1 }, truncated_cells: [] }],
  };
  const { parts } = await importSource('viewer.json', JSON.stringify(file));
  expect(parts[0].cells?.kind).toBe('note');
  expect((await labelsOf('viewer.json', JSON.stringify(file))).tags).toEqual(rightTags);
});
