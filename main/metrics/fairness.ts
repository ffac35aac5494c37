// Fairness of yes/no decisions between groups: rates for each group and the largest gaps between them. A rate
// over no row counts as 0; `positives` and `negatives` tell where that happened.

export interface GroupRates {
  n: number;
  /** Share of positive decisions. */
  selectionRate: number;
  truePositiveRate: number;
  falsePositiveRate: number;
  positives: number;
  negatives: number;
  accuracy: number;
}

export interface Fairness {
  groups: Record<string, GroupRates>;
  /** Largest minus smallest selection rate. */
  demographicParityDifference: number;
  /** Smallest / largest selection rate; null when nobody is selected. */
  demographicParityRatio: number | null;
  /** Gap in the true positive rate. */
  equalOpportunityDifference: number;
  /** The larger of the gaps in true and false positive rate. */
  equalizedOddsDifference: number;
  accuracyDifference: number;
}

const share = (values: readonly boolean[]) =>
  values.length === 0 ? 0 : values.filter(Boolean).length / values.length;

/** `truth`, `decision` and `group` hold one entry a record. Definitions: Hardt et al. 2016. */
export function fairness(
  truth: readonly boolean[],
  decision: readonly boolean[],
  group: readonly string[],
): Fairness {
  const ratesOf = (name: string): GroupRates => {
    const rows = truth.map((_, i) => i).filter((i) => group[i] === name);
    const decisions = (rowsWanted: readonly number[]) => share(rowsWanted.map((i) => decision[i]));
    const positives = rows.filter((i) => truth[i]);
    const negatives = rows.filter((i) => !truth[i]);
    return {
      n: rows.length,
      selectionRate: decisions(rows),
      truePositiveRate: decisions(positives),
      falsePositiveRate: decisions(negatives),
      positives: positives.length,
      negatives: negatives.length,
      accuracy: share(rows.map((i) => truth[i] === decision[i])),
    };
  };
  const names = [...new Set(group)].sort();
  const groups = Object.fromEntries(names.map((name) => [name, ratesOf(name)]));
  const range = (rate: Exclude<keyof GroupRates, 'n' | 'positives' | 'negatives'>) => {
    const rates = Object.values(groups).map((entry) => entry[rate]);
    return { smallest: Math.min(...rates), largest: Math.max(...rates) };
  };
  const gap = (rate: Parameters<typeof range>[0]) => range(rate).largest - range(rate).smallest;
  const selection = range('selectionRate');
  return {
    groups,
    demographicParityDifference: gap('selectionRate'),
    demographicParityRatio: selection.largest === 0 ? null : selection.smallest / selection.largest,
    equalOpportunityDifference: gap('truePositiveRate'),
    equalizedOddsDifference: Math.max(gap('truePositiveRate'), gap('falsePositiveRate')),
    accuracyDifference: gap('accuracy'),
  };
}
