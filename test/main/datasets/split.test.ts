import { expect, test } from 'vitest';
import { createProblems } from '../../../main/datasets/problems.ts';
import { type Draft, splitRecords } from '../../../main/datasets/split.ts';
import { sentences } from './samples.ts';

const draft = (text: string, group: string, split: string | null = null): Draft => ({
  content: { type: 'text', text, complete: true },
  group,
  split,
  place: group,
});
const recipe = { seed: 1, validation: 0.2, test: 0.2, column: null, groupBy: null };

test('near-equal records stay together although their groups differ', () => {
  const texts = sentences(50, 60);
  const drafts = texts.flatMap((text, at) => [
    draft(text, `a${at}`),
    draft(text.replace('river', 'stream'), `b${at}`),
  ]);
  const { splits, leaks } = splitRecords(drafts, recipe, createProblems());
  for (let at = 0; at < drafts.length; at += 2) expect(splits[at]).toBe(splits[at + 1]);
  expect(leaks).toBe(0);
  expect(splits.filter((split) => split === 'test')).toHaveLength(20);
});

test('short records that differ in a number are two facts and may be apart', () => {
  const drafts = Array.from({ length: 100 }, (_, at) =>
    draft(`Model ${at} costs ${at * 7} euros.`, `row ${at}`),
  );
  const { splits } = splitRecords(drafts, recipe, createProblems());
  expect(splits.filter((split) => split !== 'train')).toHaveLength(40);
});

test('a table whose records are nearly all alike is still split, and it is said', () => {
  const base = sentences(1, 60)[0];
  const drafts = Array.from({ length: 60 }, (_, at) => draft(`${base} Number ${at}.`, `row ${at}`));
  const problems = createProblems();
  const { splits, leaks } = splitRecords(drafts, recipe, problems);
  expect(splits.filter((split) => split === 'test')).toHaveLength(12);
  expect(leaks).toBeGreaterThan(0);
  expect(problems.sentences().join()).toContain('near-equal ones may stand in different splits');
});

test('the seed decides, and nothing else', () => {
  const drafts = sentences(100, 8).map((text, at) => draft(text, `row ${at}`));
  const split = (seed: number) => splitRecords(drafts, { ...recipe, seed }, createProblems()).splits;
  expect(split(5)).toEqual(split(5));
  expect(split(5)).not.toEqual(split(6));
});

test('one group cannot be split, and it is said', () => {
  const problems = createProblems();
  const { splits } = splitRecords(
    sentences(9, 8).map((text) => draft(text, 'only')),
    recipe,
    problems,
  );
  expect(new Set(splits)).toEqual(new Set(['train']));
  expect(problems.sentences()).toHaveLength(2);
});

test('words that name no split are used for training and named', () => {
  const problems = createProblems();
  const drafts = ['train', 'Dev', 'TESTING', 'holiday'].map((split, at) =>
    draft(`text ${at}`, `row ${at}`, split),
  );
  for (const _ of drafts) problems.sawRow();
  const { splits } = splitRecords(drafts, { ...recipe, column: 'part' }, problems);
  expect(splits).toEqual(['train', 'validation', 'test', 'train']);
  expect(problems.sentences()).toEqual([
    '1 of 4 rows name no split in "part"; they are used for training; the first is row 3.',
  ]);
});

test('groups far larger than a split are not torn, and it is said', () => {
  const texts = sentences(23, 9);
  const drafts = texts.map((text, at) => draft(text, at < 8 ? 'small' : 'large'));
  const problems = createProblems();
  const { splits } = splitRecords(drafts, { ...recipe, validation: 0.1, test: 0 }, problems);
  expect(splits.filter((split) => split === 'validation')).toHaveLength(8);
  expect(problems.sentences()).toEqual([
    'Records that belong together are not split, so validation has 8 of 23 records.',
  ]);
});
