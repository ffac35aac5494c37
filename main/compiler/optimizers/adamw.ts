// AdamW (Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101) as torch.optim.AdamW computes it: decoupled decay,
// eps outside of the bias-corrected root.
//   p = p (1 - lr decay)   m = m + (1 - b1) (g - m)   v = b2 v + (1 - b2) g^2
//   p = p - lr / (1 - b1^t) * m / (sqrt(v) / sqrt(1 - b2^t) + eps)
import type { Optimizer } from './optimizer.ts';

export interface AdamWOptions {
  beta1: number;
  beta2: number;
  eps: number;
}

export const adamw: Optimizer<AdamWOptions> = {
  states: ['exp_avg', 'exp_avg_sq'],
  wholeMatrices: false,
  scalars: ({ beta1, beta2 }, step) => ({
    stepSizeFactor: 1 / (1 - beta1 ** step),
    rootFactor: 1 / Math.sqrt(1 - beta2 ** step),
  }),
  update: ({ g, parameter, gradient, states: [m, v], scalars, weightDecay }, { beta1, beta2, eps }) => {
    const { lr, stepSizeFactor, rootFactor } = scalars;
    const decayed =
      weightDecay === 0 ? parameter : g.mul(parameter, g.sub(g.scalar(1), g.mul(lr, weightDecay)));
    const average = g.add(m, g.mul(g.sub(gradient, m), 1 - beta1));
    const square = g.add(g.mul(v, beta2), g.mul(g.mul(gradient, gradient), 1 - beta2));
    const denominator = g.add(g.mul(g.sqrt(square), rootFactor), eps);
    const stepped = g.sub(decayed, g.mul(g.div(average, denominator), g.mul(lr, stepSizeFactor)));
    return { parameter: stepped, states: [average, square] };
  },
};
