import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSampler, distribution, type SamplerOptions } from '../../../main/inference/sample.ts';

const logits = Float32Array.of(1, 3, 2, -1, 3, 0);
const off = { temperature: 1, topK: 0, topP: 1, minP: 0 };

function chances(row: Float32Array, options: Partial<typeof off>): Record<number, number> {
  const { ids, probabilities } = distribution(row, { ...off, ...options });
  return Object.fromEntries(Array.from(ids, (id, i) => [id, probabilities[i]]));
}

/** The same filters written the plain way: sort everything, as transformers' processors do. */
function plainChances(row: Float32Array, options: typeof off): Map<number, number> {
  const softmax = (entries: [number, number][]): [number, number][] => {
    const most = Math.max(...entries.map(([, score]) => score));
    const weights = entries.map(([, score]) => Math.exp(score - most));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return entries.map(([id], i) => [id, weights[i] / total]);
  };
  let scores = Array.from(row, (logit, id): [number, number] => [id, logit / options.temperature]);
  const falling = (entries: [number, number][]) => entries.toSorted((a, b) => b[1] - a[1] || a[0] - b[0]);
  if (options.topK > 0) {
    const limit = falling(scores)[Math.min(options.topK, scores.length) - 1][1];
    scores = scores.filter(([, score]) => score >= limit);
  }
  const keepIds = (ids: Set<number>) => {
    scores = scores.filter(([id]) => ids.has(id));
  };
  if (options.topP < 1) {
    const rising = falling(softmax(scores)).reverse();
    let sum = 0;
    keepIds(
      new Set(
        rising
          .filter(([, chance], i) => {
            sum += chance;
            return sum > 1 - options.topP || i === rising.length - 1;
          })
          .map(([id]) => id),
      ),
    );
  }
  if (options.minP > 0) {
    const all = softmax(scores);
    const most = Math.max(...all.map(([, chance]) => chance));
    keepIds(new Set(all.filter(([, chance]) => chance >= options.minP * most).map(([id]) => id)));
  }
  return new Map(softmax(scores));
}

describe('what is left to choose from', () => {
  it('top-k keeps the k best, and the equals of the last one', () => {
    expect(Object.keys(chances(logits, { topK: 2 }))).toEqual(['1', '4']);
    expect(Object.keys(chances(logits, { topK: 1 }))).toEqual(['1', '4']);
    expect(Object.keys(chances(logits, { topK: 3 }))).toEqual(['1', '2', '4']);
  });

  it('top-p keeps the fewest tokens that reach p, and one at least', () => {
    expect(Object.keys(chances(logits, { topP: 0.7 }))).toEqual(['1', '4']);
    expect(Object.keys(chances(Float32Array.of(5, 0, 0), { topP: 0.01 }))).toEqual(['0']);
  });

  it('min-p drops what is too far below the best', () => {
    expect(Object.keys(chances(logits, { minP: 0.3 }))).toEqual(['1', '2', '4']);
  });

  it('a low temperature sharpens and a high one flattens', () => {
    expect(chances(logits, { temperature: 0.01 })[1]).toBeCloseTo(0.5, 6);
    expect(chances(logits, { temperature: 1e4 })[3]).toBeCloseTo(1 / 6, 3);
  });

  it('equals the plain computation for any logits and options', () => {
    const row = fc.array(fc.float({ min: -20, max: 20, noNaN: true }), { minLength: 2, maxLength: 200 });
    const options = fc.record({
      temperature: fc.double({ min: 0.1, max: 3, noNaN: true }),
      topK: fc.integer({ min: 0, max: 120 }),
      topP: fc.double({ min: 0.05, max: 1, noNaN: true }),
      minP: fc.double({ min: 0, max: 0.5, noNaN: true }),
    });
    fc.assert(
      fc.property(row, options, (values, chosen) => {
        // distinct values: which of two equals a filter keeps is not defined
        const distinct = Float32Array.from(new Set(Float32Array.from(values, (value) => value + 0)));
        const left = distribution(distinct, chosen);
        const plain = plainChances(distinct, chosen);
        expect(Array.from(left.ids)).toEqual([...plain.keys()]);
        for (const [i, id] of left.ids.entries())
          expect(left.probabilities[i]).toBeCloseTo(plain.get(id)!, 9);
      }),
      { seed: 11, numRuns: 300 },
    );
  });
});

describe('a sampler', () => {
  const next = (options: Partial<SamplerOptions>, previous: number[] = [], row = logits) =>
    createSampler(options).next(row, previous);

  it('is greedy at temperature 0, with the first of equals', () => {
    expect(next({ temperature: 0, seed: 1 }).id).toBe(1);
  });

  it('reports the log-probabilities of the model itself, the best first', () => {
    const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
    const { id, logprob, top } = next({ temperature: 0.2, topK: 1, seed: 3, topLogprobs: 3 });
    expect(logprob).toBeCloseTo(logits[id] - total, 6);
    expect(top.map((token) => token.id)).toEqual([1, 4, 2]);
    expect(top[2].logprob).toBeCloseTo(2 - total, 6);
    expect(next({}).top).toEqual([]);
  });

  it('draws each token as often as its probability says', () => {
    const sampler = createSampler({ temperature: 1.5, topK: 4, seed: 5 });
    const counts = new Map<number, number>();
    for (let i = 0; i < 20_000; i += 1) {
      const { id } = sampler.next(logits, []);
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    for (const [id, chance] of Object.entries(chances(logits, { temperature: 1.5, topK: 4 }))) {
      expect(counts.get(Number(id))! / 20_000).toBeCloseTo(chance, 1.7);
    }
    expect(counts.size).toBe(4);
  });

  it('repeats itself with the same seed', () => {
    const draw = (seed: number) => {
      const sampler = createSampler({ temperature: 2, seed });
      return Array.from({ length: 30 }, () => sampler.next(logits, []).id);
    };
    expect(draw(4)).toEqual(draw(4));
    expect(draw(4)).not.toEqual(draw(5));
  });

  it('penalises each repeated token once, dividing positive logits and multiplying negative ones', () => {
    const row = Float32Array.of(3, 2.9, -1, -1.5);
    expect(next({ temperature: 0, repetitionPenalty: 1.1 }, [0, 0, 0], row).id).toBe(1);
    expect(next({ temperature: 0, repetitionPenalty: 1.02 }, [0, 0, 0], row).id).toBe(0);
    expect(next({ temperature: 0, repetitionPenalty: 2 }, [2], Float32Array.of(-3, -4, -2)).id).toBe(0);
    expect(Array.from(row)).toEqual(Array.from(Float32Array.of(3, 2.9, -1, -1.5)));
  });

  it('never chooses a row of the embedding that is no token', () => {
    expect(next({ temperature: 0, vocabularySize: 3 }, [], Float32Array.of(0, 1, 0, 9, 9)).id).toBe(1);
    const { top } = next({ vocabularySize: 3, topLogprobs: 20 }, [], Float32Array.of(0, 1, 0, 9, 9));
    expect(top.map(({ id }) => id)).toEqual([1, 0, 2]);
  });

  it('never chooses a token whose logit is minus infinity', () => {
    const row = Float32Array.of(Number.NEGATIVE_INFINITY, 0, Number.NEGATIVE_INFINITY);
    for (let seed = 0; seed < 20; seed += 1) expect(next({ temperature: 5, seed }, [], row).id).toBe(1);
  });

  it('says which score is not a number instead of answering nonsense', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => next({ temperature: 1 }, [], Float32Array.of(0, 1, bad, 2))).toThrowError(
        expect.objectContaining({ code: 'logits-not-finite', message: expect.stringContaining('token 2') }),
      );
    }
    const none = new Float32Array(3).fill(Number.NEGATIVE_INFINITY);
    expect(() => next({ temperature: 0 }, [], none)).toThrowError(/minus infinity/);
  });
});
