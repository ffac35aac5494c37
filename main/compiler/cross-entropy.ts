// Output layer and cross-entropy as one block, without the logits of all positions: only rows whose label counts are
// gathered, and they are taken in chunks, so that the peak is one chunk x vocabulary. The loss is the last op, so its
// gradient is computed in the forward pass, chunk by chunk.
//   nll = log sum exp(z) - h . E[y]      z = h Eᵀ      log sum exp(z) = max z - log max softmax(z)
//   dh = w (softmax(z) E - E[y])         dE = (w softmax(z))ᵀ h - scatter(y, w h)
// With label smoothing e (Szegedy et al. 2016): nll = lse - (1 - e) h . E[y] - e h . mean(E).
import { assert } from '../errors.ts';
import type { Graph, Value } from './graph.ts';

export interface CrossEntropyOptions {
  /** Rows of one chunk; as many as `chunkRows` says unless given. */
  chunk?: number;
  labelSmoothing?: number;
  /** Output bias [vocabulary]. */
  bias?: Value;
  /** z becomes cap tanh(z / cap) (Gemma 2). */
  softcap?: number;
  /** False builds no gradient (validation). */
  differentiable?: boolean;
}

export interface CrossEntropy {
  /** Sum of weight * nll over the labelled rows, a scalar. */
  lossSum: Value;
  /** nll of each labelled row [labels], in nats. */
  nll: Value;
}

/** Elements of one chunk's logits: 128 MB of float32. More rows a product are faster, until packing no longer counts. */
const chunkElements = 2 ** 25;

/** Rows of one chunk, between 64 and 512. */
export function chunkRows(vocabulary: number): number {
  return Math.min(512, Math.max(64, 64 * Math.floor(chunkElements / vocabulary / 64)));
}

/**
 * hidden [rows, width], table [vocabulary, width], rows, labels [labels] int32, weights [labels] float32.
 * A row index may repeat; padding labels have weight 0.
 */
export function crossEntropy(
  g: Graph,
  hidden: Value,
  table: Value,
  rows: Value,
  labels: Value,
  weights: Value,
  options: CrossEntropyOptions = {},
): CrossEntropy {
  const count = labels.shape[0];
  const [vocabulary, width] = table.shape;
  const {
    chunk = chunkRows(vocabulary),
    labelSmoothing: smoothing = 0,
    bias,
    softcap,
    differentiable = true,
  } = options;
  assert(hidden.shape[1] === width, `hidden states [${hidden.shape}] fit the output layer [${table.shape}]`);
  const inputs = bias === undefined ? [hidden, table, weights] : [hidden, table, weights, bias];
  const { lossScale } = g;
  const slopes = lossScale === undefined ? weights : g.mul(weights, lossScale); // weights in gradients

  let dHidden: Value | undefined;
  let dTable: Value | undefined;
  let dBias: Value | undefined;
  let perRow: Value | undefined;

  const forward = (): Value[] => {
    const losses: Value[] = [];
    const dRows: Value[] = [];
    const meanRow = smoothing > 0 ? g.reduceMean(table, [0], true) : undefined; // [1, width]
    for (let start = 0; start < count; start += chunk) {
      const end = Math.min(start + chunk, count);
      const size = end - start;
      const part = (x: Value) => g.slice(x, 0, start, end);
      const h = g.gather(hidden, part(rows)); // [size, width]
      const y = part(labels);
      const w = g.reshape(part(slopes), [size, 1]);
      let z = g.gemm(h, table, { transB: true, c: bias });
      let slope: Value | undefined;
      if (softcap !== undefined) {
        const capped = g.tanh(g.div(z, softcap));
        z = g.mul(capped, softcap);
        slope = g.sub(g.scalar(1), g.mul(capped, capped));
      }
      const p = g.softmax(z); // [size, vocabulary]
      const lse = g.sub(g.reduceMax(z, [1], true), g.log(g.reduceMax(p, [1], true)));
      const truth = g.gather(table, y); // E[y] [size, width]
      const direct = softcap === undefined;
      const picked = direct
        ? withBias(g, g.reduceSum(g.mul(h, truth), [1], true), bias, y)
        : g.reduceSum(g.where(oneHot(g, y, vocabulary), z, 0), [1], true);
      const other = smoothing > 0 ? g.reduceMean(z, [1], true) : undefined;
      const target =
        other === undefined ? picked : g.add(g.mul(picked, 1 - smoothing), g.mul(other, smoothing));
      losses.push(g.sub(lse, target));
      g.early.add(losses[losses.length - 1]);
      if (!differentiable) continue;
      if (direct) {
        const pull =
          meanRow === undefined ? truth : g.add(g.mul(truth, 1 - smoothing), g.mul(meanRow, smoothing));
        dRows.push(g.mul(g.sub(g.gemm(p, table), pull), w));
        const wp = g.mul(p, w);
        dTable = g.gemm(wp, h, { transA: true, c: dTable });
        const sum = g.reduceSum(wp, [0]);
        dBias = dBias === undefined ? sum : g.add(dBias, sum);
      } else {
        // dz = w (p - (1 - e) onehot - e / vocabulary) slope
        const hot = g.where(oneHot(g, y, vocabulary), 1 - smoothing, 0);
        let dz = g.mul(g.sub(g.sub(p, hot), smoothing / vocabulary), w);
        if (slope !== undefined) dz = g.mul(dz, slope);
        dRows.push(g.gemm(dz, table));
        dTable = g.gemm(dz, h, { transA: true, c: dTable });
        const sum = g.reduceSum(dz, [0]);
        dBias = dBias === undefined ? sum : g.add(dBias, sum);
      }
      // the logits of a chunk are freed before those of the next are made
      for (const made of [dRows[dRows.length - 1], dTable, dBias]) if (made !== undefined) g.early.add(made);
    }
    perRow = g.reshape(g.concat(losses, 0), [count]);
    if (differentiable) {
      const joined = g.concat(dRows, 0);
      dHidden = g.scatterAdd(rows, joined, hidden.shape[0]);
      if (softcap === undefined && dTable !== undefined && dBias !== undefined) {
        const h = g.mul(g.gather(hidden, rows), g.reshape(slopes, [count, 1]));
        const pulled = g.scatterAdd(labels, smoothing > 0 ? g.mul(h, 1 - smoothing) : h, vocabulary);
        dTable = g.sub(dTable, pulled);
        if (smoothing > 0) dTable = g.sub(dTable, g.mul(g.reduceSum(h, [0], true), smoothing / vocabulary));
        const w = g.reshape(slopes, [count, 1]);
        const pulledBias = g.scatterAdd(labels, g.mul(w, 1 - smoothing), vocabulary);
        dBias = g.sub(dBias, g.reshape(pulledBias, [vocabulary]));
        if (smoothing > 0) dBias = g.sub(dBias, g.mul(g.reduceSum(w, [0]), smoothing / vocabulary));
      }
    }
    return [g.reduceSum(g.mul(perRow, weights), [0])];
  };

  const [lossSum] = g.block(inputs, forward, (_, [gradient], needs) => {
    const d = lossScale === undefined ? (gradient as Value) : g.div(gradient as Value, lossScale);
    const scaled = (x: Value | undefined, needed: boolean) =>
      needed && x !== undefined ? g.mul(x, d) : undefined;
    return [scaled(dHidden, needs[0]), scaled(dTable, needs[1]), undefined, scaled(dBias, needs[3] ?? false)];
  });
  return { lossSum, nll: perRow as Value };
}

/** Logits of the labels y: E[y] h, and b[y] where the output layer has a bias. */
function withBias(g: Graph, products: Value, bias: Value | undefined, y: Value): Value {
  return bias === undefined ? products : g.add(products, g.reshape(g.gather(bias, y), products.shape));
}

/** [labels, vocabulary] truth values: column = label. */
function oneHot(g: Graph, labels: Value, vocabulary: number): Value {
  const columns = g.constant(
    Int32Array.from({ length: vocabulary }, (_, i) => i),
    [1, vocabulary],
  );
  return g.equal(g.reshape(labels, [labels.shape[0], 1]), columns);
}
