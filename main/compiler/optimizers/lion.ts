// Lion (Chen et al. 2023, https://arxiv.org/abs/2302.06675, algorithm 2): the sign of an interpolation moves
// the parameters, then the momentum moves; one state instead of two. Wants a rate three to ten times smaller
// than AdamW's.
//   p = p (1 - lr decay) - lr sign(b1 m + (1 - b1) g)   m = b2 m + (1 - b2) g
import { decoupledDecay, type Optimizer } from './optimizer.ts';

export interface LionOptions {
  beta1: number;
  beta2: number;
}

export const lion: Optimizer<LionOptions> = {
  states: ['exp_avg'],
  alone: 'nothing',
  scalars: () => ({}),
  update: (call, { beta1, beta2 }) => {
    const { g, gradient, states, scalars } = call;
    const m = g.mul(states[0], 1); // a copy: the direction reads it after the state may be overwritten
    const direction = g.sign(g.add(g.mul(m, beta1), g.mul(gradient, 1 - beta1)));
    return {
      parameter: g.sub(decoupledDecay(call), g.mul(direction, scalars.lr)),
      states: [g.add(g.mul(m, beta2), g.mul(gradient, 1 - beta2))],
    };
  },
};
