// Adagrad (Duchi et al. 2011, https://jmlr.org/papers/v12/duchi11a.html) as torch.optim.Adagrad computes it.
//   d = g + decay p   s = s + d^2   p = p - lr / (1 + (t - 1) lrDecay) * d / (sqrt(s) + eps)
import { coupledDecay, type Optimizer } from './optimizer.ts';

export interface AdagradOptions {
  eps: number;
  /** Decay of the rate with each step, on top of the schedule. */
  lrDecay?: number;
}

export const adagrad: Optimizer<AdagradOptions> = {
  states: ['sum'],
  alone: 'nothing',
  scalars: ({ lrDecay = 0 }, step) => ({ rateFactor: 1 / (1 + (step - 1) * lrDecay) }),
  update: (call, { eps }) => {
    const { g, parameter, states, scalars } = call;
    const d = coupledDecay(call);
    const sum = g.add(states[0], g.mul(d, d));
    const direction = g.div(d, g.add(g.sqrt(sum), eps));
    const rate = g.mul(scalars.lr, scalars.rateFactor);
    return { parameter: g.sub(parameter, g.mul(direction, rate)), states: [sum] };
  },
};
