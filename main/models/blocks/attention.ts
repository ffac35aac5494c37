// Causal self-attention for training, in blocks of queries: block i sees keys 0 .. end of block i, so that half of the
// square is never computed. Heads that share keys (grouped-query attention) become rows of one product. Memory is one
// block's probabilities at a time when they are recomputed.
//   S = scale Q Kᵀ + mask   P = softmax(S)   O = P V
//   dV = Pᵀ dO   dS = P (dO Vᵀ - rowsum(dO O))   dQ = scale dS K   dK = scale dSᵀ Q
import type { Graph, Value } from '../../compiler/graph.ts';
import { sizeOf } from '../../compiler/shape.ts';
import type { AttentionSpec } from '../builder.ts';

/** Added to scores of keys that must not be seen; finite, so that a row without any key gives no NaN. */
export const hidden = -1e30;

/** Mask [1 or batch, 1, 1, queries, keys] to add to the scores of queries start..end. */
export type MaskOf = (start: number, end: number, window: number | undefined) => Value;

/** Queries per block: four blocks at 512, none smaller than 64. */
export function blockSize(width: number): number {
  return Math.max(64, Math.ceil(width / 4));
}

/**
 * q [batch, width, heads * headDim], k and v [batch, width, kvHeads * headDim] -> [batch, width, heads * headDim].
 * `recompute`: probabilities are computed again in the backward pass instead of being kept.
 */
export function causalAttention(
  g: Graph,
  q: Value,
  k: Value,
  v: Value,
  spec: AttentionSpec,
  maskOf: MaskOf,
  recompute: boolean,
): Value {
  const { heads, kvHeads, headDim, scale, softcap } = spec;
  const [batch, width] = q.shape;
  const group = heads / kvHeads;
  const size = blockSize(width);
  const starts = Array.from({ length: Math.ceil(width / size) }, (_, i) => i * size);
  const ends = starts.map((start) => Math.min(start + size, width));

  const queriesAt = (x: Value, start: number, end: number) => headsAt(g, x, kvHeads, group, start, end);
  const keysAt = (x: Value, end: number) => headsAt(g, x, kvHeads, 1, 0, end);
  /** All rows of a group as one matrix [b, kv, 1, group * t, n]: what a product sums over. */
  const grouped = (x: Value) => {
    const [, , , rows, columns] = x.shape;
    return g.reshape(x, [batch, kvHeads, 1, group * rows, columns]);
  };

  let blocks: { probabilities: Value; capped: Value | undefined; output: Value }[] = [];
  const cheap = (x: Value) => g.cheap(x, recompute);

  const forward = (): Value[] => {
    blocks = starts.map((start, i) => {
      const end = ends[i];
      const keys = g.cheap(keysAt(k, end));
      const queries = g.cheap(queriesAt(q, start, end));
      let scores = cheap(g.matmul(queries, keys, { transB: true, alpha: scale }));
      let capped: Value | undefined;
      if (softcap !== undefined) {
        capped = cheap(g.tanh(cheap(g.div(scores, softcap))));
        scores = cheap(g.mul(capped, softcap));
      }
      const probabilities = cheap(g.softmax(cheap(g.add(scores, maskOf(start, end, spec.window)))));
      const output = g.matmul(probabilities, g.cheap(keysAt(v, end)));
      return { probabilities, capped, output };
    });
    return [
      placesOf(
        g,
        blocks.map((block) => block.output),
      ),
    ];
  };

  const [output] = g.block([q, k, v], forward, (_, [gradient]) => {
    const dO = gradient as Value;
    const byHead = [batch, width, heads, headDim];
    const products = g.mul(g.reshape(dO, byHead), g.reshape(output, byHead));
    const delta = g.reduceSum(products, [3]); // [b, t, heads]
    const dqs: Value[] = [];
    let dk: Value | undefined;
    let dv: Value | undefined;
    for (let i = starts.length - 1; i >= 0; i--) {
      const [start, end] = [starts[i], ends[i]];
      const { probabilities, capped } = blocks[i];
      const dRows = queriesAt(dO, start, end);
      const keys = keysAt(k, end);
      const dvBlock = g.matmul(grouped(probabilities), grouped(dRows), { transA: true });
      const dP = g.matmul(dRows, keysAt(v, end), { transB: true });
      let dS = g.mul(probabilities, g.sub(dP, queriesAt(delta, start, end)));
      if (capped !== undefined) dS = g.sub(dS, g.mul(dS, g.mul(capped, capped))); // tanh' = 1 - tanh^2
      dqs.unshift(g.matmul(dS, keys, { alpha: scale }));
      const queries = queriesAt(q, start, end);
      const dkBlock = g.matmul(grouped(dS), grouped(queries), { transA: true, alpha: scale });
      dk = addPrefix(g, dk, dkBlock);
      dv = addPrefix(g, dv, dvBlock);
    }
    return [placesOf(g, dqs), placesOf(g, [dk as Value]), placesOf(g, [dv as Value])];
  });
  return output;
}

const indexTables = new WeakMap<Graph, Map<string, Value>>();

/** Row numbers, once in each graph. */
function indicesOf(
  g: Graph,
  key: string,
  shape: readonly number[],
  fill: (index: Int32Array) => void,
): Value {
  const known = indexTables.get(g) ?? new Map<string, Value>();
  indexTables.set(g, known);
  const found = known.get(key);
  if (found !== undefined) return found;
  const index = new Int32Array(sizeOf(shape));
  fill(index);
  const made = g.constant(index, shape);
  known.set(key, made);
  return made;
}

/**
 * Places start..end of x [batch, width, kvHeads * group * d] by head: [batch, kvHeads, group, end - start, d]. One gather,
 * which all threads share; transposing and slicing would copy twice, on one thread.
 */
function headsAt(g: Graph, x: Value, kvHeads: number, group: number, start: number, end: number): Value {
  const [batch, width, size] = x.shape;
  const heads = kvHeads * group;
  const key = `heads ${batch} ${width} ${kvHeads} ${group} ${start} ${end}`;
  const index = indicesOf(g, key, [batch, kvHeads, group, end - start], (rows) => {
    let at = 0;
    for (let b = 0; b < batch; b++)
      for (let head = 0; head < heads; head++)
        for (let t = start; t < end; t++) rows[at++] = (b * width + t) * heads + head;
  });
  return g.gather(g.reshape(x, [batch * width * heads, size / heads]), index);
}

/** The other way round: blocks [batch, kvHeads, group, n, d] of all places in their order -> [batch, width, heads * d]. */
function placesOf(g: Graph, blocks: readonly Value[]): Value {
  const [batch, kvHeads, group, , headDim] = blocks[0].shape;
  const heads = kvHeads * group;
  const counts = blocks.map(({ shape }) => shape[3]);
  const width = counts.reduce((sum, count) => sum + count, 0);
  const index = indicesOf(
    g,
    `places ${batch} ${kvHeads} ${group} ${counts}`,
    [batch, width, heads],
    (rows) => {
      let [start, first] = [0, 0]; // places, and rows of the table, before the block
      for (const count of counts) {
        for (let b = 0; b < batch; b++)
          for (let t = 0; t < count; t++)
            for (let head = 0; head < heads; head++)
              rows[(b * width + start + t) * heads + head] = first + (b * heads + head) * count + t;
        start += count;
        first += batch * heads * count;
      }
    },
  );
  const flat = blocks.map((block, i) => g.reshape(block, [batch * heads * counts[i], headDim]));
  return g.reshape(g.gather(g.concat(flat, 0), index), [batch, width, heads * headDim]);
}

/** whole + part, where part covers only the first rows of axis 3. */
function addPrefix(g: Graph, whole: Value | undefined, part: Value): Value {
  if (whole === undefined) return part;
  const length = part.shape[3];
  const total = whole.shape[3];
  if (length === total) return g.add(whole, part);
  return g.concat([g.add(g.slice(whole, 3, 0, length), part), g.slice(whole, 3, length, total)], 3);
}

/** Masks of a batch, made once and shared by all layers: causal, within one segment, within a window. */
export function causalMasks(g: Graph, segments: Value | undefined): MaskOf {
  const known = new Map<string, Value>();
  return (start, end, window) => {
    const key = `${start},${end},${window}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const rows = end - start;
    const data = new Float32Array(rows * end);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < end; j++) {
        const distance = start + i - j;
        if (distance < 0 || (window !== undefined && distance >= window)) data[i * end + j] = hidden;
      }
    }
    let mask = g.constant(data, [1, 1, 1, rows, end]);
    if (segments !== undefined) {
      const [batch] = segments.shape;
      const ofQueries = g.reshape(g.slice(segments, 1, start, end), [batch, 1, 1, rows, 1]);
      const ofKeys = g.reshape(g.slice(segments, 1, 0, end), [batch, 1, 1, 1, end]);
      mask = g.where(g.equal(ofQueries, ofKeys), mask, hidden);
    }
    known.set(key, mask);
    return mask;
  };
}
