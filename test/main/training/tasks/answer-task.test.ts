import { expect, test } from 'vitest';
import type { DatasetRecord } from '../../../../main/contract/datasets.ts';
import { openModel } from '../../../../main/models/load.ts';
import { numberIn, taskFromAnswers } from '../../../../main/training/tasks/answer-task.ts';
import { chooseTask, taskTypeOf } from '../../../../main/training/tasks/index.ts';
import { maskedWords } from '../../../../main/training/tasks/masked-words.ts';
import { textLabels } from '../../../../main/training/tasks/text-labels.ts';
import { openReference } from '../../../helpers/reference-model.ts';
import { completion, llamaFolder, record } from '../../../helpers/tiny-model.ts';

const answered = (answers: readonly string[]): DatasetRecord[] =>
  answers.map((answer, i) => record(`${i}`, 'train', completion(`text ${i}`, answer)));
const text = record('t', 'train', { type: 'text', text: 'a text', complete: true });

test.each([
  ['number', ['3.5', '2', '7', '1e2', '-4', '.5', '+8'], '7 of 7 answers are numbers'],
  ['number', ['1', '2', '3', '4'], '4 of 4 answers are numbers'],
  ['one-label', ['1', '2', '1', '2'], 'The 4 answers are 2 whole numbers that occur again and again'],
  ['one-label', ['1', '2', 'three', '3'], 'The 4 answers are of 4 kinds'],
  ['several-labels', ['a, b', 'b', 'a'], '1 of 3 answers hold several of 2 labels, with "," between them'],
  ['several-labels', ['a\nb', 'b', 'a'], '1 of 3 answers hold several of 2 labels, one on each line'],
  ['one-label', ['yes', 'no', 'yes'], 'The 3 answers are of 2 kinds'],
] as const)('the task is %s for %j, with one sentence why', (task, answers, why) => {
  expect(taskFromAnswers(answered(answers))).toEqual({ task, why: expect.stringContaining(why) });
});

test('texts without answers are learned by masks; one answer among them makes labels', () => {
  expect(taskFromAnswers([text, text])).toMatchObject({ task: 'masked-words' });
  expect(taskFromAnswers([text, ...answered(['yes'])])).toMatchObject({ task: 'one-label' });
});

test('answers that are their texts with labelled words are learned as such', () => {
  const marked = (answers: readonly string[]) =>
    answers.map((answer, i) => record(`${i}`, 'train', completion('the cat ran', answer)));
  expect(taskFromAnswers(marked(['the [cat](A) ran', 'the cat ran', 'no text']))).toEqual({
    task: 'labelled-words',
    why: '1 of 3 answers label words of their texts ("A"): the model learns which words have which label.',
  });
  expect(taskFromAnswers(marked(['O B-A O', 'O O O']))).toMatchObject({ task: 'labelled-words' });
  // a text that is repeated, links, and codes that look like tags of one word are no labels of words
  expect(taskFromAnswers(marked(['the cat ran', 'no']))).toMatchObject({ task: 'one-label' });
  expect(taskFromAnswers(marked(['the [cat](A) ran', 'yes', 'no']))).toMatchObject({ task: 'one-label' });
  const codes = ['B-1', 'B-2', 'B-1'].map((code, i) => record(`${i}`, 'train', completion('word', code)));
  expect(taskFromAnswers(codes)).toMatchObject({ task: 'one-label' });
});

test('numbers are plain ones: lists, decimal commas and units are none', () => {
  expect(['1,5', '3 km', '', '1.2.3', 'Infinity', '0x10', '1e999'].map(numberIn)).toEqual(
    new Array(7).fill(undefined),
  );
  expect(numberIn(' -2.50 ')).toBe(-2.5);
});

test('the recipe wins over the answers, and a model that writes text reads no task', () => {
  const bert = openReference('bert_mlm');
  const records = answered(['1.5', '2.5', '1.5', '2.5']);
  expect(chooseTask(bert, records, 'one-label')).toEqual({
    type: textLabels,
    why: 'The recipe says what the model learns: one label.',
  });
  expect(chooseTask(bert, records, 'masked-words').type).toBe(maskedWords);
  const llama = openModel(llamaFolder);
  expect(chooseTask(llama, records, 'automatic')).toEqual({ type: taskTypeOf(llama), why: '' });
  expect(chooseTask(llama, records, 'number').why).toContain('a Llama model writes text');
});
