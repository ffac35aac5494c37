// Attention in which queries may see keys on both sides: encoders, and the attention of a decoder to an encoder. Scores may
// get a mask and a trained bias. Knows nothing of positions or of a cache of keys.
//   S = scale Q Kᵀ + mask + bias   P = softmax(S)   O = P V
//   dV = Pᵀ dO   dS = P (dO Vᵀ - rowsum(dO O))   dQ = scale dS K   dK = scale dSᵀ Q   dbias = sum of dS over the batch
import type { Graph, Value } from '../../compiler/graph.ts';
import { hidden } from './attention.ts';

export interface EncoderAttentionSpec {
  heads: number;
  headDim: number;
  /** Factor on the scores; T5 has 1, others headDim^-1/2. */
  scale: number;
  /** Added to the scores, without a gradient: [1 or batch, 1, 1 or queries, keys]. */
  mask?: Value;
  /** Added to the scores, with a gradient: [1, heads, queries, keys]. */
  bias?: Value;
}

/**
 * q [batch, queries, heads * headDim], k and v [batch, keys, heads * headDim] -> as q. `recompute`: probabilities are
 * computed again in the backward pass instead of being kept.
 */
export function encoderAttention(
  g: Graph,
  q: Value,
  k: Value,
  v: Value,
  { heads, headDim, scale, mask, bias }: EncoderAttentionSpec,
  recompute: boolean,
): Value {
  const cheap = (x: Value) => g.cheap(x, recompute);
  const split = (x: Value) =>
    g.transpose(g.reshape(x, [x.shape[0], x.shape[1], heads, headDim]), [0, 2, 1, 3]);
  const join = (x: Value) =>
    g.reshape(g.transpose(x, [0, 2, 1, 3]), [x.shape[0], x.shape[2], heads * headDim]);

  let qh: Value;
  let kh: Value;
  let vh: Value;
  let probabilities: Value;
  const forward = (): Value[] => {
    qh = cheap(split(q));
    kh = cheap(split(k));
    vh = cheap(split(v));
    let scores = cheap(g.matmul(qh, kh, { transB: true, alpha: scale }));
    if (bias !== undefined) scores = cheap(g.add(scores, bias));
    if (mask !== undefined) scores = cheap(g.add(scores, mask));
    probabilities = cheap(g.softmax(scores));
    return [join(g.matmul(probabilities, vh))];
  };
  const inputs = bias === undefined ? [q, k, v] : [q, k, v, bias];
  const [output] = g.block(inputs, forward, (_, [gradient], needs) => {
    const dO = split(gradient as Value);
    const delta = g.reduceSum(g.mul(dO, split(output)), [3], true); // [batch, heads, queries, 1]
    const dP = g.matmul(dO, vh, { transB: true });
    const dS = g.mul(probabilities, g.sub(dP, delta));
    return [
      join(g.matmul(dS, kh, { alpha: scale })),
      join(g.matmul(dS, qh, { transA: true, alpha: scale })),
      join(g.matmul(probabilities, dO, { transA: true })),
      bias !== undefined && needs[3] ? g.sumTo(dS, bias.shape) : undefined,
    ];
  });
  return output;
}

/** Mask [batch, 1, width, width] under which places see those with the same number in `segments` [batch, width]. */
export function segmentMask(g: Graph, segments: Value): Value {
  const [batch, width] = segments.shape;
  const same = g.equal(g.reshape(segments, [batch, 1, width, 1]), g.reshape(segments, [batch, 1, 1, width]));
  return g.where(same, 0, hidden);
}

/** Mask [batch, 1, 1, width] under which every query sees the places whose number is above 0. */
export function tokenMask(g: Graph, tokens: Value): Value {
  const [batch, width] = tokens.shape;
  const seen = g.less(g.constant(Int32Array.of(0), [1]), tokens);
  return g.where(g.reshape(seen, [batch, 1, 1, width]), 0, hidden);
}

/** Mask [1, 1, width, width] under which a place sees itself and what is before it. */
export function causalMask(g: Graph, width: number): Value {
  const data = Float32Array.from({ length: width * width }, (_, i) =>
    i % width > Math.floor(i / width) ? hidden : 0,
  );
  return g.constant(data, [1, 1, width, width]);
}
