// Adam (Kingma & Ba 2015, https://arxiv.org/abs/1412.6980) as torch.optim.Adam computes it: AdamW whose decay
// is added to the gradient instead (L2 regularisation).
//   d = g + decay p, then AdamW without decay
import { type AdamWOptions, adamw } from './adamw.ts';
import { coupledDecay, type Optimizer } from './optimizer.ts';

export const adam: Optimizer<AdamWOptions> = {
  ...adamw,
  update: (call, options) => adamw.update({ ...call, gradient: coupledDecay(call), weightDecay: 0 }, options),
};
