// Which of some runs is the best: by the measure that all of them were judged by, or else by the validation loss. Where
// values of runs are not on one scale, none is. Pure: the screens and the command line rank alike.
import type { LossUnit, ValidationMetric } from './losses.ts';
import type { Run } from './runs.ts';

/** Measures of which less is better; more is better of all others. */
const lowerIsBetter: readonly ValidationMetric[] = ['loss', 'mean-absolute-error', 'root-mean-squared-error'];

export const betterWhen = (measure: ValidationMetric): 'higher' | 'lower' =>
  lowerIsBetter.includes(measure) ? 'lower' : 'higher';

/** The part of a run that it is ranked by. */
export type Ranked = Pick<Run, 'plan' | 'validationLoss' | 'validationScore'> & {
  recipe: Pick<Run['recipe'], 'versionId' | 'modelId'> & {
    settings: Pick<Run['recipe']['settings'], 'validationMetric'>;
  };
};

/** The value of a run's best validation by a measure; null where the run has none. */
export function standingBy(run: Ranked, measure: ValidationMetric): number | null {
  if (measure === 'loss') return run.validationLoss;
  return run.recipe.settings.validationMetric === measure ? run.validationScore : null;
}

/** What these runs are ranked by: the one measure that all validated ones have a value of, or else the loss. */
export function sharedMeasure(runs: readonly Ranked[]): ValidationMetric {
  const validated = runs.filter(({ validationLoss }) => validationLoss !== null);
  const [first] = validated;
  if (first === undefined) return 'loss';
  const measure = first.recipe.settings.validationMetric;
  return validated.every((run) => standingBy(run, measure) !== null) ? measure : 'loss';
}

/** Why these runs must not be ranked; null when they may. */
export function notComparable(runs: readonly Ranked[]): string | null {
  if (new Set(runs.map((run) => run.recipe.versionId)).size > 1)
    return 'These runs learned from different dataset versions. Their losses are not on one scale, so no run is ranked.';
  if (new Set(runs.map((run) => run.recipe.modelId)).size > 1)
    return 'These runs use different base models. A loss per token depends on the tokenizer, so no run is ranked.';
  if (new Set(plannedUnits(runs)).size > 1)
    return 'These runs learned different tasks. Their losses count different things, so no run is ranked.';
  return null;
}

function plannedUnits(runs: readonly Ranked[]): LossUnit[] {
  return runs.flatMap(({ plan }) => (plan === null ? [] : plan.lossUnit));
}

/** The best run by the measure that they share, the first of equal ones; null where there is none, or no ranking. */
export function bestRun<One extends Ranked>(runs: readonly One[]): One | null {
  if (notComparable(runs) !== null) return null;
  const measure = sharedMeasure(runs);
  const sign = betterWhen(measure) === 'higher' ? -1 : 1;
  let best: { run: One; value: number } | null = null;
  for (const run of runs) {
    const value = standingBy(run, measure);
    if (value === null) continue;
    if (best === null || sign * value < sign * best.value) best = { run, value };
  }
  return best?.run ?? null;
}
