// The graph of generation, and the cache of keys and values that it reads. One graph per number of rows, of
// new tokens and of places in the cache; all of them share the weights. Knows nothing of sampling or text.
import { Graph, type Value } from '../compiler/graph.ts';
import { lower, type Program, type Provider } from '../compiler/lowering.ts';
import type { PackedProducts } from '../compiler/packed-product.ts';
import { assert } from '../errors.ts';
import type { ModelShape } from '../models/architecture.ts';
import { hidden } from '../models/blocks/attention.ts';
import { type AttentionSpec, ModelBuilder } from '../models/builder.ts';
import type { Model } from '../models/load.ts';
import { type LoraSite, siteAdapters } from '../models/lora.ts';
import type { Page } from '../training/parameters.ts';
import { pageInputs } from '../training/programs.ts';

/**
 * Shape of one graph: B rows, T new tokens of each, C places for earlier keys (0 = the tokens are the first
 * ones).
 */
export interface DecodeShape {
  rows: number;
  tokens: number;
  places: number;
  /** Positions that can occur: rows of the RoPE tables. */
  positions: number;
  /** Logits of every new token, of one row, instead of the last. */
  every?: boolean;
  /** Places of the cache that comes back whole, on the device; left out where only what is new comes back. */
  whole?: number;
}

export interface DecodeOptions {
  model: Model;
  /** Adapter matrices, or tensors of the model that replace those in the files; inputs p0, p1, .. */
  pages: readonly Page[];
  sites: readonly LoraSite[];
  /** Tensors that come as inputs `w:NAME` in float32 instead of from the files. */
  widened: ReadonlySet<string>;
  provider: Provider;
  /** How the products read quantized weights; unpacked first where it is left out. */
  packed?: PackedProducts;
}

const fewestPlaces = 128;

/**
 * Places of the cache for `length` tokens: 128, 192, 256, 384, 512, .. Every step reads them all, and every number of
 * them is a graph of its own.
 */
export function placesFor(length: number): number {
  let places = fewestPlaces;
  while (places < length) places *= 2;
  const between = (places * 3) / 4;
  return places > fewestPlaces && length <= between ? between : places;
}

/**
 * Inputs: ids and positions [B, T] int32; last [B] int32 ([T] with `every`), the rows of B * T whose logits are wanted; with
 * places also past [B] int32, the number of keys in the cache of each row, and key.0, value.0, .. [B,
 * kvHeads, C, headDim]. Outputs: logits [B (T), vocabulary], and key.0.new, value.0.new, .. [B, kvHeads, T,
 * headDim] for the cache.
 *
 * With `whole`, the outputs are key.0.next, value.0.next, .. [B, kvHeads, whole, headDim] instead; with several new
 * tokens, of one row, also the input source [whole] int32: the new token that each place may get, 0 to T - 1.
 *
 * The cache is only read here. onnxruntime-node copies each output into a new array, also one that was
 * given to be written in place, so a graph that gave the cache back would copy all of it for each token.
 */
export function compileDecode(shape: DecodeShape, options: DecodeOptions): Program {
  const { rows, tokens, places } = shape;
  const { model, provider } = options;
  const g = new Graph();
  const ids = g.input('ids', [rows, tokens], 'int32');
  const positions = g.input('positions', [rows, tokens], 'int32');
  const last = g.input('last', [shape.every ? tokens : rows], 'int32');
  const parameters = pageInputs(g, options.pages);
  for (const name of options.widened) {
    parameters.set(name, g.input(`w:${name}`, model.tensors.get(name)?.shape ?? []));
  }
  const past = places > 0 ? g.input('past', [rows], 'int32') : undefined;
  const earlier = past && earlierMasks(g, positions, past, places);
  const put = shape.whole === undefined ? undefined : cacheWriter(g, past, tokens, shape.whole);
  const among = newMasks(g, tokens);
  const builder = new ModelBuilder({
    graph: g,
    provider,
    batch: rows,
    width: tokens,
    ids,
    positions,
    maxPositions: shape.positions,
    attend: (layer, q, k, v, spec) => {
      const { kvHeads, headDim } = spec;
      const fresh = { keys: byHead(g, k, kvHeads), values: byHead(g, v, kvHeads), mask: among(spec.window) };
      const cached = (name: string) => g.input(`${name}.${layer}`, [rows, kvHeads, places, headDim]);
      const cache = earlier && { keys: cached('key'), values: cached('value'), mask: earlier(spec.window) };
      if (put === undefined) {
        g.output(`key.${layer}.new`, fresh.keys);
        g.output(`value.${layer}.new`, fresh.values);
      } else {
        g.output(`key.${layer}.next`, put(cache?.keys, k, fresh.keys));
        g.output(`value.${layer}.next`, put(cache?.values, v, fresh.values));
      }
      return attend(g, q, cache ? [cache, fresh] : [fresh], spec);
    },
    recompute: 'off',
    tensors: model.tensors,
    quantized: model.quantized?.weights,
    locate: model.locate,
    parameters,
    adapters: siteAdapters(options.sites, parameters),
  });
  const result = model.architecture.forward(builder, model.config);
  g.output('logits', builder.logits(result, g.gather(result.hidden, last)));
  return lower(g, provider, options.packed);
}

/** Keys and values [batch, heads, n, headDim] that queries look at, and what is added to the scores. */
interface Part {
  keys: Value;
  values: Value;
  /** [1 or batch, 1, 1, 1 or T, n]; undefined = all are seen. */
  mask: Value | undefined;
}

/** [batch, T, heads * headDim] -> [batch, heads, T, headDim]. With one token that is the same memory. */
function byHead(g: Graph, x: Value, heads: number): Value {
  const [batch, tokens, width] = x.shape;
  if (tokens === 1) return g.reshape(x, [batch, heads, 1, width / heads]);
  return g.transpose(g.reshape(x, [batch, tokens, heads, width / heads]), [0, 2, 1, 3]);
}

/** One softmax over all parts. Heads that share keys (grouped-query attention) become rows of one product. */
function attend(g: Graph, q: Value, parts: readonly Part[], spec: AttentionSpec): Value {
  const { heads, kvHeads, headDim, scale, softcap } = spec;
  const [batch, tokens] = q.shape;
  const group = heads / kvHeads;
  const rows = group * tokens;
  const queries = g.reshape(byHead(g, q, heads), [batch, kvHeads, rows, headDim]);
  const scores = parts.map(({ keys, mask }) => {
    const count = keys.shape[2];
    let score = g.matmul(queries, keys, { transB: true, alpha: scale });
    if (softcap !== undefined) score = g.mul(g.tanh(g.div(score, softcap)), softcap);
    if (mask === undefined) return score;
    const masked = g.add(g.reshape(score, [batch, kvHeads, group, tokens, count]), mask);
    return g.reshape(masked, [batch, kvHeads, rows, count]);
  });
  const counts = parts.map(({ keys }) => keys.shape[2]);
  const probabilities = g.split(g.softmax(g.concat(scores, 3)), 3, counts);
  const outputs = parts.map(({ values }, i) => g.matmul(probabilities[i], values));
  const output = outputs.reduce((sum, part) => g.add(sum, part)); // [batch, kvHeads, group * T, headDim]
  if (tokens === 1) return g.reshape(output, [batch, 1, heads * headDim]);
  const apart = g.transpose(g.reshape(output, [batch, heads, tokens, headDim]), [0, 2, 1, 3]);
  return g.reshape(apart, [batch, tokens, heads * headDim]);
}

/** The cache with new keys or values behind the earlier ones: what it held, `flat` [B, T, ..] and the same by head. */
type CacheWriter = (cache: Value | undefined, flat: Value, fresh: Value) => Value;

/** Only elementwise choices and a gather, which every device has; writing to places of a tensor not all do. */
function cacheWriter(g: Graph, past: Value | undefined, tokens: number, whole: number): CacheWriter {
  const place = g.constant(
    Int32Array.from({ length: whole }, (_, i) => i),
    [1, 1, whole, 1],
  );
  const first = past && g.reshape(past, [past.shape[0], 1, 1, 1]);
  if (tokens === 1) {
    const isNew = g.equal(place, first ?? g.constant(Int32Array.of(0), [1, 1, 1, 1]));
    return (cache, _, fresh) => g.where(isNew, fresh, cache ?? 0);
  }
  const source = g.input('source', [whole], 'int32');
  const isOld = first && g.less(place, first);
  return (cache, flat, fresh) => {
    const [rows, heads, , width] = fresh.shape;
    assert(rows === 1, 'several tokens are read into one row');
    const spread = g.gather(g.reshape(flat, [tokens, heads * width]), source);
    const next = byHead(g, g.reshape(spread, [1, whole, heads * width]), heads);
    return cache === undefined || isOld === undefined ? next : g.where(isOld, cache, next);
  };
}

type Masks = (window: number | undefined) => Value | undefined;

/** Masks are made once for each window and shared by the layers. */
function once(make: Masks): Masks {
  const known = new Map<number | undefined, Value | undefined>();
  return (window) => {
    if (!known.has(window)) known.set(window, make(window));
    return known.get(window);
  };
}

/** Places of the cache: those below `past` hold keys; a window hides the ones too far back. */
function earlierMasks(g: Graph, positions: Value, pastOf: Value, places: number): Masks {
  const [rows, tokens] = positions.shape;
  const past = g.reshape(pastOf, [rows, 1, 1, 1, 1]);
  const place = Int32Array.from({ length: places }, (_, i) => i);
  const row = (values: Int32Array) => g.constant(values, [1, 1, 1, 1, places]);
  return once((window) => {
    const filled = g.where(g.less(row(place), past), 0, hidden);
    if (window === undefined) return filled;
    const queries = g.reshape(positions, [rows, 1, 1, tokens, 1]);
    return g.where(g.less(row(place.map((i) => i + window - 1)), queries), hidden, filled);
  });
}

/** The new tokens among themselves: causal, and within the window. */
function newMasks(g: Graph, tokens: number): Masks {
  return once((window) => {
    if (tokens === 1) return undefined;
    const data = new Float32Array(tokens * tokens);
    for (let i = 0; i < tokens; i++) {
      for (let j = 0; j < tokens; j++) {
        if (j > i || (window !== undefined && i - j >= window)) data[i * tokens + j] = hidden;
      }
    }
    return g.constant(data, [1, 1, 1, tokens, tokens]);
  });
}

/** Names of the arrays of a cache: key.0, value.0, key.1, value.1, .. */
export const cacheNames = ({ layers }: ModelShape): string[] =>
  Array.from({ length: layers }, (_, layer) => [`key.${layer}`, `value.${layer}`]).flat();

/** Keys and values of all layers for some rows, each array [rows * kvHeads * places, headDim]. */
export class KvCache {
  readonly shape: ModelShape;
  readonly rows: number;
  readonly places: number;
  /** key.0, value.0, key.1, value.1, .. */
  readonly arrays: ReadonlyMap<string, Float32Array>;

  constructor(shape: ModelShape, rows: number, places: number, arrays?: ReadonlyMap<string, Float32Array>) {
    this.shape = shape;
    this.rows = rows;
    this.places = places;
    const size = rows * shape.kvHeads * places * shape.headDim;
    this.arrays = arrays ?? new Map(cacheNames(shape).map((name) => [name, new Float32Array(size)]));
  }

  /** Bytes of a cache of this form. */
  static bytes({ layers, kvHeads, headDim }: ModelShape, rows: number, places: number): number {
    return 2 * layers * rows * kvHeads * places * headDim * 4;
  }

  /** One row as a cache of its own, on the same memory. */
  row(index: number): KvCache {
    const size = this.shape.kvHeads * this.places * this.shape.headDim;
    const part = [...this.arrays].map(([name, array]): [string, Float32Array] => [
      name,
      array.subarray(index * size, (index + 1) * size),
    ]);
    return new KvCache(this.shape, 1, this.places, new Map(part));
  }

  /** A copy with more places. */
  grown(places: number): KvCache {
    const larger = new KvCache(this.shape, this.rows, places);
    const { kvHeads, headDim } = this.shape;
    for (const [name, array] of this.arrays) {
      const target = larger.arrays.get(name) as Float32Array;
      for (let block = 0; block < this.rows * kvHeads; block++) {
        const from = block * this.places * headDim;
        target.set(array.subarray(from, from + this.places * headDim), block * places * headDim);
      }
    }
    return larger;
  }

  /**
   * Takes over the new keys and values of a run: `counts[row]` tokens of row `row`, from place `past[row]`
   * on. What comes behind them in the outputs was padding.
   */
  take(
    outputs: Readonly<Record<string, ArrayLike<number>>>,
    past: ArrayLike<number>,
    counts: ArrayLike<number>,
  ): void {
    const { kvHeads, headDim } = this.shape;
    for (const [name, array] of this.arrays) {
      const fresh = outputs[`${name}.new`] as Float32Array; // [rows, kvHeads, T, headDim]
      const stride = fresh.length / (this.rows * kvHeads);
      for (let row = 0; row < this.rows; row++) {
        for (let block = row * kvHeads; block < (row + 1) * kvHeads; block++) {
          const part = fresh.subarray(block * stride, block * stride + counts[row] * headDim);
          array.set(part, (block * this.places + past[row]) * headDim);
        }
      }
    }
  }

  feeds(): Record<string, Float32Array> {
    return Object.fromEntries(this.arrays);
  }
}
