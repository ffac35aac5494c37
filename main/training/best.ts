// Which validation is the best so far, and when a run ends because none is better: pure, over the value of one measure. Does
// not know how it is measured.

/** How the validations went so far; part of a checkpoint. */
export interface Judged {
  /** The best one; its `value` is the loss where the recipe names no other measure. */
  best: { step: number; loss: number; value?: number } | null;
  /** The value that the next gain is counted from; that of the best unless given. */
  gainFrom?: number;
  validationsWithoutGain: number;
}

export interface Rule {
  betterWhen: 'higher' | 'lower';
  /** A gain is more than this, in the unit of the measure; many small ones add up to one. */
  minimumGain: number;
  /** Validations in a row without a gain that end a run; 0 = it never ends early. */
  patience: number;
}

export interface Verdict {
  judged: Judged;
  /** Better than all before, by however little. */
  improved: boolean;
  stop: boolean;
}

/** Judges one validation. The one before the first step, of weights that are not trained yet, is compared with none. */
export function judge(
  before: Judged,
  { step, loss, value }: { step: number; loss: number; value: number },
  { betterWhen, minimumGain, patience }: Rule,
): Verdict {
  if (step === 0) return { judged: before, improved: false, stop: false };
  const gainOver = (other: number) => (betterWhen === 'higher' ? value - other : other - value);
  const best = before.best && (before.best.value ?? before.best.loss);
  const from = before.gainFrom ?? best;
  const improved = best === null || gainOver(best) > 0;
  const gained = from === null || gainOver(from) > minimumGain;
  const validationsWithoutGain = gained ? 0 : before.validationsWithoutGain + 1;
  const gainFrom = gained ? value : from;
  return {
    judged: { best: improved ? { step, loss, value } : before.best, gainFrom, validationsWithoutGain },
    improved,
    stop: patience > 0 && validationsWithoutGain >= patience,
  };
}
