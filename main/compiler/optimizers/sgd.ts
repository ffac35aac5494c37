// Stochastic gradient descent with momentum as torch.optim.SGD computes it: decay is added to the gradient,
// and the first momentum buffer is the first gradient.
//   d = g + decay p   b = momentum b + (1 - dampening) d   d = d + momentum b (Nesterov) or b   p = p - lr d
import { coupledDecay, type Optimizer } from './optimizer.ts';

export interface SgdOptions {
  momentum: number;
  dampening?: number;
  nesterov?: boolean;
}

export const sgd: Optimizer<SgdOptions> = {
  states: ['momentum_buffer'],
  stateSize: (_, { size }, { momentum }) => (momentum === 0 ? 0 : size),
  alone: 'nothing',
  scalars: ({ momentum, dampening = 0 }, step) => ({
    keep: step === 1 ? 0 : momentum,
    take: step === 1 ? 1 : 1 - dampening,
  }),
  update: (call, { momentum, nesterov }) => {
    const { g, parameter, states, scalars } = call;
    const { lr, keep, take } = scalars;
    const d = coupledDecay(call);
    if (momentum === 0) return { parameter: g.sub(parameter, g.mul(d, lr)), states: [] };
    const next = g.add(g.mul(states[0], keep), g.mul(d, take));
    const direction = nesterov ? g.add(d, g.mul(next, momentum)) : next;
    return { parameter: g.sub(parameter, g.mul(direction, lr)), states: [next] };
  },
};
