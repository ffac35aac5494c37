// Exact tests and intervals for paired comparisons and agreement. Knows no metric: takes counts or values of
// records. Ordered by growing complexity.

/** Two-sided normal quantile of 95 %. */
const z95 = 1.959963984540054;

/**
 * Wilson's 95 % interval (1927) for a share of `successes` among `count`; never empty, unlike a bootstrap at
 * 0 or 1.
 */
export function wilsonInterval(successes: number, count: number): { low: number; high: number } {
  const share = successes / count;
  const square = z95 ** 2;
  const centre = (share + square / (2 * count)) / (1 + square / count);
  const half =
    (z95 / (1 + square / count)) * Math.sqrt((share * (1 - share)) / count + square / (4 * count ** 2));
  return {
    low: successes === 0 ? 0 : centre - half,
    high: successes === count ? 1 : centre + half,
  };
}

/**
 * Exact two-sided McNemar test: could a fair coin have split the records that only one of two models got
 * right so?
 * p = 1 where there are none.
 */
export function mcnemarExact(onlyFirst: number, onlySecond: number): number {
  const n = onlyFirst + onlySecond;
  let logTerm = -n * Math.LN2; // log of P(0 of n)
  let tail = 0;
  for (let k = 0; k <= Math.min(onlyFirst, onlySecond); k += 1) {
    tail += Math.exp(logTerm);
    logTerm += Math.log(n - k) - Math.log(k + 1);
  }
  return Math.min(1, 2 * tail);
}

/**
 * Cohen's kappa (1960; weighted 1968): agreement of two raters beyond chance. With weights, the labels must
 * be numbers
 * and stand for ordered grades. Null where chance alone agrees fully (both always give one label).
 */
export function cohenKappa<L extends string | number>(
  first: readonly L[],
  second: readonly L[],
  weights: 'none' | 'linear' | 'quadratic' = 'none',
): number | null {
  const labels = [...new Set([...first, ...second])].sort((a, b) =>
    typeof a === 'number' && typeof b === 'number' ? a - b : String(a) < String(b) ? -1 : 1,
  );
  const place = new Map(labels.map((label, i) => [label, i]));
  const distance = (i: number, j: number) =>
    weights === 'none' ? Number(i !== j) : weights === 'linear' ? Math.abs(i - j) : (i - j) ** 2;
  const frequencies = [first, second].map((ratings) => {
    const counts = new Array<number>(labels.length).fill(0);
    for (const label of ratings) counts[place.get(label)!] += 1;
    return counts;
  });
  let observed = 0;
  first.forEach((label, i) => {
    observed += distance(place.get(label)!, place.get(second[i])!);
  });
  let expected = 0;
  for (const [i, a] of frequencies[0].entries()) {
    for (const [j, b] of frequencies[1].entries()) expected += (distance(i, j) * a * b) / first.length;
  }
  return expected === 0 ? null : 1 - observed / expected;
}

export interface WilcoxonOptions {
  /**
   * `exact`: the distribution over all signs of the ranks, ties included. `auto`: exact up to 50 differences.
   */
  method: 'auto' | 'exact' | 'normal';
  /** `drop` leaves zero differences out (Wilcoxon); `pratt` ranks them first. */
  zeros: 'drop' | 'pratt';
  /** Continuity correction of the normal approximation. */
  correction: boolean;
}

/**
 * Two-sided Wilcoxon signed-rank test of paired values. `statistic` is the smaller of the two rank sums.
 * p = 1 where all differences are 0.
 */
export function wilcoxonSignedRank(
  first: readonly number[],
  second: readonly number[],
  options: WilcoxonOptions = { method: 'auto', zeros: 'drop', correction: false },
): { statistic: number; p: number } {
  const differences = first.map((value, i) => value - second[i]);
  const nonZero = differences.filter((difference) => difference !== 0);
  const zeros = options.zeros === 'pratt' ? differences.length - nonZero.length : 0;
  const { ranks, tieTerm } = rankAbsolute(nonZero, zeros);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const positive = sum(ranks.filter((_, i) => nonZero[i] > 0));
  const negative = sum(ranks) - positive;
  const statistic = Math.min(positive, negative);
  if (nonZero.length === 0) return { statistic, p: 1 };
  if (options.method === 'exact' || (options.method === 'auto' && nonZero.length <= 50)) {
    return { statistic, p: exactSignedRank(ranks, statistic) };
  }
  const n = nonZero.length + zeros;
  const mean = (n * (n + 1) - zeros * (zeros + 1)) / 4;
  const variance = (n * (n + 1) * (2 * n + 1) - zeros * (zeros + 1) * (2 * zeros + 1)) / 24 - tieTerm / 48;
  const distance = Math.max(0, Math.abs(statistic - mean) - (options.correction ? 0.5 : 0));
  return { statistic, p: Math.min(1, complementaryError(distance / Math.sqrt(2 * variance))) };
}

/**
 * Ranks of |values| after `offset` smaller ones; equal values share their mean rank. tieTerm = sum of t^3 -
 * t.
 */
function rankAbsolute(values: readonly number[], offset: number): { ranks: number[]; tieTerm: number } {
  const order = values.map((_, i) => i).sort((a, b) => Math.abs(values[a]) - Math.abs(values[b]));
  const ranks = new Array<number>(values.length);
  let tieTerm = 0;
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && Math.abs(values[order[end]]) === Math.abs(values[order[start]])) end += 1;
    for (let i = start; i < end; i += 1) ranks[order[i]] = offset + (start + 1 + end) / 2;
    tieTerm += (end - start) ** 3 - (end - start);
    start = end;
  }
  return { ranks, tieTerm };
}

/**
 * 2 P(rank sum <= statistic) when each rank is positive with chance 1/2. Ranks may end in .5, so sums are
 * doubled.
 */
function exactSignedRank(ranks: readonly number[], statistic: number): number {
  const steps = ranks.map((rank) => Math.round(2 * rank));
  const chances = new Float64Array(steps.reduce((sum, step) => sum + step, 1));
  chances[0] = 1;
  let reach = 0;
  for (const step of steps) {
    reach += step;
    for (let sum = reach; sum >= 0; sum -= 1) {
      chances[sum] = (chances[sum] + (sum >= step ? chances[sum - step] : 0)) / 2;
    }
  }
  const tail = chances.subarray(0, Math.round(2 * statistic) + 1).reduce((sum, chance) => sum + chance, 0);
  return Math.min(1, 2 * tail);
}

/** erfc(x) for x >= 0, to about 1e-14: Taylor series below 2, continued fraction above. */
function complementaryError(x: number): number {
  if (x < 2) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * sum; n += 1) {
      term *= -(x * x) / n;
      sum += term / (2 * n + 1);
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let n = 60; n >= 1; n -= 1) fraction = n / 2 / (x + fraction);
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * (x + fraction));
}
