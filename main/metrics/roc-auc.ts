// Area under the ROC curve and its relatives: how well scores order records, without any threshold. Tied
// scores count half (Mann and Whitney). NaN where one of the two classes does not occur.
import { corpusMetric } from './metric.ts';

/**
 * Scores in falling order with, at the end of each run of equal scores, the positives and negatives so far.
 */
interface Cut {
  threshold: number;
  truePositives: number;
  falsePositives: number;
}

function cuts(positive: readonly boolean[], scores: readonly number[]): Cut[] {
  const order = scores.map((_, i) => i).sort((a, b) => scores[b] - scores[a]);
  const all: Cut[] = [];
  let truePositives = 0;
  let falsePositives = 0;
  order.forEach((record, i) => {
    if (positive[record]) truePositives += 1;
    else falsePositives += 1;
    if (i + 1 < order.length && scores[order[i + 1]] === scores[record]) return;
    all.push({ threshold: scores[record], truePositives, falsePositives });
  });
  return all;
}

/** Area under the ROC curve: the chance that a positive record scores above a negative one. */
export function areaUnderRoc(positive: readonly boolean[], scores: readonly number[]): number {
  let area = 0;
  let before: Omit<Cut, 'threshold'> = { truePositives: 0, falsePositives: 0 };
  for (const cut of cuts(positive, scores)) {
    area += ((cut.falsePositives - before.falsePositives) * (cut.truePositives + before.truePositives)) / 2;
    before = cut;
  }
  return area / (before.truePositives * before.falsePositives);
}

/** Every point of the curve, from threshold Infinity down. */
export function rocCurve(
  positive: readonly boolean[],
  scores: readonly number[],
): { falsePositiveRate: number[]; truePositiveRate: number[]; thresholds: number[] } {
  const points = [{ threshold: Number.POSITIVE_INFINITY, truePositives: 0, falsePositives: 0 }];
  points.push(...cuts(positive, scores));
  const end = points[points.length - 1];
  return {
    falsePositiveRate: points.map(({ falsePositives }) => falsePositives / end.falsePositives),
    truePositiveRate: points.map(({ truePositives }) => truePositives / end.truePositives),
    thresholds: points.map(({ threshold }) => threshold),
  };
}

/** Sum over thresholds of (gain in recall) * precision. */
export function averagePrecision(positive: readonly boolean[], scores: readonly number[]): number {
  const all = cuts(positive, scores);
  const positives = all[all.length - 1].truePositives;
  let recallBefore = 0;
  let sum = 0;
  for (const { truePositives, falsePositives } of all) {
    const recall = truePositives / positives;
    sum += ((recall - recallBefore) * truePositives) / (truePositives + falsePositives);
    recallBefore = recall;
  }
  return sum;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * Area for any number of classes. Two: of class 1. More: `one-vs-rest` is the mean over classes, `one-vs-one`
 * the mean
 * over ordered pairs of classes (Hand and Till 2001); every class counts the same.
 */
export function multiClassArea(
  truth: readonly number[],
  probabilities: readonly (readonly number[])[],
  mode: 'one-vs-rest' | 'one-vs-one',
): number {
  const column = (label: number, records: readonly number[]) => records.map((i) => probabilities[i][label]);
  const all = truth.map((_, i) => i);
  const classes = probabilities[0].map((_, label) => label);
  const area = (label: number, records: readonly number[]) =>
    areaUnderRoc(
      records.map((i) => truth[i] === label),
      column(label, records),
    );
  if (classes.length === 2) return area(1, all);
  if (mode === 'one-vs-rest') return mean(classes.map((label) => area(label, all)));
  return mean(
    classes.flatMap((label) =>
      classes
        .filter((other) => other !== label)
        .map((other) =>
          area(
            label,
            all.filter((i) => truth[i] === label || truth[i] === other),
          ),
        ),
    ),
  );
}

/**
 * Share of records whose true class is among the `k` most probable ones; of equals, the later class goes
 * first.
 */
export function topAccuracy(
  truth: readonly number[],
  probabilities: readonly (readonly number[])[],
  k: number,
): number {
  const above = (row: readonly number[], label: number) =>
    row.filter((p, i) => p > row[label] || (p === row[label] && i > label)).length;
  return mean(truth.map((label, i) => (above(probabilities[i], label) < k ? 1 : 0)));
}

export const rocAuc = corpusMetric(
  {
    id: 'roc-auc',
    label: 'Order of the scores (ROC AUC)',
    unit: '0 to 1',
    description:
      'The chance that a record of a class scores higher for it than one of another; 0.5 is chance.',
    betterWhen: 'higher',
    needs: 'scores',
  },
  (pair) => pair,
  (pairs) =>
    multiClassArea(
      pairs.map(({ truth }) => truth),
      pairs.map(({ probabilities }) => probabilities),
      'one-vs-rest',
    ),
  { each: false, undefinedWhen: 'it needs records of every class' },
);
