// Attention of a few queries to keys that are there already, for writing token by token: no gradient, nothing kept. Scores
// of all parts share one softmax. Knows nothing of positions: what they add to the scores is given.
import type { Graph, Value } from '../../compiler/graph.ts';

/** Keys and values [batch, heads, n, headDim]. */
export interface KeyPart {
  keys: Value;
  values: Value;
}

/** q [batch, heads, m, headDim] -> the same; `bias` [1 or batch, 1 or heads, 1, all keys] is added to the scores. */
export function stepAttention(
  g: Graph,
  q: Value,
  parts: readonly KeyPart[],
  { scale, bias }: { scale: number; bias: Value },
): Value {
  const scores = parts.map(({ keys }) => g.matmul(q, keys, { transB: true, alpha: scale }));
  const probabilities = g.softmax(g.add(g.concat(scores, 3), bias));
  const shares = g.split(
    probabilities,
    3,
    parts.map(({ keys }) => keys.shape[2]),
  );
  return parts.map(({ values }, i) => g.matmul(shares[i], values)).reduce((sum, part) => g.add(sum, part));
}
