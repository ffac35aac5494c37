// AMSGrad (Reddi et al. 2018, https://arxiv.org/abs/1904.09237), which is torch.optim.AdamW with `amsgrad`:
// the largest mean of squares so far stands in the root, so that steps never grow again.
//   v' = max(v', v), then AdamW with v' in place of v
import { type AdamWOptions, adamStep, adamw, moments } from './adamw.ts';
import type { Optimizer } from './optimizer.ts';

export const amsgrad: Optimizer<AdamWOptions> = {
  ...adamw,
  states: ['exp_avg', 'exp_avg_sq', 'max_exp_avg_sq'],
  update: (call, options) => {
    const [m, v, largest] = call.states;
    const [average, square] = moments(call, m, v, options);
    const most = call.g.maximum(largest, square);
    return { parameter: adamStep(call, average, most, options), states: [average, square, most] };
  },
};
