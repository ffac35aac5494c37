// The graph of generation, and the cache of keys and values that it reads and extends in place. One graph per number of
// rows, of new tokens and of places in the cache; all of them share the weights. Knows nothing of sampling or text.
import { Graph, type Value } from '../compiler/graph.ts';
import { lower, type Program, type Provider } from '../compiler/lowering.ts';
import type { ModelShape } from '../models/architecture.ts';
import { hidden } from '../models/blocks/attention.ts';
import { type Adapter, type AttentionSpec, ModelBuilder } from '../models/builder.ts';
import type { Model } from '../models/load.ts';
import { type LoraSite, loraNames } from '../models/lora.ts';
import type { Page } from '../training/parameters.ts';
import { headLogits, pageInputs } from '../training/programs.ts';

/** Shape of one graph: B rows, T new tokens of each, C places for keys. */
export interface DecodeShape {
  rows: number;
  tokens: number;
  places: number;
}

export interface DecodeOptions {
  model: Model;
  /** Adapter matrices, or tensors of the model that replace those in the files; inputs p0, p1, .. */
  pages: readonly Page[];
  sites: readonly LoraSite[];
  /** Tensors that come as inputs `w:NAME` in float32 instead of from the files. */
  widened: ReadonlySet<string>;
  provider: Provider;
}

/** Smallest number of places; it doubles until everything fits. */
const fewestPlaces = 128;

/** Places of the cache for `length` tokens: 128, 256, 512, .. */
export function placesFor(length: number): number {
  let places = fewestPlaces;
  while (places < length) places *= 2;
  return places;
}

/**
 * Inputs: ids and positions [B, T] int32; slots [B * kvHeads * T] int32, the row of the cache that each new key goes
 * to; last [B] int32, the row of B * T whose logits are wanted; key.0, value.0, .. [B * kvHeads * C, headDim], which are also
 * the outputs key.0.next, ..: give the same array for both. Output: logits [B, vocabulary].
 *
 * A query at position p sees the keys at places 0 .. p of its row, so what lies behind them need not be cleared.
 */
export function compileDecode({ rows, tokens, places }: DecodeShape, options: DecodeOptions): Program {
  const { model, provider } = options;
  const { kvHeads } = model.shape;
  const g = new Graph();
  const ids = g.input('ids', [rows, tokens], 'int32');
  const positions = g.input('positions', [rows, tokens], 'int32');
  const slots = g.cast(g.input('slots', [rows * kvHeads * tokens], 'int32'), 'int64');
  const last = g.input('last', [rows], 'int32');
  const parameters = pageInputs(g, options.pages);
  for (const name of options.widened) {
    parameters.set(name, g.input(`w:${name}`, model.tensors.get(name)?.shape ?? []));
  }
  const adapters = new Map(
    options.sites.map(({ module, scale }): [string, Adapter] => {
      const { a, b } = loraNames(module);
      return [module, { a: parameters.get(a) as Value, b: parameters.get(b) as Value, scale }];
    }),
  );
  const masks = visibility(g, positions, places);
  const builder = new ModelBuilder({
    graph: g,
    provider,
    batch: rows,
    width: tokens,
    ids,
    positions,
    maxPositions: Math.min(places, model.shape.contextLength),
    attend: (layer, q, k, v, spec) => {
      const keys = extend(g, `key.${layer}`, k, slots, spec, places);
      const values = extend(g, `value.${layer}`, v, slots, spec, places);
      return attendCached(g, q, keys, values, masks(spec.window), spec);
    },
    recompute: 'off',
    tensors: model.tensors,
    locate: model.locate,
    parameters,
    adapters,
  });
  const result = model.architecture.forward(builder, model.config);
  g.output('logits', headLogits(builder, result, g.gather(result.hidden, last)));
  return lower(g, provider);
}

/** Writes the new keys (or values) [B, T, kvHeads * headDim] into the cache: all of them [B, kvHeads, C, headDim]. */
function extend(g: Graph, name: string, fresh: Value, slots: Value, spec: AttentionSpec, places: number): Value {
  const { kvHeads, headDim } = spec;
  const [rows, tokens] = fresh.shape;
  const cache = g.input(name, [rows * kvHeads * places, headDim]);
  const byHead =
    tokens === 1 ? fresh : g.transpose(g.reshape(fresh, [rows, tokens, kvHeads, headDim]), [0, 2, 1, 3]);
  const updates = g.reshape(byHead, [rows * kvHeads * tokens, headDim]);
  const [next] = g.apply('scatterRows', [cache, slots, updates]);
  g.output(`${name}.next`, next);
  return g.reshape(next, [rows, kvHeads, places, headDim]);
}

/** Heads that share keys (grouped-query attention) become rows of one product, as in training. */
function attendCached(g: Graph, q: Value, keys: Value, values: Value, mask: Value, spec: AttentionSpec): Value {
  const { heads, kvHeads, headDim, scale, softcap } = spec;
  const [batch, tokens] = q.shape;
  const places = keys.shape[2];
  const group = heads / kvHeads;
  const byHead =
    tokens === 1 ? q : g.transpose(g.reshape(q, [batch, tokens, kvHeads, group, headDim]), [0, 2, 3, 1, 4]);
  const queries = g.reshape(byHead, [batch, kvHeads, group * tokens, headDim]);
  let scores = g.matmul(queries, keys, { transB: true, alpha: scale });
  if (softcap !== undefined) scores = g.mul(g.tanh(g.div(scores, softcap)), softcap);
  const masked = g.add(g.reshape(scores, [batch, kvHeads, group, tokens, places]), mask);
  const output = g.matmul(g.softmax(g.reshape(masked, scores.shape)), values);
  if (tokens === 1) return g.reshape(output, [batch, 1, heads * headDim]);
  const apart = g.transpose(g.reshape(output, [batch, kvHeads, group, tokens, headDim]), [0, 3, 1, 2, 4]);
  return g.reshape(apart, [batch, tokens, heads * headDim]);
}

/** Masks [B, 1, 1, T, C] to add to the scores, made once for each window. */
function visibility(g: Graph, positions: Value, places: number): (window: number | undefined) => Value {
  const [rows, tokens] = positions.shape;
  const known = new Map<number | undefined, Value>();
  return (window) => {
    const found = known.get(window);
    if (found !== undefined) return found;
    const place = Int32Array.from({ length: places }, (_, i) => i);
    const keys = g.constant(place, [1, 1, 1, 1, places]);
    const queries = g.reshape(positions, [rows, 1, 1, tokens, 1]);
    let mask = g.where(g.less(queries, keys), hidden, 0);
    if (window !== undefined) {
      const after = g.constant(place.map((i) => i + window - 1), [1, 1, 1, 1, places]);
      mask = g.where(g.less(after, queries), hidden, mask);
    }
    known.set(window, mask);
    return mask;
  };
}

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
    this.arrays =
      arrays ??
      new Map(
        Array.from({ length: shape.layers }, (_, layer) => [`key.${layer}`, `value.${layer}`])
          .flat()
          .map((name) => [name, new Float32Array(size)]),
      );
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

  /** Rows of the cache for new tokens: `positions` has `tokens` places for each row, in order. */
  slots(positions: Int32Array, tokens: number): Int32Array {
    const { kvHeads } = this.shape;
    const slots = new Int32Array(this.rows * kvHeads * tokens);
    let next = 0;
    for (let row = 0; row < this.rows; row++) {
      for (let head = 0; head < kvHeads; head++) {
        for (let t = 0; t < tokens; t++) {
          slots[next++] = (row * kvHeads + head) * this.places + positions[row * tokens + t];
        }
      }
    }
    return slots;
  }

  feeds(): Record<string, Float32Array> {
    return Object.fromEntries(this.arrays);
  }

  /** The same arrays under the names of the outputs: they are written in place. */
  fetches(): Record<string, Float32Array> {
    return Object.fromEntries([...this.arrays].map(([name, array]) => [`${name}.next`, array]));
  }
}
