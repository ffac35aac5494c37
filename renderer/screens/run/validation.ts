// Validations of a run in words: which one is the best by the measure of its recipe, and what that measure says.
import type { ValidationMetric } from '../../../main/contract/losses.ts';
import type { Run, ValidationPoint } from '../../../main/contract/runs.ts';
import { integer, score } from '../../components/format.ts';
import { MEASURE_LABELS } from '../train/controls.ts';

type Judged = Pick<Run, 'bestStep' | 'validationLoss'> & {
  recipe: { settings: Pick<Run['recipe']['settings'], 'validationMetric'> };
};

/** What runs are ranked by, inside a sentence. */
export const measureWords = (measure: ValidationMetric): string =>
  measure === 'loss' ? 'the validation loss' : `"${MEASURE_LABELS[measure]}"`;

/** The measure that the recipe names beside the loss; null where it is the loss. */
export function measureOf({ recipe }: Pick<Judged, 'recipe'>): string | null {
  const { validationMetric } = recipe.settings;
  return validationMetric === 'loss' ? null : MEASURE_LABELS[validationMetric];
}

/** The lowest loss, or the newest point that was the best by the measure of the recipe; null before there is one. */
export function bestPoint(
  run: Pick<Judged, 'recipe'>,
  validation: readonly ValidationPoint[],
): ValidationPoint | null {
  if (measureOf(run) !== null) return validation.findLast((point) => point.best) ?? null;
  return validation.reduce<ValidationPoint | null>(
    (low, point) => (low === null || point.loss < low.loss ? point : low),
    null,
  );
}

/**
 * `best 0.4312 at step 40`, or what the measure says: `Right labels (accuracy) 0.9167; best 0.9583 at step 40`. Null before
 * there is a validation.
 */
export function bestWords(run: Judged, validation: readonly ValidationPoint[]): string | null {
  const measure = measureOf(run);
  const best = bestPoint(run, validation);
  const at = run.bestStep === null ? '' : ` at step ${integer(run.bestStep)}`;
  if (measure !== null) {
    const newest = validation.at(-1)?.score;
    if (newest === undefined) return null;
    return `${measure} ${score(newest)}${best?.score === undefined ? '' : `; best ${score(best.score)}${at}`}`;
  }
  const losses = [best?.loss, run.validationLoss].flatMap((loss) => loss ?? []);
  return losses.length === 0 ? null : `best ${score(Math.min(...losses))}${at}`;
}

/** Beside the best point in the chart. */
export function bestNote(run: Pick<Judged, 'recipe'>, { loss, score: value }: ValidationPoint): string {
  const measure = measureOf(run);
  return measure === null || value === undefined
    ? `best validation ${score(loss)}`
    : `best by ${measure}, ${score(value)}`;
}
