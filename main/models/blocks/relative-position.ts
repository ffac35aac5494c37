// Relative positions of T5 (Raffel et al. 2020, https://arxiv.org/abs/1910.10683, section 2.1): the distance between a
// query and a key chooses a bucket, and each head adds the bucket's number to the score. Near distances have a bucket
// each, far ones share buckets that grow with the logarithm.
import type { Value } from '../../compiler/graph.ts';
import type { ModelBuilder } from '../builder.ts';
import { hidden } from './attention.ts';

export interface RelativePositions {
  buckets: number;
  /** Distances from here on share the last bucket. */
  maxDistance: number;
  /** Whether keys behind the query are seen too; they then have half of the buckets. */
  bothSides: boolean;
}

/** Bucket of a key that stands `distance` places behind the query (negative: before it). In float32, as PyTorch does. */
export function bucketOf(distance: number, { buckets, maxDistance, bothSides }: RelativePositions): number {
  const count = bothSides ? Math.floor(buckets / 2) : buckets;
  const first = bothSides && distance > 0 ? count : 0;
  const far = bothSides ? Math.abs(distance) : Math.max(0, -distance);
  const exact = Math.floor(count / 2);
  if (far < exact) return first + far;
  const log = Math.fround(Math.log(Math.fround(far / exact)));
  const share = Math.fround(log / Math.log(maxDistance / exact));
  const place = Math.trunc(Math.fround(share * (count - exact)));
  return first + Math.min(count - 1, exact + place);
}

/** Biases [1, heads, queries, keys] out of the table [buckets, heads] of `module`. */
export function relativeBias(
  b: ModelBuilder,
  module: string,
  queries: number,
  keys: number,
  settings: RelativePositions,
): Value {
  const distances = new Map<number, number>();
  const data = new Int32Array(queries * keys);
  for (let i = 0; i < queries; i++) {
    for (let j = 0; j < keys; j++) {
      let bucket = distances.get(j - i);
      if (bucket === undefined) {
        bucket = bucketOf(j - i, settings);
        distances.set(j - i, bucket);
      }
      data[i * keys + j] = bucket;
    }
  }
  const rows = b.embed(module, { ids: b.g.constant(data, [queries * keys]) }); // [queries * keys, heads]
  const heads = rows.shape[1];
  return b.g.transpose(b.g.reshape(rows, [1, queries, keys, heads]), [0, 3, 1, 2]);
}

/**
 * For a query at the place `past` [1] int32, behind the keys of a cache and beside its own: biases [1, heads, 1, places + 1]
 * of the cache's places and of itself. Places that hold no key yet are hidden.
 */
export function nextBias(
  b: ModelBuilder,
  module: string,
  past: Value,
  places: number,
  settings: RelativePositions,
): Value {
  const { g } = b;
  const numbers = (list: readonly number[]) => g.constant(Int32Array.from(list), [list.length]);
  const all = Array.from({ length: places + 1 }, (_, i) => i);
  // past is at most `places`, so the query itself, the last one, has distance 0
  const distance = g.maximum(g.sub(past, numbers(all)), numbers([0]));
  const buckets = g.gather(numbers(all.map((i) => bucketOf(-i, settings))), distance);
  const rows = b.embed(module, { ids: buckets }); // [places + 1, heads]
  const bias = g.reshape(g.transpose(rows, [1, 0]), [1, rows.shape[1], 1, places + 1]);
  const filled = g.less(numbers(all.with(places, -1)), past);
  return g.add(bias, g.reshape(g.where(filled, 0, hidden), [1, 1, 1, places + 1]));
}
