// Buckets of T5 against what transformers computes in float32.
import { expect, test } from 'vitest';
import { bucketOf } from '../../../../main/models/blocks/relative-position.ts';

const both = { buckets: 8, maxDistance: 20, bothSides: true };
const back = { buckets: 32, maxDistance: 128, bothSides: false };

test('a key before the query has a bucket of the first half, one behind it of the second', () => {
  const found = [-30, -6, -5, -2, -1, 0, 1, 2, 6, 7, 30].map((distance) => bucketOf(distance, both));
  expect(found).toEqual([3, 2, 2, 2, 1, 0, 5, 6, 6, 7, 7]);
});

test('a decoder has all buckets for what is before the query', () => {
  const far = [0, 1, 15, 16, 31, 32, 64, 127, 128, 5000];
  expect(far.map((distance) => bucketOf(-distance, back))).toEqual([0, 1, 15, 16, 21, 21, 26, 31, 31, 31]);
  expect(bucketOf(3, back)).toBe(0);
});

test('buckets never fall with the distance', () => {
  const list = Array.from({ length: 700 }, (_, distance) => bucketOf(-distance, back));
  expect([...list].sort((a, b) => a - b)).toEqual(list);
});
