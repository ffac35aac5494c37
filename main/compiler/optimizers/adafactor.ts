// Adafactor (Shazeer & Stern 2018, https://arxiv.org/abs/1804.04235) as transformers.Adafactor computes it:
// of the squared gradients of a matrix only the means of its rows and columns are kept, so its state is
// nearly nothing.
//   q = g^2 + eps1   r = b r + (1 - b) mean_columns(q)   c = b c + (1 - b) mean_rows(q)   b = 1 - t^decayRate
//   u = g / sqrt(r c / mean(r))   u = lr u / max(1, rms(u) / clip)   p = p - lr decay p - u
// Anything but a matrix keeps v = b v + (1 - b) q whole.
import type { Graph, Value } from '../graph.ts';
import type { Optimizer } from './optimizer.ts';

export interface AdafactorOptions {
  /** Smallest squared gradient, and smallest scale of a parameter. */
  eps1?: number;
  eps2?: number;
  /** Largest root mean square of an update. */
  clipThreshold?: number;
  decayRate?: number;
  /** Momentum on the updates; none unless given. */
  beta1?: number;
  /** The rate is a share of the parameter's root mean square. */
  scaleParameter?: boolean;
  /** The rate follows from the step instead of the schedule: min(1e-2, 1 / sqrt(t)). */
  relativeStep?: boolean;
  /** The relative step starts at 1e-6 t. */
  warmupInit?: boolean;
}

const momentumOf = (options: AdafactorOptions) => options.beta1 !== undefined;

export const adafactor: Optimizer<AdafactorOptions> = {
  states: ['exp_avg', 'exp_avg_sq_row', 'exp_avg_sq_col', 'exp_avg_sq'],
  stateSize: (state, { size, matrix }, options) => {
    if (state === 'exp_avg') return momentumOf(options) ? size : 0;
    if (state === 'exp_avg_sq') return matrix === undefined ? size : 0;
    return matrix?.[state === 'exp_avg_sq_row' ? 0 : 1] ?? 0;
  },
  alone: 'tensors',
  scalars: ({ decayRate = -0.8, warmupInit = false }, step) => ({
    take: step ** decayRate,
    keep: 1 - step ** decayRate,
    relativeStep: Math.min(warmupInit ? 1e-6 * step : 1e-2, 1 / Math.sqrt(step)),
  }),
  update: ({ g, parameter, gradient, states, scalars, weightDecay, matrix }, options) => {
    const { eps1 = 1e-30, eps2 = 1e-3, clipThreshold = 1, beta1, scaleParameter, relativeStep } = options;
    const { keep, take } = scalars;
    const moving = (before: Value, now: Value) => g.add(g.mul(before, keep), g.mul(now, take));
    const [first, others] = momentumOf(options) ? [states[0], states.slice(1)] : [undefined, states];
    const squares = g.add(g.mul(gradient, gradient), eps1);
    const next: Value[] = [];
    let step: Value;
    if (matrix === undefined) {
      next.push(moving(others[0], squares));
      step = g.div(gradient, g.sqrt(next[0]));
    } else {
      const square = g.reshape(squares, matrix);
      next.push(moving(others[0], g.reduceMean(square, [1])), moving(others[1], g.reduceMean(square, [0])));
      const [rows, columns] = next;
      const ofRows = g.reciprocal(g.sqrt(g.div(rows, g.reduceMean(rows, [0]))));
      const ofColumns = g.reciprocal(g.sqrt(columns));
      const factors = g.mul(g.reshape(ofRows, [-1, 1]), g.reshape(ofColumns, [1, -1]));
      step = g.mul(g.reshape(factors, gradient.shape), gradient);
    }
    const rate = relativeStep ? scalars.relativeStep : scalars.lr;
    const lr = scaleParameter ? g.mul(rate, g.maximum(rootMeanSquare(g, parameter), eps2)) : rate;
    const clip = g.maximum(g.div(rootMeanSquare(g, step), clipThreshold), 1);
    step = g.mul(g.div(step, clip), lr);
    if (first !== undefined && beta1 !== undefined) {
      step = g.add(g.mul(first, beta1), g.mul(step, 1 - beta1));
      next.unshift(step);
    }
    const decayed =
      weightDecay === 0 ? parameter : g.sub(parameter, g.mul(parameter, g.mul(lr, weightDecay)));
    return { parameter: g.sub(decayed, step), states: next };
  },
};

/** sqrt(mean x^2), a scalar, from partial sums: one long float32 sum would lose digits. */
function rootMeanSquare(g: Graph, flat: Value): Value {
  const [size] = flat.shape;
  const parts = [256, 128, 64, 32, 16, 8, 4, 2].find((count) => size % count === 0) ?? 1;
  const [partial] = g.apply('reduceSumSquare', [g.reshape(flat, [parts, size / parts])], { axes: [1] });
  return g.sqrt(g.mul(g.reduceSum(partial, [0]), 1 / size));
}
