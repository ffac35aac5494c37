// Choosing the next token from logits: pure arithmetic on one row, with a seed. The order and definitions of
// the steps are those of transformers' logits processors: repetition penalty, temperature, top-k, top-p,
// min-p. Reported log-probabilities are the model's own, before any of them. Knows nothing of text, stop
// strings or the cache.
import { z } from 'zod';
import { SamplingOptions } from '../contract/chat.ts';
import { AppError } from '../errors.ts';
import { createRandom } from '../tokens/random.ts';

/** Temperature 0 is greedy. Top-k 0, top-p 1, min-p 0 and penalty 1 are off. */
export const SamplerOptions = SamplingOptions.pick({
  temperature: true,
  topK: true,
  topP: true,
  minP: true,
  repetitionPenalty: true,
  seed: true,
}).extend({
  /** How many of the most probable tokens are reported at each step. */
  topLogprobs: z.int().min(0).max(20).default(0),
  /**
   * Ids from here on are rows without a token (padding of the embedding) and are never chosen; 0 = all are
   * tokens.
   */
  vocabularySize: z.int().min(0).default(0),
});
export type SamplerOptions = z.output<typeof SamplerOptions>;

export interface TokenLogprob {
  id: number;
  /** Natural logarithm of the model's probability. */
  logprob: number;
}

export interface SampledToken extends TokenLogprob {
  /** The most probable tokens, falling; ties by id. */
  top: TokenLogprob[];
}

export interface Sampler {
  /**
   * @param logits one row [vocabulary]; it is not changed
   * @param previousIds prompt and answer so far, for the repetition penalty
   * @throws AppError `logits-not-finite`
   */
  next(logits: Float32Array, previousIds: ArrayLike<number>): SampledToken;
}

/** A sampler with its own random sequence: equal options, logits and calls give equal tokens. */
export function createSampler(options: z.input<typeof SamplerOptions>): Sampler {
  const settings = SamplerOptions.parse(options);
  const random = createRandom(settings.seed);
  return {
    next(row, previousIds) {
      const logits = settings.vocabularySize > 0 ? row.subarray(0, settings.vocabularySize) : row;
      const best = largest(logits);
      const logTotal = logSumExp(logits, logits[best]);
      if (!Number.isFinite(logTotal)) throw logitsNotFinite(logits);
      const penalized = penalize(logits, previousIds, settings.repetitionPenalty);
      const id =
        settings.temperature === 0
          ? largest(penalized)
          : draw(distribution(penalized, settings), random.next());
      return {
        id,
        logprob: logits[id] - logTotal,
        top: highest(logits, settings.topLogprobs).map((other) => ({
          id: other,
          logprob: logits[other] - logTotal,
        })),
      };
    },
  };
}

/**
 * The likeliest token of one row [vocabulary], the first of equals: a greedy choice that nobody wants probabilities of.
 * Undefined where its logit is not finite, which a sampler says in words.
 */
export function likeliestId(row: Float32Array, vocabularySize = 0): number | undefined {
  const logits = vocabularySize > 0 ? row.subarray(0, vocabularySize) : row;
  const best = largest(logits);
  return Number.isFinite(logits[best]) ? best : undefined;
}

/** Tokens that may still be chosen, by rising id, with probabilities that add up to 1. */
export interface Distribution {
  ids: Uint32Array;
  probabilities: Float64Array;
}

/** What is left to choose from after temperature, top-k, top-p and min-p. Temperature must be above 0. */
export function distribution(
  logits: Float32Array,
  { temperature, topK, topP, minP }: Pick<SamplerOptions, 'temperature' | 'topK' | 'topP' | 'minP'>,
): Distribution {
  // equals of the last of the k stay
  const least = topK > 0 && topK < logits.length ? kthLargest(logits, topK) : Number.NEGATIVE_INFINITY;
  const ids = new Uint32Array(logits.length);
  let size = 0;
  for (let id = 0; id < logits.length; id += 1) if (logits[id] >= least) ids[size++] = id;
  const best = logits[largest(logits)];
  const probabilities = new Float64Array(size);
  // the best token weighs 1, so nothing overflows at any temperature
  for (let i = 0; i < size; i += 1) probabilities[i] = Math.exp((logits[ids[i]] - best) / temperature);
  let left = normalize({ ids: ids.subarray(0, size), probabilities });
  if (topP < 1) left = normalize(nucleus(left, topP));
  if (minP > 0) {
    let most = 0;
    for (const probability of left.probabilities) if (probability > most) most = probability;
    left = normalize(keep(left, (i) => left.probabilities[i] >= minP * most));
  }
  return left;
}

/** The fewest most probable tokens that together reach `topP` (Holtzman et al. 2020); one at least. */
function nucleus(all: Distribution, topP: number): Distribution {
  const spare = 1 - topP;
  // tokens at or below spare / size together weigh no more than `spare`: all of them go, unsorted
  const floor = spare / all.ids.length;
  let dropped = 0;
  for (const probability of all.probabilities) if (probability <= floor) dropped += probability;
  const { ids, probabilities } = keep(all, (i) => all.probabilities[i] > floor);
  const rising = Array.from(ids, (_, i) => i).sort((a, b) => probabilities[a] - probabilities[b] || b - a);
  const chosen = new Uint8Array(ids.length);
  rising.forEach((i, place) => {
    dropped += probabilities[i];
    if (dropped > spare || place === rising.length - 1) chosen[i] = 1;
  });
  return keep({ ids, probabilities }, (i) => chosen[i] === 1);
}

function keep({ ids, probabilities }: Distribution, wanted: (index: number) => boolean): Distribution {
  const kept = { ids: new Uint32Array(ids.length), probabilities: new Float64Array(ids.length) };
  let size = 0;
  for (let i = 0; i < ids.length; i += 1) {
    if (!wanted(i)) continue;
    kept.ids[size] = ids[i];
    kept.probabilities[size] = probabilities[i];
    size += 1;
  }
  return { ids: kept.ids.subarray(0, size), probabilities: kept.probabilities.subarray(0, size) };
}

/** Scales the probabilities in place so that they add up to 1. */
function normalize(all: Distribution): Distribution {
  let total = 0;
  for (const probability of all.probabilities) total += probability;
  for (let i = 0; i < all.probabilities.length; i += 1) all.probabilities[i] /= total;
  return all;
}

/** The token at `point` (0 to 1) of the cumulative probabilities. */
function draw({ ids, probabilities }: Distribution, point: number): number {
  let sum = 0;
  let last = 0;
  for (let i = 0; i < ids.length; i += 1) {
    if (probabilities[i] === 0) continue;
    sum += probabilities[i];
    last = i;
    if (point < sum) break;
  }
  return ids[last]; // rounding may leave the sum just below 1: then the last possible token
}

/**
 * Each token that occurred: a positive logit divided by `penalty`, a negative one times it (Keskar et al.
 * 2019).
 */
function penalize(logits: Float32Array, previousIds: ArrayLike<number>, penalty: number): Float32Array {
  if (penalty === 1) return logits;
  const penalized = logits.slice();
  for (let i = 0; i < previousIds.length; i += 1) {
    const id = previousIds[i];
    if (id >= 0 && id < logits.length)
      penalized[id] = logits[id] < 0 ? logits[id] * penalty : logits[id] / penalty;
  }
  return penalized;
}

/** Index of the largest value, the first of equals. */
function largest(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i += 1) if (values[i] > values[best]) best = i;
  return best;
}

function logSumExp(values: Float32Array, most: number): number {
  let sum = 0;
  for (let i = 0; i < values.length; i += 1) sum += Math.exp(values[i] - most);
  return most + Math.log(sum);
}

/**
 * Indices of the `count` largest values, falling; equals by rising index. One pass over a short sorted list.
 */
function highest(values: Float32Array, count: number): number[] {
  const found: number[] = [];
  for (let i = 0; i < values.length && count > 0; i += 1) {
    if (found.length === count && !(values[i] > values[found[count - 1]])) continue;
    let place = found.length === count ? count - 1 : found.length;
    while (place > 0 && values[i] > values[found[place - 1]]) {
      found[place] = found[place - 1];
      place -= 1;
    }
    found[place] = i;
  }
  return found;
}

function kthLargest(values: Float32Array, k: number): number {
  if (k <= 64) return values[highest(values, k)[k - 1]];
  return values.toSorted()[values.length - k];
}

export function logitsNotFinite(logits: Float32Array): AppError {
  const bad = logits.findIndex((logit) => Number.isNaN(logit) || logit === Number.POSITIVE_INFINITY);
  const where = bad === -1 ? 'all of them are minus infinity' : `the first at token ${bad}`;
  return new AppError(
    'logits-not-finite',
    `The model's scores for the next token are not numbers: ${where}, of ${logits.length}.`,
    'Choose an earlier checkpoint of this run, or train again with a lower learning rate.',
  );
}
