// Muon (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/): Nesterov momentum of a hidden
// matrix, made nearly orthogonal by three Newton-Schulz steps with the coefficients of Polar Express (Amsel
// et al. 2025, https://arxiv.org/abs/2505.16932, divided by its safety factor 1.01), and scaled to the size
// of an AdamW update: 0.2 sqrt(max(rows, columns)) (Liu et al. 2025, https://arxiv.org/abs/2502.16982).
// Weight decay is for these matrices only. Everything else gets AdamW without decay.
//   X = X / |X|    A = X Xᵀ    X = a X + (b A + c A^2) X
import type { Graph, Value } from '../graph.ts';
import { type AdamWOptions, adamw } from './adamw.ts';
import { decoupledDecay, type Optimizer } from './optimizer.ts';

export interface MuonOptions extends AdamWOptions {
  momentum: number;
  /** Learning rate of the AdamW part, as a share of the rate of the matrices. */
  restShare?: number;
}

const coefficients = [
  [8.2051, -22.9019, 16.4607],
  [4.0664, -2.8612, 0.5184],
  [3.9096, -2.8234, 0.525],
] as const;

export const muon: Optimizer<MuonOptions> = {
  states: ['exp_avg', 'exp_avg_sq'],
  stateSize: (state, { size, matrix }) => (state === 'exp_avg_sq' && matrix !== undefined ? 0 : size),
  alone: 'matrices',
  scalars: adamw.scalars,
  update: (call, options) => {
    const { g, parameter, gradient, states, scalars, matrix } = call;
    if (matrix === undefined) {
      const lr = options.restShare === undefined ? scalars.lr : g.mul(scalars.lr, options.restShare);
      return adamw.update({ ...call, weightDecay: 0, scalars: { ...scalars, lr } }, options);
    }
    const next = g.add(g.mul(states[0], options.momentum), gradient);
    const direction = g.reshape(g.add(gradient, g.mul(next, options.momentum)), matrix);
    const scale = 0.2 * Math.sqrt(Math.max(matrix[0], matrix[1]));
    const orthogonal = g.reshape(orthogonalise(g, direction), parameter.shape);
    return {
      parameter: g.sub(decoupledDecay(call), g.mul(orthogonal, g.mul(scalars.lr, scale))),
      states: [next],
    };
  },
};

/** A (semi-)orthogonal matrix near the direction of `matrix`: all singular values come close to 1. */
export function orthogonalise(g: Graph, matrix: Value): Value {
  const tall = matrix.shape[0] > matrix.shape[1];
  let x = g.div(matrix, g.add(g.sqrt(g.sumSquare(matrix)), 1e-7));
  for (const [a, b, c] of coefficients) {
    const gram = tall ? g.gemm(x, x, { transA: true }) : g.gemm(x, x, { transB: true });
    const mixed = g.gemm(gram, gram, { alpha: c, beta: b, c: gram });
    x = tall ? g.gemm(x, mixed, { beta: a, c: x }) : g.gemm(mixed, x, { beta: a, c: x });
  }
  return x;
}
