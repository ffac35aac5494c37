// Segmentations of words into pieces with log-probabilities: expected counts over all segmentations
// (forward-backward), and the best one (Viterbi). Words are given as lists of the pieces that occur in them.
// Knows no trainer.

/** One distinct word: which pieces occur where. Edges are sorted by their start. */
export interface LatticeWord {
  /** Characters. */
  length: number;
  /** How often the word occurs in the text. */
  count: number;
  /** Flat triples: start, end, piece. */
  edges: Int32Array;
}

const nothing = Number.NEGATIVE_INFINITY;

/**
 * Adds to `expected[piece]` how often each piece is used on average over all segmentations of a word,
 * weighted by their probabilities and by the word's count. Returns the log-likelihood of the word (nats, one
 * occurrence).
 */
export function addExpected(word: LatticeWord, scores: Float64Array, expected: Float64Array): number {
  const { length, edges, count } = word;
  const forward = new Float64Array(length + 1).fill(nothing);
  const backward = new Float64Array(length + 1).fill(nothing);
  forward[0] = 0;
  backward[length] = 0;
  for (let at = 0; at < edges.length; at += 3) {
    const [start, end] = [edges[at], edges[at + 1]];
    forward[end] = logAdd(forward[end], forward[start] + scores[edges[at + 2]]);
  }
  for (let at = edges.length - 3; at >= 0; at -= 3) {
    const [start, end] = [edges[at], edges[at + 1]];
    backward[start] = logAdd(backward[start], backward[end] + scores[edges[at + 2]]);
  }
  const total = forward[length];
  if (total === nothing) return nothing;
  for (let at = 0; at < edges.length; at += 3) {
    const piece = edges[at + 2];
    expected[piece] += count * Math.exp(forward[edges[at]] + scores[piece] + backward[edges[at + 1]] - total);
  }
  return total;
}

/**
 * The pieces of the best segmentation; `without` is a piece that may not be used. Undefined where there is
 * none.
 */
export function bestPieces(
  { length, edges }: Pick<LatticeWord, 'length' | 'edges'>,
  scores: Float64Array,
  without = -1,
): number[] | undefined {
  const best = new Float64Array(length + 1).fill(nothing);
  const from = new Int32Array(length + 1).fill(-1);
  best[0] = 0;
  for (let at = 0; at < edges.length; at += 3) {
    const [start, end, piece] = [edges[at], edges[at + 1], edges[at + 2]];
    const score = best[start] + scores[piece];
    if (piece === without || score <= best[end]) continue;
    best[end] = score;
    from[end] = at;
  }
  if (best[length] === nothing) return undefined;
  const pieces: number[] = [];
  for (let end = length; end > 0; end = edges[from[end]]) pieces.unshift(edges[from[end] + 2]);
  return pieces;
}

function logAdd(a: number, b: number): number {
  if (a === nothing) return b;
  if (b === nothing) return a;
  return a > b ? a + Math.log1p(Math.exp(b - a)) : b + Math.log1p(Math.exp(a - b));
}

/** Derivative of the log-gamma function, for the Bayesian form of the maximisation step. */
export function digamma(value: number): number {
  let x = value;
  let result = 0;
  for (; x < 7; x++) result -= 1 / x;
  x -= 0.5;
  const square = 1 / (x * x);
  return result + Math.log(x) + square * (1 / 24 - square * (7 / 960 - square * (31 / 8064)));
}
