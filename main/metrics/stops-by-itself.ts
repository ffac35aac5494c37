// Whether answers end by themselves: a tuned model that never learned its end token runs on to the limit.
import { meanMetric } from './metric.ts';

export const stopsByItself = meanMetric(
  {
    id: 'stops-by-itself',
    label: 'Stops by itself',
    unit: '%',
    description: 'The share of answers that the model ended itself, before the token limit.',
    betterWhen: 'higher',
    needs: 'text',
    binary: true,
  },
  ({ stopped }) => (stopped ? 1 : 0),
);
