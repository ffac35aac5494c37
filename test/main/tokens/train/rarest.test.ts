import { expect, test } from 'vitest';
import { createCounts, mostFrequent } from '../../../../main/tokens/train/rarest.ts';

test('few entries are counted exactly', () => {
  const { counts, add } = createCounts(10);
  for (const word of ['a', 'b', 'a']) add(word, 2);
  expect([...counts]).toEqual([
    ['a', 4],
    ['b', 2],
  ]);
});

test('where there are too many, the rarest go and the frequent ones keep their counts', () => {
  const { counts, add } = createCounts(100);
  for (let i = 0; i < 5000; i++) {
    add(`often ${i % 20}`, 1);
    add(`once ${i}`, 1);
    expect(counts.size).toBeLessThanOrEqual(100);
  }
  for (let i = 0; i < 20; i++) expect(counts.get(`often ${i}`)).toBe(250);
});

test('all equally rare: the earliest stay', () => {
  const { counts, add } = createCounts(10);
  for (let i = 0; i < 11; i++) add(String(i), 1);
  expect([...counts.keys()]).toEqual(['0', '1', '2', '3', '4']);
});

test('the most frequent ones fill a weight, and equal counts go by name', () => {
  const counts = new Map([
    ['cc', 1],
    ['bb', 3],
    ['aa', 1],
  ]);
  const weightOf = (name: string) => name.length;
  expect([...mostFrequent(counts, weightOf, 6)]).toEqual([...counts]);
  expect([...mostFrequent(counts, weightOf, 5).keys()]).toEqual(['bb', 'aa']);
});
