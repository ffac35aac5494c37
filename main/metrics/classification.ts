// Measures of predicted labels from the confusion of truth and prediction (definitions of scikit-learn,
// zero_division 0). In the registry the labels are those that occur as a reference: a generated text that is
// none of them is a miss.
import { corpusMetric, type Description, type MetricOf, type TextPair } from './metric.ts';
import { trim } from './words.ts';

export type Average = 'micro' | 'macro' | 'weighted';

export interface LabelScores {
  precision: number;
  recall: number;
  f1: number;
}

interface LabelCounts {
  right: number;
  predicted: number;
  /** How often the label is the true one (its support). */
  actual: number;
}

const ratio = (numerator: number, denominator: number) => (denominator === 0 ? 0 : numerator / denominator);

function scoresOf({ right, predicted, actual }: LabelCounts): LabelScores {
  return {
    precision: ratio(right, predicted),
    recall: ratio(right, actual),
    f1: ratio(2 * right, predicted + actual),
  };
}

function countLabels<L>(truth: readonly L[], prediction: readonly L[], labels: readonly L[]): LabelCounts[] {
  const counts = new Map(labels.map((label) => [label, { right: 0, predicted: 0, actual: 0 }]));
  truth.forEach((actual, i) => {
    const wanted = counts.get(actual);
    const got = counts.get(prediction[i]);
    if (wanted !== undefined) wanted.actual += 1;
    if (got !== undefined) got.predicted += 1;
    if (wanted !== undefined && wanted === got) wanted.right += 1;
  });
  return labels.map((label) => counts.get(label)!);
}

/** matrix[i][j]: how many records of label i were given label j. Pairs with another label are left out. */
export function confusionMatrix<L>(
  truth: readonly L[],
  prediction: readonly L[],
  labels: readonly L[],
): number[][] {
  const place = new Map(labels.map((label, i) => [label, i]));
  const matrix = labels.map(() => new Array<number>(labels.length).fill(0));
  truth.forEach((actual, i) => {
    const row = place.get(actual);
    const column = place.get(prediction[i]);
    if (row !== undefined && column !== undefined) matrix[row][column] += 1;
  });
  return matrix;
}

/** Precision, recall and F1 of each label, with its support. */
export function scoresPerLabel<L>(
  truth: readonly L[],
  prediction: readonly L[],
  labels: readonly L[],
): (LabelScores & { label: L; support: number })[] {
  return countLabels(truth, prediction, labels).map((counts, i) => ({
    label: labels[i],
    ...scoresOf(counts),
    support: counts.actual,
  }));
}

/** micro: all decisions together; macro: every label the same; weighted: every label by its support. */
export function averageScores<L>(
  truth: readonly L[],
  prediction: readonly L[],
  labels: readonly L[],
  average: Average,
): LabelScores {
  const counts = countLabels(truth, prediction, labels);
  const sumOf = (key: keyof LabelCounts) => counts.reduce((sum, label) => sum + label[key], 0);
  if (average === 'micro') {
    return scoresOf({ right: sumOf('right'), predicted: sumOf('predicted'), actual: sumOf('actual') });
  }
  const weights = counts.map(({ actual }) => (average === 'macro' ? 1 : actual));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const mean = (key: keyof LabelScores) =>
    ratio(
      counts.reduce((sum, label, i) => sum + weights[i] * scoresOf(label)[key], 0),
      total,
    );
  return { precision: mean('precision'), recall: mean('recall'), f1: mean('f1') };
}

/** Mean recall of the labels that occur in the truth. */
export function balancedAccuracy<L>(truth: readonly L[], prediction: readonly L[]): number {
  return averageScores(truth, prediction, [...new Set(truth)], 'macro').recall;
}

/**
 * Matthews' correlation (Gorodkin 2004 for several labels), -1 to 1; 0 where truth or prediction is all one
 * label.
 */
export function matthewsCorrelation<L>(truth: readonly L[], prediction: readonly L[]): number {
  const counts = countLabels(truth, prediction, [...new Set([...truth, ...prediction])]);
  const n = truth.length;
  const sum = (value: (counts: LabelCounts) => number) => counts.reduce((total, c) => total + value(c), 0);
  const right = sum((c) => c.right);
  const covariance = right * n - sum((c) => c.predicted * c.actual);
  const spread = (n * n - sum((c) => c.predicted ** 2)) * (n * n - sum((c) => c.actual ** 2));
  return spread === 0 ? 0 : covariance / Math.sqrt(spread);
}

interface Labelled {
  truth: string;
  prediction: string;
}

function labelMetric(
  description: Omit<Description<'text'>, 'betterWhen' | 'needs'>,
  value: (truth: string[], prediction: string[]) => number,
): MetricOf<'text'> {
  return corpusMetric(
    { ...description, betterWhen: 'higher', needs: 'text' },
    ({ output, references }: TextPair): Labelled => {
      const labels = references.map(trim);
      const prediction = trim(output);
      return { truth: labels.includes(prediction) ? prediction : labels[0], prediction };
    },
    (all) =>
      value(
        all.map(({ truth }) => truth),
        all.map(({ prediction }) => prediction),
      ),
    { each: false },
  );
}

const averages: readonly [Average, string, string][] = [
  ['micro', 'all decisions together', 'over all decisions together'],
  ['macro', 'labels alike', 'as the mean over labels, rare ones counting as much as frequent ones'],
  ['weighted', 'labels by frequency', 'as the mean over labels, each by how often it is the right one'],
];

const measures: readonly [keyof LabelScores, string, string][] = [
  ['precision', 'Precision', 'How often a predicted label is right'],
  ['recall', 'Recall', 'How often the records of a label are found'],
  ['f1', 'Label F1', 'Precision and recall of labels in one number'],
];

/** Precision, recall and F1 in each average, then two measures for uneven labels. */
export const classification: readonly MetricOf<'text'>[] = [
  ...measures.flatMap(([key, name, what]) =>
    averages.map(([average, short, how]) =>
      labelMetric(
        {
          id: `${key}-${average}`,
          label: `${name}, ${short} (${average})`,
          unit: '0 to 1',
          description: `${what}, ${how}.`,
        },
        (truth, prediction) => averageScores(truth, prediction, [...new Set(truth)], average)[key],
      ),
    ),
  ),
  labelMetric(
    {
      id: 'balanced-accuracy',
      label: 'Right label, labels alike (balanced accuracy)',
      unit: '%',
      description: 'The share of right labels within each label, then the mean over labels.',
    },
    balancedAccuracy,
  ),
  labelMetric(
    {
      id: 'matthews',
      label: 'Agreement of labels (Matthews correlation)',
      unit: '-1 to 1',
      description: 'Correlation of true and predicted labels; 0 is chance, however frequent each label is.',
    },
    matthewsCorrelation,
  ),
];
