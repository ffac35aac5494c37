// What a decoder reads and learns.
import { expect, test } from 'vitest';
import { pairBatch } from '../../../../main/training/tasks/seq2seq.ts';

test('the decoder reads the target one place later, after the start token', () => {
  const pairs = [
    { ids: [5, 6, 1], target: [7, 8, 1] },
    { ids: [9, 1], target: [3, 1] },
  ];
  const batch = pairBatch(pairs, { width: 4, targetWidth: 3, padId: 0, startId: 2 });
  expect([...batch.inputIds]).toEqual([5, 6, 1, 0, 9, 1, 0, 0]);
  expect([...(batch.targetIds ?? [])]).toEqual([2, 7, 8, 2, 3, 1]);
  expect([...batch.labelRows]).toEqual([0, 1, 2, 3, 4]);
  expect([...batch.labels]).toEqual([7, 8, 1, 3, 1]);
});

test('a target that is too long is cut', () => {
  const batch = pairBatch([{ ids: [5], target: [7, 8, 1] }], {
    width: 2,
    targetWidth: 2,
    padId: 0,
    startId: 2,
  });
  expect([...(batch.targetIds ?? [])]).toEqual([2, 7]);
  expect([...batch.labels]).toEqual([7, 8]);
});
