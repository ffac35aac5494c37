// What the health cards of a run say, from its metrics: planned learning rate, clipped gradients, odd losses.
// Pure: the rules are here, the drawing is not.
import type { MetricPoint, Run, TrainSettings, ValidationPoint } from '../../../main/contract/runs.ts';
import type { Point } from '../../components/charts/series.ts';

/**
 * The learning rate at a step (0-based) of the three plain schedules: linear warm-up from 0, then the schedule down to 0
 * at the last step. Only for plans that do not bring the rates themselves.
 */
export function learningRateAt(settings: TrainSettings, step: number, steps: number): number {
  const { learningRate, warmupSteps, schedule } = settings;
  if (step < warmupSteps) return (learningRate * step) / Math.max(1, warmupSteps);
  if (schedule === 'constant') return learningRate;
  const done = Math.min(1, (step - warmupSteps) / Math.max(1, steps - warmupSteps));
  return schedule === 'linear'
    ? learningRate * (1 - done)
    : learningRate * 0.5 * (1 + Math.cos(Math.PI * done));
}

/** The rate at a step between those of a plan, which are evenly spread over the run. */
function rateBetween(rates: readonly number[], step: number, steps: number): number {
  const place = Math.min(1, step / Math.max(1, steps)) * (rates.length - 1);
  const below = Math.floor(place);
  const [low = 0, high = low] = rates.slice(below, below + 2);
  return low + (high - low) * (place - below);
}

/** The planned learning rate from `from` to the end, at most 60 points; `rates` are those of the plan. */
export function plannedRate(
  settings: TrainSettings,
  from: number,
  steps: number,
  rates: readonly number[] = [],
): Point[] {
  const count = Math.min(60, steps - from);
  if (count <= 0) return [];
  return Array.from({ length: count + 1 }, (_, i) => {
    const x = from + Math.round((i * (steps - from)) / count);
    return { x, y: rates.length > 0 ? rateBetween(rates, x, steps) : learningRateAt(settings, x, steps) };
  });
}

/** Share of the steps whose gradient was longer than the limit, 0 to 1; null without a limit or steps. */
export function clippedShare(train: readonly MetricPoint[], limit: number): number | null {
  if (limit === 0 || train.length === 0) return null;
  return train.filter((point) => point.gradNorm > limit).length / train.length;
}

export interface HealthNote {
  level: 'good' | 'warning' | 'bad';
  word: string;
  sentence: string;
}

/** One verdict on how the run goes, with the reason and what to do. */
export function healthOf(
  run: Run,
  train: readonly MetricPoint[],
  validation: readonly ValidationPoint[],
): HealthNote {
  const broken = train.find((point) => !Number.isFinite(point.loss));
  const rate = run.recipe.settings.learningRate;
  if (broken)
    return {
      level: 'bad',
      word: 'Not a number',
      sentence: `Since step ${broken.step} the loss is not a number. The learning rate ${rate} is probably too high.`,
    };
  const best = validation.reduce((low, point) => Math.min(low, point.loss), Number.POSITIVE_INFINITY);
  const rising = validation.slice(-2).filter((point) => point.loss > best * 1.02).length;
  if (validation.length >= 4 && rising === 2)
    return {
      level: 'warning',
      word: 'Validation rises',
      sentence: `The validation loss rises since step ${
        validation.find((point) => point.loss === best)?.step ?? 0
      }. More steps make it learn by heart; the best checkpoint is kept.`,
    };
  const recent = train.slice(-40);
  const clipped = clippedShare(recent, run.recipe.settings.maxGradNorm);
  if (recent.length === 40 && clipped !== null && clipped > 0.8)
    return {
      level: 'warning',
      word: 'Often clipped',
      sentence: `${Math.round(clipped * 100)} % of the last 40 steps were clipped. A lower learning rate is calmer.`,
    };
  return { level: 'good', word: 'All normal', sentence: 'Loss, gradients, speed and memory are as planned.' };
}

/** Means of the last `count` steps; null before the first step. */
export function meanOfLast(
  train: readonly MetricPoint[],
  count: number,
  value: (point: MetricPoint) => number,
): number | null {
  const last = train.slice(-count).map(value).filter(Number.isFinite);
  return last.length === 0 ? null : last.reduce((sum, x) => sum + x, 0) / last.length;
}
