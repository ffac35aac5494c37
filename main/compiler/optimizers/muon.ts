// Muon (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/): Nesterov momentum of a hidden matrix, made
// nearly orthogonal by five Newton-Schulz steps, scaled to the size of an AdamW update (0.2 sqrt(max(rows, columns)),
// Liu et al. 2025, https://arxiv.org/abs/2502.16982). Everything that is not a hidden matrix gets AdamW.
//   X = X / |X|    A = X Xᵀ    X = a X + (b A + c A^2) X, five times
import type { Graph, Value } from '../graph.ts';
import { type AdamWOptions, adamw } from './adamw.ts';
import type { Optimizer } from './optimizer.ts';

export interface MuonOptions extends AdamWOptions {
  momentum: number;
}

const [a, b, c] = [3.4445, -4.775, 2.0315];

export const muon: Optimizer<MuonOptions> = {
  states: ['exp_avg', 'exp_avg_sq'],
  wholeMatrices: true,
  scalars: adamw.scalars,
  update: (call, options) => {
    const { g, parameter, gradient, states, scalars, weightDecay, matrix } = call;
    if (matrix === undefined) return adamw.update(call, options);
    const [buffer, unused] = states;
    const next = g.add(g.mul(buffer, options.momentum), gradient);
    const direction = g.reshape(g.add(gradient, g.mul(next, options.momentum)), matrix);
    const scale = 0.2 * Math.sqrt(Math.max(matrix[0], matrix[1]));
    const orthogonal = g.reshape(orthogonalise(g, direction), parameter.shape);
    const decayed =
      weightDecay === 0 ? parameter : g.mul(parameter, g.sub(g.scalar(1), g.mul(scalars.lr, weightDecay)));
    return {
      parameter: g.sub(decayed, g.mul(orthogonal, g.mul(scalars.lr, scale))),
      states: [next, g.mul(unused, 1)],
    };
  },
};

/** The nearest (semi-)orthogonal matrix, about: singular values end between 0.7 and 1.2. */
export function orthogonalise(g: Graph, matrix: Value): Value {
  const tall = matrix.shape[0] > matrix.shape[1];
  const norm = g.add(g.sqrt(g.sumSquare(matrix)), 1e-7);
  let x = g.div(matrix, norm);
  for (let i = 0; i < 5; i++) {
    const gram = tall ? g.gemm(x, x, { transA: true }) : g.gemm(x, x, { transB: true });
    const mixed = g.gemm(gram, gram, { alpha: c, beta: b, c: gram });
    x = tall ? g.gemm(x, mixed, { beta: a, c: x }) : g.gemm(mixed, x, { beta: a, c: x });
  }
  return x;
}
