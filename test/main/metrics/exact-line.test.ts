import { expect, it } from 'vitest';
import { exactLine } from '../../../main/metrics/exact-line.ts';
import { exactMatch } from '../../../main/metrics/exact-match.ts';

it('a structured line must equal the reference in every character, unlike the exact match of answers', () => {
  const references = ['category: fault, product: the AX 9'];
  const right = { output: ' category: fault, product: the AX 9\n', references };
  const almost = { output: 'Category: fault, product: AX 9', references };
  expect([right, almost].map((pair) => exactLine.scoreRecord(pair))).toEqual([1, 0]);
  expect([right, almost].map((pair) => exactMatch.scoreRecord(pair))).toEqual([1, 1]);
});
