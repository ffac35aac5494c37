import { expect, test } from 'vitest';
import { labelsFrom, quoted } from '../../../../main/training/tasks/answer-labels.ts';
import { completion, record } from '../../../helpers/tiny-model.ts';

const trained = (answers: readonly string[]) =>
  answers.map((answer, i) => record(`r${i}`, 'train', completion(`text ${i}`, answer)));

test('the labels are the different answers without spaces around them, sorted', () => {
  expect(labelsFrom(trained([' spam', 'ham', 'spam ', 'ham\n', 'Ham', 'Ham']))).toEqual([
    'Ham',
    'ham',
    'spam',
  ]);
});

test.each([
  ['labels-missing', [], 'None of the 0 training records has an answer to use as a label.'],
  [
    'labels-one',
    ['spam', 'spam'],
    'All training records have the answer "spam", so there is nothing to tell apart.',
  ],
  [
    'labels-rare',
    ['a', 'a', 'b', 'b', 'c'],
    '"c" is the answer of only one training record; a label needs at least 2.',
  ],
  [
    'labels-rare',
    ['a', 'a', 'b', 'c'],
    '"b" and "c" are the answer of only one training record each; a label needs at least 2.',
  ],
  [
    'labels-too-many',
    Array.from({ length: 402 }, (_, i) => `l${i % 201}`),
    'The training records have 201 different answers; a classifier learns at most 200 labels.',
  ],
])('answers that cannot be labels are refused in one sentence: %s', (code, answers, message) => {
  const remedy = expect.stringContaining('choose a model that writes text');
  expect(() => labelsFrom(trained(answers))).toThrow(expect.objectContaining({ code, message, remedy }));
});

test('long lists of labels are told by their first few, and long labels are cut', () => {
  expect(quoted(['a', 'b'])).toBe('"a" and "b"');
  expect(quoted(['a', 'b', 'c', 'd', 'e', 'f', 'g'])).toBe('"a", "b", "c", "d", "e" and 2 more');
  expect(quoted(['x'.repeat(50)])).toBe(`"${'x'.repeat(39)}…"`);
});
