import { expect, test } from 'vitest';
import type { RecordContent } from '../../../../main/contract/datasets.ts';
import { labelledText, labelledTexts, wordLabels } from '../../../../main/training/tasks/word-records.ts';
import { completion, conversation, record } from '../../../helpers/tiny-model.ts';

const labelled = (text: string, label: string): RecordContent => ({ type: 'labelled', text, label });
const read = (content: RecordContent) => {
  const found = labelledText(content);
  return 'kind' in found ? `${found.kind}: ${found.shown}` : [found.text, found.tags.join(' ')];
};

test.each([
  ['marks', completion('Anna Berg ran.', ' [Anna Berg](PER) ran. ')],
  ['marks in a chat', conversation('Anna Berg ran.', '[Anna Berg](PER) ran.')],
  ['tags with spaces, full stop and all', labelled('Anna Berg ran.', 'B-PER I-PER O')],
  ['tags on lines', labelled('Anna Berg ran.', 'B-PER\nI-PER\nO')],
  ['lists of words and tags', labelled('["Anna", "Berg", "ran."]', '["B-PER", "I-PER", "O"]')],
  ['a list of words with marks', labelled('["Anna", "Berg", "ran."]', '[Anna Berg](PER) ran.')],
])('%s label words', (_, content) => {
  expect(read(content)).toEqual(['Anna Berg ran.', 'B-PER I-PER O O']);
});

test('a text without a label is its own answer', () => {
  expect(read(completion('it ran.', 'it ran.'))).toEqual(['it ran.', 'O O O']);
  expect(read(completion('O', 'O'))).toEqual(['O', 'O']);
});

test.each([
  ['answer: ', { type: 'text', text: 'a', complete: true } as const],
  ['text: "yes"', completion('Anna ran', 'yes')],
  ['word: PER of "Ann" ends inside "Anna"', completion('Anna ran', '[Ann](PER)a ran')],
  ['count: 3 tags for 2 words', labelled('Anna ran', 'B-PER O O')],
  ['names: ', labelled('["Anna", "ran"]', '[1, 0]')],
])('%s is refused', (fault, content) => {
  expect(read(content)).toBe(fault);
});

test('all that is wrong in one way is told by the first record, with its place', () => {
  const records = [
    record('1', 'train', completion('Anna ran', '[Anna](PER) ran')),
    record('2', 'train', completion('Anna ran', '[Ann](PER)a ran')),
    record('3', 'train', completion('Bert ran', '[Ber](ORG)t ran')),
    { ...record('4', 'train', labelled('a b', 'B-X')), provenance: [] },
  ];
  const texts = labelledTexts(records);
  const inside = 'Their labels end inside words: in list.csv, row 2, PER of "Ann" ends inside "Anna".';
  const count = 'They have not as many tags as words: 4 has 1 tags for 2 words.';
  expect(texts.map((one) => ('refused' in one ? one.refused : one.tags))).toEqual([
    ['B-PER', 'O'],
    inside,
    inside,
    count,
  ]);
  expect(wordLabels(texts)).toEqual(['PER']);
});
