// Brier score (Brier 1950): squared distance of the probabilities from the truth. With two classes the
// probability of class 1 alone is held against 0 or 1; with more it is the sum over the classes.
import { meanMetric, type ScorePair } from './metric.ts';

/** Squared error of one record. */
export function brierOf({ probabilities, truth }: ScorePair): number {
  if (probabilities.length === 2) return (probabilities[1] - truth) ** 2;
  return probabilities.reduce((sum, probability, i) => sum + (probability - (i === truth ? 1 : 0)) ** 2, 0);
}

export const brier = meanMetric(
  {
    id: 'brier',
    label: 'Squared error of the probabilities (Brier)',
    unit: '0 to 1',
    description: 'How far the probabilities lie from what was true; rewards being sure only when right.',
    betterWhen: 'lower',
    needs: 'scores',
  },
  brierOf,
);
