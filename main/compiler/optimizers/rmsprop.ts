// RMSprop (Hinton, lecture 6 of https://www.cs.toronto.edu/~hinton/coursera_lectures.html) as
// torch.optim.RMSprop computes it.
//   d = g + decay p   v = a v + (1 - a) d^2   u = d / (sqrt(v) + eps)   b = momentum b + u   p = p - lr b
//   (or u)
// Centred: sqrt(v - m^2) with m = a m + (1 - a) d.
import { coupledDecay, type Optimizer } from './optimizer.ts';

export interface RmspropOptions {
  alpha: number;
  eps: number;
  momentum?: number;
  centered?: boolean;
}

export const rmsprop: Optimizer<RmspropOptions> = {
  states: ['square_avg', 'momentum_buffer', 'grad_avg'],
  stateSize: (state, { size }, { momentum = 0, centered = false }) => {
    const kept = state === 'square_avg' || (state === 'momentum_buffer' ? momentum > 0 : centered);
    return kept ? size : 0;
  },
  alone: 'nothing',
  scalars: () => ({}),
  update: (call, { alpha, eps, momentum = 0, centered = false }) => {
    const { g, parameter, states, scalars } = call;
    const d = coupledDecay(call);
    const square = g.add(g.mul(states[0], alpha), g.mul(g.mul(d, d), 1 - alpha));
    const mean = centered ? g.add(g.mul(states[states.length - 1], alpha), g.mul(d, 1 - alpha)) : undefined;
    const variance = mean === undefined ? square : g.sub(square, g.mul(mean, mean));
    const step = g.div(d, g.add(g.sqrt(variance), eps));
    const buffer = momentum > 0 ? g.add(g.mul(states[1], momentum), step) : undefined;
    return {
      parameter: g.sub(parameter, g.mul(buffer ?? step, scalars.lr)),
      states: [square, buffer ?? [], mean ?? []].flat(),
    };
  },
};
