// How sure a value is, and whether base and tuned really differ: seeded bootstrap over records (Efron 1979),
// percentile intervals of 95 %. Base and tuned are always resampled together, so the difference compares
// record by record.
import { assert } from '../errors.ts';
import { createRandom } from '../tokens/random.ts';
import type { Share, Statistic } from './metric.ts';
import { wilsonInterval } from './paired-tests.ts';

export interface Estimate {
  value: number;
  low: number;
  high: number;
}

export type Verdict = 'better' | 'worse' | 'no-clear-change';

export interface Comparison {
  base: Estimate;
  tuned: Estimate;
  /** tuned minus base. */
  difference: Estimate;
  verdict: Verdict;
}

export interface BootstrapOptions {
  seed?: number;
  resamples?: number;
}

export interface CompareOptions extends BootstrapOptions {
  betterWhen: 'higher' | 'lower';
  /**
   * Values are 0 or 1. A share of 0 or 1 then gets Wilson's interval, where a bootstrap would claim
   * certainty.
   */
  binary?: boolean;
}

/** With fewer pairs not even full agreement is clear: a two-sided sign test of 5 pairs ends at p = 0.0625. */
export const fewestPairs = 6;

const defaults = { seed: 42, resamples: 2000 };

/** Linear interpolation between order statistics, as NumPy's default. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

/**
 * Resamples in which the statistic is not defined are left out; without any, the interval is the value
 * itself.
 * It always holds the value, which the percentiles of a biased statistic (calibration error) may not.
 */
function estimate(value: number, draws: Float64Array): Estimate {
  const sorted = draws.filter((draw) => !Number.isNaN(draw)).sort();
  if (sorted.length === 0) return { value, low: value, high: value };
  return {
    value,
    low: Math.min(value, quantile(sorted, 0.025)),
    high: Math.max(value, quantile(sorted, 0.975)),
  };
}

/** Calls `visit` with the indices of each resample of `count` records; the same array is used again. */
function resample(count: number, options: BootstrapOptions, visit: (indices: Uint32Array) => void): void {
  const { seed, resamples } = { ...defaults, ...options };
  const random = createRandom(seed);
  const indices = new Uint32Array(count);
  for (let draw = 0; draw < resamples; draw += 1) {
    for (let i = 0; i < count; i += 1) indices[i] = random.below(count);
    visit(indices);
  }
}

/** The value over all `count` records with its 95 % interval. */
export function bootstrap(count: number, statistic: Statistic, options: BootstrapOptions = {}): Estimate {
  assert(count > 0, 'a bootstrap has records');
  const draws: number[] = [];
  resample(count, options, (indices) => draws.push(statistic(indices)));
  return estimate(statistic(Uint32Array.from({ length: count }, (_, i) => i)), Float64Array.from(draws));
}

/** Base against tuned by any statistic of the same `count` records. */
export function compareStatistics(
  count: number,
  base: Statistic,
  tuned: Statistic,
  options: CompareOptions,
): Comparison {
  assert(count > 0, 'a comparison has records');
  const all = Uint32Array.from({ length: count }, (_, i) => i);
  const baseDraws: number[] = [];
  const tunedDraws: number[] = [];
  resample(count, options, (indices) => {
    baseDraws.push(base(indices));
    tunedDraws.push(tuned(indices));
  });
  const differences = Float64Array.from(tunedDraws, (draw, i) => draw - baseDraws[i]);
  const result = {
    base: estimate(base(all), Float64Array.from(baseDraws)),
    tuned: estimate(tuned(all), Float64Array.from(tunedDraws)),
    difference: estimate(tuned(all) - base(all), differences),
  };
  if (options.binary) widenCertainties(result, count);
  return { ...result, verdict: verdictOf(result.difference, count, options.betterWhen) };
}

/**
 * Base against tuned by the mean of one value for each record; `base[i]` and `tuned[i]` are the same record.
 */
export function compare(
  base: readonly number[],
  tuned: readonly number[],
  options: CompareOptions,
): Comparison {
  const share = (value: number): Share => ({ sum: value, count: 1 });
  const binary = options.binary ?? [...base, ...tuned].every((value) => value === 0 || value === 1);
  return compareRatios(base.map(share), tuned.map(share), { ...options, binary });
}

/** Base against tuned by (sum of sums) / (sum of counts), such as nats over tokens. */
export function compareRatios(
  base: readonly Share[],
  tuned: readonly Share[],
  options: CompareOptions,
): Comparison {
  assert(base.length === tuned.length, 'base and tuned hold the same records');
  return compareStatistics(base.length, ratioOf(base), ratioOf(tuned), options);
}

function ratioOf(shares: readonly Share[]): Statistic {
  return (indices) => {
    let sum = 0;
    let count = 0;
    for (let i = 0; i < indices.length; i += 1) {
      sum += shares[indices[i]].sum;
      count += shares[indices[i]].count;
    }
    return count === 0 ? Number.NaN : sum / count;
  };
}

/**
 * Where every record agrees, a bootstrap interval has no width; Wilson's has, and Newcombe's (1998) for the
 * difference.
 */
function widenCertainties({ base, tuned, difference }: Omit<Comparison, 'verdict'>, count: number): void {
  const certain = [base, tuned].filter(({ value }) => value === 0 || value === 1);
  for (const side of certain) Object.assign(side, wilsonInterval(Math.round(side.value * count), count));
  if (certain.length < 2) return;
  const { value } = difference;
  difference.low = value - Math.hypot(tuned.value - tuned.low, base.high - base.value);
  difference.high = value + Math.hypot(tuned.high - tuned.value, base.value - base.low);
}

/** A difference whose interval holds 0, or which rests on too few pairs, is no clear change. */
export function verdictOf(difference: Estimate, count: number, betterWhen: 'higher' | 'lower'): Verdict {
  if (count < fewestPairs || !(difference.low > 0 || difference.high < 0)) return 'no-clear-change';
  return difference.low > 0 === (betterWhen === 'higher') ? 'better' : 'worse';
}
