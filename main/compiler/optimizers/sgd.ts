// Stochastic gradient descent with momentum as torch.optim.SGD computes it: decay is added to the gradient, and the
// first momentum buffer is the first gradient.
//   d = g + decay p   b = momentum b + (1 - dampening) d   d = d + momentum b (Nesterov) or b   p = p - lr d
import type { Optimizer } from './optimizer.ts';

export interface SgdOptions {
  momentum: number;
  dampening?: number;
  nesterov?: boolean;
}

export const sgd: Optimizer<SgdOptions> = {
  states: ['momentum_buffer'],
  wholeMatrices: false,
  scalars: ({ momentum, dampening = 0 }, step) => ({
    keep: step === 1 ? 0 : momentum,
    take: step === 1 ? 1 : 1 - dampening,
  }),
  update: ({ g, parameter, gradient, states: [buffer], scalars, weightDecay }, { momentum, nesterov }) => {
    const { lr, keep, take } = scalars;
    const d = weightDecay === 0 ? gradient : g.add(gradient, g.mul(parameter, weightDecay));
    const next = g.add(g.mul(buffer, keep), g.mul(d, take));
    const direction = momentum === 0 ? d : nesterov ? g.add(d, g.mul(next, momentum)) : next;
    return { parameter: g.sub(parameter, g.mul(direction, lr)), states: [next] };
  },
};
