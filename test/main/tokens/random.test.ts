import { describe, expect, it } from 'vitest';
import { createRandom, mixSeed, mulberry32, shuffle } from '../../../main/tokens/random.ts';

describe('random numbers', () => {
  it('are the same for the same seed and differ for neighbouring ones', () => {
    const draw = (seed: number): number[] => Array.from({ length: 8 }, createRandom(seed).next);
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it('go on from a stored state, a waiting normal included', () => {
    const random = createRandom(5);
    random.normal();
    const copy = createRandom(structuredClone(random.state()));
    expect([copy.normal(), copy.next(), copy.below(10)]).toEqual([
      random.normal(),
      random.next(),
      random.below(10),
    ]);
  });

  it('are uniform and normal as far as 50,000 draws tell', () => {
    const random = createRandom(7);
    const uniform = Array.from({ length: 50_000 }, () => random.next());
    const normal = Array.from({ length: 50_000 }, () => random.normal());
    const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(mean(uniform) - 0.5)).toBeLessThan(0.005);
    expect(Math.abs(mean(normal))).toBeLessThan(0.02);
    expect(Math.abs(mean(normal.map((value) => value * value)) - 1)).toBeLessThan(0.03);
    expect(uniform.every((value) => value >= 0 && value < 1)).toBe(true);
  });

  it('mulberry32 gives the known sequence of its seed', () => {
    const next = mulberry32(1);
    expect([next(), next(), next()]).toEqual([2693262067, 11749833, 2265367787]);
  });

  it('seeds of several parts do not collide where their sums do', () => {
    const seeds = new Set<number>();
    for (let seed = 0; seed < 50; seed++)
      for (let epoch = 0; epoch < 50; epoch++) seeds.add(mixSeed(seed, epoch));
    expect(seeds.size).toBe(2500);
  });

  it('shuffle keeps every item, and every order is about equally frequent', () => {
    const random = createRandom(3);
    const counts = new Map<string, number>();
    for (let at = 0; at < 6000; at++) {
      const order = shuffle([1, 2, 3], random).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});
