// Perplexity: exp of the token-weighted mean loss (not a mean of perplexities).
import { ratioMetric } from './metric.ts';

export const perplexity = ratioMetric(
  {
    id: 'perplexity',
    label: 'Perplexity',
    unit: 'tokens',
    description:
      'Between how many equally likely tokens the model hesitates at each place of the right answer.',
    betterWhen: 'lower',
    needs: 'logits',
  },
  ({ sum, tokens }) => ({ sum, count: tokens }),
  Math.exp,
);
