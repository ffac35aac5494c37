import { describe, expect, it } from 'vitest';
import {
  bootstrap,
  compare,
  compareRatios,
  compareStatistics,
  fewestPairs,
} from '../../../main/metrics/statistics.ts';
import { createRandom } from '../../../main/tokens/random.ts';

const mean = (values: readonly number[]) => (indices: ArrayLike<number>) =>
  Array.from(indices, (i) => values[i]).reduce((sum, value) => sum + value, 0) / indices.length;
const higher = { betterWhen: 'higher' } as const;

function draws(count: number, seed: number, shift = 0): number[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => random.normal() + shift);
}

describe('the bootstrap', () => {
  it('gives the same interval for the same seed and another for another', () => {
    const values = draws(50, 1);
    expect(bootstrap(50, mean(values))).toEqual(bootstrap(50, mean(values)));
    expect(bootstrap(50, mean(values), { seed: 7 })).not.toEqual(bootstrap(50, mean(values)));
  });

  it('holds the true mean in about 95 of 100 samples', () => {
    let held = 0;
    for (let sample = 0; sample < 300; sample += 1) {
      const { low, high } = bootstrap(60, mean(draws(60, 1000 + sample)), { resamples: 400 });
      if (low <= 0 && 0 <= high) held += 1;
    }
    expect(held / 300).toBeGreaterThan(0.9);
    expect(held / 300).toBeLessThan(0.98);
  });

  it('is as wide as theory says for a mean', () => {
    const { low, high } = bootstrap(400, mean(draws(400, 3)));
    expect((high - low) / ((2 * 1.96) / Math.sqrt(400))).toBeCloseTo(1, 0.9);
  });

  it('leaves out resamples without a value', () => {
    const oneIn = (indices: ArrayLike<number>) => (Array.from(indices).includes(0) ? 1 : Number.NaN);
    expect(bootstrap(4, oneIn)).toEqual({ value: 1, low: 1, high: 1 });
  });
});

describe('comparing base and tuned', () => {
  it('sees a small gain on every record that the separate intervals hide', () => {
    const base = draws(100, 5);
    const noise = draws(100, 6);
    const result = compare(
      base,
      base.map((value, i) => value + 0.1 + 0.1 * noise[i]),
      higher,
    );
    expect(result.base.high).toBeGreaterThan(result.tuned.low);
    expect(result.difference.value).toBeCloseTo(result.tuned.value - result.base.value, 12);
    expect(result.difference.low).toBeGreaterThan(0);
    expect(result.verdict).toBe('better');
  });

  it('calls the same change worse where lower is better', () => {
    const base = draws(30, 5);
    const result = compare(
      base,
      base.map((value) => value + 1),
      { betterWhen: 'lower' },
    );
    expect(result.verdict).toBe('worse');
  });

  it('is no clear change while the interval of the difference holds 0', () => {
    const result = compare(draws(80, 8), draws(80, 9), higher);
    expect(result.difference.low).toBeLessThan(0);
    expect(result.difference.high).toBeGreaterThan(0);
    expect(result.verdict).toBe('no-clear-change');
  });

  it('calls nothing clear on fewer than six records', () => {
    const zeros = (count: number) => new Array<number>(count).fill(0.5);
    const ones = (count: number) => new Array<number>(count).fill(0.75);
    expect(compare(zeros(fewestPairs - 1), ones(fewestPairs - 1), higher).verdict).toBe('no-clear-change');
    expect(compare(zeros(fewestPairs), ones(fewestPairs), higher).verdict).toBe('better');
  });

  it('does not claim certainty from 0 of 20 or 20 of 20 right answers', () => {
    const none = new Array<number>(20).fill(0);
    const all = new Array<number>(20).fill(1);
    const result = compare(none, all, higher);
    expect(result.base).toEqual({ value: 0, low: 0, high: expect.closeTo(0.161, 3) });
    expect(result.tuned.low).toBeCloseTo(0.839, 3);
    expect(result.difference.low).toBeCloseTo(1 - Math.SQRT2 * 0.1611, 3);
    expect(result.verdict).toBe('better');
    expect(compare(none, none, higher).difference).toEqual({
      value: 0,
      low: expect.closeTo(-0.161, 3),
      high: expect.closeTo(0.161, 3),
    });
  });

  it('takes loss as the ratio of sums, whatever the lengths of the records', () => {
    const tokens = [1, 10, 100, 5, 50, 20, 30];
    const shares = (nats: number) => tokens.map((count) => ({ sum: count * nats + 1 / count, count }));
    const result = compareRatios(shares(2), shares(1.5), { betterWhen: 'lower' });
    const total = tokens.reduce((sum, count) => sum + count, 0);
    const extra = tokens.reduce((sum, count) => sum + 1 / count, 0);
    expect(result.base.value).toBeCloseTo(2 + extra / total, 12);
    expect(result.difference).toEqual({
      value: expect.closeTo(-0.5, 12),
      low: expect.closeTo(-0.5, 12),
      high: expect.closeTo(-0.5, 12),
    });
  });

  it('works for statistics that are no mean', () => {
    const median = (values: readonly number[]) => (indices: ArrayLike<number>) =>
      Array.from(indices, (i) => values[i]).sort((a, b) => a - b)[indices.length >> 1];
    const result = compareStatistics(41, median(draws(41, 1)), median(draws(41, 2, 3)), higher);
    expect(result.verdict).toBe('better');
  });
});
