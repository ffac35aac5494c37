// AdamW (Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101) as torch.optim.AdamW computes it:
// decoupled decay, eps outside of the bias-corrected root.
//   p = p (1 - lr decay)   m = m + (1 - b1) (g - m)   v = b2 v + (1 - b2) g^2
//   p = p - lr / (1 - b1^t) * m / (sqrt(v) / sqrt(1 - b2^t) + eps)
import type { Value } from '../graph.ts';
import { decoupledDecay, type Optimizer, type UpdateCall } from './optimizer.ts';

export interface AdamWOptions {
  beta1: number;
  beta2: number;
  eps: number;
}

/** Both moments after this step. */
export function moments(
  { g, gradient }: UpdateCall,
  m: Value,
  v: Value,
  { beta1, beta2 }: AdamWOptions,
): [Value, Value] {
  const average = g.add(m, g.mul(g.sub(gradient, m), 1 - beta1));
  const square = g.add(g.mul(v, beta2), g.mul(g.mul(gradient, gradient), 1 - beta2));
  return [average, square];
}

/** The parameter after this step, from bias-corrected moments. */
export function adamStep(call: UpdateCall, average: Value, square: Value, { eps }: AdamWOptions): Value {
  const { g, scalars } = call;
  const denominator = g.add(g.mul(g.sqrt(square), scalars.rootFactor), eps);
  const rate = g.mul(scalars.lr, scalars.stepSizeFactor);
  return g.sub(decoupledDecay(call), g.mul(g.div(average, denominator), rate));
}

export const adamw: Optimizer<AdamWOptions> = {
  states: ['exp_avg', 'exp_avg_sq'],
  alone: 'nothing',
  scalars: ({ beta1, beta2 }, step) => ({
    stepSizeFactor: 1 / (1 - beta1 ** step),
    rootFactor: 1 / Math.sqrt(1 - beta2 ** step),
  }),
  update: (call, options) => {
    const [average, square] = moments(call, call.states[0], call.states[1], options);
    return { parameter: adamStep(call, average, square, options), states: [average, square] };
  },
};
