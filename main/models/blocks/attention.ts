// Causal self-attention for training, in blocks of queries: block i sees keys 0 .. end of block i, so that half of the
// square is never computed. Heads that share keys (grouped-query attention) become rows of one product. Memory is one
// block's probabilities at a time when they are recomputed.
//   S = scale Q Kᵀ + mask   P = softmax(S)   O = P V
//   dV = Pᵀ dO   dS = P (dO Vᵀ - rowsum(dO O))   dQ = scale dS K   dK = scale dSᵀ Q
import type { Graph, Value } from '../../compiler/graph.ts';
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

  const headsOfQuery = (x: Value) =>
    g.transpose(g.reshape(x, [batch, width, kvHeads, group, headDim]), [0, 2, 3, 1, 4]); // [b, kv, group, t, d]
  const headsOfKey = (x: Value) =>
    g.transpose(g.reshape(x, [batch, width, kvHeads, 1, headDim]), [0, 2, 3, 1, 4]); // [b, kv, 1, t, d]
  /** All rows of a group as one matrix [b, kv, 1, group * t, n]: what a product sums over. */
  const grouped = (x: Value) => {
    const [, , , rows, columns] = x.shape;
    return g.reshape(x, [batch, kvHeads, 1, group * rows, columns]);
  };

  let qh: Value;
  let kh: Value;
  let vh: Value;
  let blocks: { probabilities: Value; capped: Value | undefined; output: Value }[] = [];
  const cheap = (x: Value) => g.cheap(x, recompute);

  const forward = (): Value[] => {
    qh = cheap(headsOfQuery(q));
    kh = cheap(headsOfKey(k));
    vh = cheap(headsOfKey(v));
    blocks = starts.map((start, i) => {
      const end = ends[i];
      const keys = g.cheap(g.slice(kh, 3, 0, end));
      const queries = g.cheap(g.slice(qh, 3, start, end));
      let scores = cheap(g.matmul(queries, keys, { transB: true, alpha: scale }));
      let capped: Value | undefined;
      if (softcap !== undefined) {
        capped = cheap(g.tanh(cheap(g.div(scores, softcap))));
        scores = cheap(g.mul(capped, softcap));
      }
      const probabilities = cheap(g.softmax(cheap(g.add(scores, maskOf(start, end, spec.window)))));
      const output = g.matmul(probabilities, g.cheap(g.slice(vh, 3, 0, end)));
      return { probabilities, capped, output };
    });
    const joined = g.concat(
      blocks.map(({ output }) => output),
      3,
    );
    return [g.reshape(g.transpose(joined, [0, 3, 1, 2, 4]), [batch, width, heads * headDim])];
  };

  const [output] = g.block([q, k, v], forward, (_, [gradient]) => {
    const dO = headsOfQuery(gradient as Value);
    const oh = headsOfQuery(output);
    const delta = g.reduceSum(g.mul(dO, oh), [4], true); // [b, kv, group, t, 1]
    const dqs: Value[] = [];
    let dk: Value | undefined;
    let dv: Value | undefined;
    for (let i = starts.length - 1; i >= 0; i--) {
      const [start, end] = [starts[i], ends[i]];
      const { probabilities, capped } = blocks[i];
      const dRows = g.slice(dO, 3, start, end);
      const keys = g.slice(kh, 3, 0, end);
      const dvBlock = g.matmul(grouped(probabilities), grouped(dRows), { transA: true });
      const dP = g.matmul(dRows, g.slice(vh, 3, 0, end), { transB: true });
      let dS = g.mul(probabilities, g.sub(dP, g.slice(delta, 3, start, end)));
      if (capped !== undefined) dS = g.sub(dS, g.mul(dS, g.mul(capped, capped))); // tanh' = 1 - tanh^2
      dqs.unshift(g.matmul(dS, keys, { alpha: scale }));
      const queries = g.slice(qh, 3, start, end);
      const dkBlock = g.matmul(grouped(dS), grouped(queries), { transA: true, alpha: scale });
      dk = addPrefix(g, dk, dkBlock);
      dv = addPrefix(g, dv, dvBlock);
    }
    const dq = g.reshape(g.transpose(g.concat(dqs, 3), [0, 3, 1, 2, 4]), q.shape);
    const back = (x: Value) => g.reshape(g.transpose(x, [0, 3, 1, 2, 4]), k.shape);
    return [dq, back(dk as Value), back(dv as Value)];
  });
  return output;
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
