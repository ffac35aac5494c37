// AMSGrad (Reddi et al. 2018, https://arxiv.org/abs/1904.09237), which is torch.optim.AdamW with `amsgrad`, or
// torch.optim.Adam where the decay is coupled: the largest mean of squares so far stands in the root, so that
// steps never grow again.
//   v' = max(v', v), then AdamW with v' in place of v
import { type AdamWOptions, adamStep, adamw, moments } from './adamw.ts';
import { coupledDecay, type Optimizer } from './optimizer.ts';

export interface AmsgradOptions extends AdamWOptions {
  /** Whether the decay is added to the gradient, as Adam does. */
  coupled?: boolean;
}

export const amsgrad: Optimizer<AmsgradOptions> = {
  ...adamw,
  states: ['exp_avg', 'exp_avg_sq', 'max_exp_avg_sq'],
  update: (whole, options) => {
    const call = options.coupled ? { ...whole, gradient: coupledDecay(whole), weightDecay: 0 } : whole;
    const [m, v, largest] = call.states;
    const [average, square] = moments(call, m, v, options);
    const most = call.g.maximum(largest, square);
    return { parameter: adamStep(call, average, most, options), states: [average, square, most] };
  },
};
