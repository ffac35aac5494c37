import { expect, it } from 'vitest';
import { labelSets, macroF1, microF1 } from '../../../main/metrics/label-sets.ts';

const pairs = [
  { output: ['a', 'b'], truth: ['b', 'a'] },
  { output: ['a'], truth: ['a', 'c'] },
  { output: ['x'], truth: ['c'] }, // no record has x
  { output: [], truth: [] },
];

it('a set is right with all its labels and no other, in any order', () => {
  const [exact] = labelSets;
  expect(exact.score(pairs)).toEqual({ value: 0.5, count: 4 });
  expect(exact.binary).toBe(true);
});

it('micro F1 counts all decisions, macro F1 the labels that some record has', () => {
  // right 3 of 4 given and 5 wanted; a: 1, b: 1, c: 0
  expect(microF1(pairs)).toBeCloseTo(6 / 9, 12);
  expect(macroF1(pairs)).toBeCloseTo(2 / 3, 12);
  const [, micro, macro] = labelSets;
  expect(micro.scoreRecord(pairs[1])).toBeCloseTo(2 / 3, 12);
  expect(macro.scoreRecord(pairs[1])).toBeUndefined();
});

it('without any label there is no macro F1', () => {
  expect(() => labelSets[2].score([{ output: ['a'], truth: [] }])).toThrowError(
    expect.objectContaining({ code: 'metric-undefined' }),
  );
});
