// Log loss of a classifier: mean of -log(probability of the true class), probabilities held off 0 and 1 by
// the float64 epsilon as scikit-learn does.
import { meanMetric, type ScorePair } from './metric.ts';

/** Nats for one record. */
export function logLossOf({ probabilities, truth }: ScorePair): number {
  return -Math.log(Math.min(Math.max(probabilities[truth], Number.EPSILON), 1 - Number.EPSILON));
}

export const logLoss = meanMetric(
  {
    id: 'log-loss',
    label: 'Log loss of the true class',
    unit: 'nats per record',
    description: 'How surprised the classifier is by the true class; being sure and wrong costs most.',
    betterWhen: 'lower',
    needs: 'scores',
  },
  logLossOf,
);
