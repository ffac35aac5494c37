// Expected calibration error (Naeini et al. 2015; Guo et al. 2017): does a classifier that says 80 % prove
// right in 80 % of such records? Takes the probability of the top class, in bins of equal width.
import { corpusMetric, type ScorePair } from './metric.ts';

export interface TopLabel {
  confidence: number;
  hit: boolean;
}

/** The most probable class (the first of equals) and whether it is the true one. */
export function topLabel({ probabilities, truth }: ScorePair): TopLabel {
  const confidence = Math.max(...probabilities);
  return { confidence, hit: probabilities.indexOf(confidence) === truth };
}

/** Mean gap between confidence and hits over bins (k/n, (k+1)/n]; 0 belongs to the first. */
export function calibrationError(records: readonly TopLabel[], bins: number): number {
  const gaps = new Float64Array(bins);
  for (const { confidence, hit } of records) {
    let bin = Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1));
    if (bin > 0 && confidence <= bin / bins)
      bin -= 1; // borders compare as k / n, not as confidence * n
    else if (bin < bins - 1 && confidence > (bin + 1) / bins) bin += 1;
    gaps[bin] += (hit ? 1 : 0) - confidence;
  }
  return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / records.length;
}

export const ece = corpusMetric(
  {
    id: 'ece',
    label: 'Calibration error (ECE)',
    unit: '0 to 1',
    description: 'How far the stated confidence is from how often it is right, over 15 levels of confidence.',
    betterWhen: 'lower',
    needs: 'scores',
  },
  topLabel,
  (records) => calibrationError(records, 15),
  { each: false },
);
