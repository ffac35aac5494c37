import { describe, expect, it } from 'vitest';
import {
  cohenKappa,
  mcnemarExact,
  wilcoxonSignedRank,
  wilsonInterval,
} from '../../../main/metrics/paired-tests.ts';

describe('tests between two models', () => {
  it('McNemar is an exact coin test of the records that one model alone got right', () => {
    expect(mcnemarExact(0, 7)).toBeCloseTo(2 / 128, 14);
    expect(mcnemarExact(0, 0)).toBe(1);
    expect(mcnemarExact(6000, 6000)).toBe(1);
    expect(mcnemarExact(5000, 6000)).toBeLessThan(1e-20);
  });

  it('the exact Wilcoxon test counts the signs of tied ranks as they are', () => {
    // differences 1, 1, 1, -2: ranks 2, 2, 2, 4; 5 of the 16 sign patterns have a sum of at most 4 on that
    // side
    const first = [2, 2, 2, 0];
    const second = [1, 1, 1, 2];
    let atMost = 0;
    for (let signs = 0; signs < 16; signs += 1) {
      const sum = [2, 2, 2, 4].reduce((total, rank, i) => total + ((signs >> i) & 1) * rank, 0);
      if (sum <= 4) atMost += 1;
    }
    const { statistic, p } = wilcoxonSignedRank(first, second);
    expect(statistic).toBe(4);
    expect(p).toBeCloseTo(Math.min(1, (2 * atMost) / 16), 14);
  });

  it('the normal approximation comes close to the exact p of many differences', () => {
    const first = Array.from({ length: 40 }, (_, i) => Math.sin(i * 7.3) + 0.25);
    const second = first.map(() => 0);
    const options = { zeros: 'drop', correction: false } as const;
    const exact = wilcoxonSignedRank(first, second, { method: 'exact', ...options }).p;
    const normal = wilcoxonSignedRank(first, second, { method: 'normal', ...options }).p;
    expect(exact).toBeGreaterThan(0.001);
    expect(Math.abs(normal - exact)).toBeLessThan(0.01);
  });

  it('two equal columns show nothing', () => {
    expect(wilcoxonSignedRank([1, 2, 3], [1, 2, 3])).toEqual({ statistic: 0, p: 1 });
  });

  it('kappa has no value where both always say the same word', () => {
    expect(cohenKappa(['yes', 'yes'], ['yes', 'yes'])).toBeNull();
    expect(cohenKappa(['yes', 'no'], ['no', 'yes'])).toBe(-1);
  });

  it('Wilson gives the intervals of a textbook share, and room at the ends', () => {
    const { low, high } = wilsonInterval(54, 88);
    expect([low, high]).toEqual([expect.closeTo(0.509, 3), expect.closeTo(0.709, 3)]);
    expect(wilsonInterval(0, 100)).toEqual({ low: 0, high: expect.closeTo(0.037, 3) });
    expect(wilsonInterval(100, 100).high).toBe(1);
  });
});
