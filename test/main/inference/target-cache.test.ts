// The cache of texts that are written side by side: where keys go, and that rows keep theirs.
import { expect, test } from 'vitest';
import { TargetCache } from '../../../main/inference/target-cache.ts';

const attention = { layers: 2, heads: 2, headDim: 3, scale: 1 };
const names = ['key.0', 'value.0', 'key.1', 'value.1'];

/** One token a row; the value tells row, head and token. */
function take(cache: TargetCache, token: number): void {
  const fresh = Float32Array.from({ length: cache.rows * 6 }, (_, i) => Math.floor(i / 3) + 1 + token * 100);
  cache.take(Object.fromEntries(names.map((name) => [`${name}.new`, fresh])));
}

/** Of each place of a layer: [rows * heads][places]. */
const firsts = (cache: TargetCache, name: string) =>
  Array.from({ length: cache.rows * 2 }, (_, block) =>
    Array.from(
      { length: cache.places },
      (_, place) => cache.feeds()[name][(block * cache.places + place) * 3],
    ),
  );

test('each token goes behind the earlier ones of its row and head', () => {
  const cache = new TargetCache(attention, 2, 3);
  take(cache, 0);
  take(cache, 1);
  expect(cache.length).toBe(2);
  expect(firsts(cache, 'value.1')).toEqual([
    [1, 101, 0],
    [2, 102, 0],
    [3, 103, 0],
    [4, 104, 0],
  ]);
});

test('rows go on from those that they are told, again and again', () => {
  const cache = new TargetCache(attention, 3, 4);
  take(cache, 0);
  cache.reorder([2, 0, 2]);
  take(cache, 1);
  cache.reorder([1, 1, 0]);
  expect(firsts(cache, 'key.0').map((places) => places.slice(0, 2))).toEqual([
    [1, 103],
    [2, 104],
    [1, 103],
    [2, 104],
    [5, 101],
    [6, 102],
  ]);
});

test('a grown cache holds every key at its place, and goes on behind them', () => {
  const small = new TargetCache(attention, 2, 1);
  take(small, 0);
  const cache = small.grown(2);
  take(cache, 1);
  expect(firsts(cache, 'key.1')).toEqual([
    [1, 101],
    [2, 102],
    [3, 103],
    [4, 104],
  ]);
});
