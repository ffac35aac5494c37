import { expect, test } from 'vitest';
import { exactDuplicates } from '../../../../main/datasets/steps/exact-duplicates.ts';
import { passage } from '../samples.ts';

test('the first of equal passages stays, and the sample names it', async () => {
  const passages = ['a', 'b', 'a', 'A '].map((text, at) => passage(text, { place: `page ${at + 1}` }));
  const result = await exactDuplicates.apply(passages, {});
  expect(result.passages.map((one) => one.place)).toEqual(['page 1', 'page 2', 'page 4']);
  expect(result.samples).toEqual([
    { before: 'a', after: null, kept: 'a.txt, page 1: a', place: 'a.txt, page 3' },
  ]);
  expect((await exactDuplicates.apply(passages, { ignoreCase: true })).removed).toBe(2);
});

test('a question that equals another answer is no duplicate', async () => {
  const rows = [
    { q: 'x', a: 'y' },
    { q: 'y', a: 'x' },
  ].map((fields) => passage('', { isRow: true, fields }));
  expect((await exactDuplicates.apply(rows, {})).removed).toBe(0);
});
