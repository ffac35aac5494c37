// Measures of answers that are sets of labels (definitions of scikit-learn for multi-label data, zero_division 0). The order
// of labels and their repetition do not count.
import { corpusMetric, type Description, type LabelSetPair, type MetricOf, meanMetric } from './metric.ts';

interface Counts {
  right: number;
  predicted: number;
  actual: number;
}

/** 2 right / (predicted + actual); 0 where there is neither. */
function f1Of({ right, predicted, actual }: Counts): number {
  return predicted + actual === 0 ? 0 : (2 * right) / (predicted + actual);
}

/** Over all labels together, whatever they are. */
export function microF1(pairs: readonly LabelSetPair[]): number {
  const counts = { right: 0, predicted: 0, actual: 0 };
  for (const { output, truth } of pairs) {
    counts.right += output.filter((label) => truth.includes(label)).length;
    counts.predicted += output.length;
    counts.actual += truth.length;
  }
  return f1Of(counts);
}

/** Mean over the labels that some record has; a label that no record has is wrong in `microF1` alone. NaN without labels. */
export function macroF1(pairs: readonly LabelSetPair[]): number {
  const counts = new Map<string, Counts>();
  for (const label of pairs.flatMap(({ truth }) => truth))
    counts.set(label, { right: 0, predicted: 0, actual: 0 });
  for (const { output, truth } of pairs) {
    for (const label of truth) (counts.get(label) as Counts).actual += 1;
    for (const label of output) {
      const own = counts.get(label);
      if (own === undefined) continue;
      own.predicted += 1;
      if (truth.includes(label)) own.right += 1;
    }
  }
  return [...counts.values()].reduce((sum, own) => sum + f1Of(own), 0) / counts.size;
}

const isSame = ({ output, truth }: LabelSetPair): boolean =>
  output.length === truth.length && output.every((label) => truth.includes(label));

const setMatch = meanMetric<'labelSets'>(
  {
    id: 'label-sets',
    label: 'All labels right (exact set)',
    unit: '%',
    description: 'The share of records that got all their labels and no other.',
    betterWhen: 'higher',
    needs: 'labelSets',
    binary: true,
  },
  (pair) => (isSame(pair) ? 1 : 0),
);

const ofSets = (
  description: Pick<Description<'labelSets'>, 'id' | 'label' | 'description'>,
  value: (pairs: readonly LabelSetPair[]) => number,
  each: boolean,
): MetricOf<'labelSets'> =>
  corpusMetric<'labelSets', LabelSetPair>(
    { ...description, unit: '0 to 1', betterWhen: 'higher', needs: 'labelSets' },
    (pair) => pair,
    value,
    { each, undefinedWhen: 'none of them has a label' },
  );

export const labelSets: readonly MetricOf<'labelSets'>[] = [
  setMatch,
  ofSets(
    {
      id: 'label-sets-f1-micro',
      label: 'Labels of sets, all decisions together (micro F1)',
      description: 'Precision and recall of several labels in one number, over all decisions together.',
    },
    microF1,
    true,
  ),
  ofSets(
    {
      id: 'label-sets-f1-macro',
      label: 'Labels of sets, labels alike (macro F1)',
      description: 'F1 of each label, then the mean over labels: rare ones count as much as frequent ones.',
    },
    macroF1,
    false,
  ),
];
