// Seeded random numbers, equal on every machine: xoshiro128** for streams, a hash for seeds made of several
// parts. Knows nothing of what is drawn. Not for secrets.

export interface Random {
  /** Uniform in [0, 1), 32 bits of resolution. */
  next(): number;
  /** Uniform integer in [0, limit). */
  below(limit: number): number;
  /** Standard normal (Box-Muller; both values of a pair are used). */
  normal(): number;
  /** The state, for checkpoints: `createRandom` takes it back. */
  state(): RandomState;
}

export interface RandomState {
  words: [number, number, number, number];
  /** The second normal of a pair, if one is waiting. */
  spare?: number;
}

/** mulberry32: one 32-bit word of state; used to spread a seed over larger states. */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** One 32-bit seed out of several numbers, so that (seed, epoch) and (seed + 1, epoch - 1) are unrelated. */
export function mixSeed(...parts: number[]): number {
  let mixed = 0x9e3779b9;
  for (const part of parts) {
    const low = part >>> 0;
    const high = Math.floor(part / 2 ** 32) >>> 0;
    for (const word of [low, high]) mixed = mulberry32(mixed ^ word)();
  }
  return mixed;
}

/** A stream from a seed, or the continuation of a stored state (Blackman & Vigna, xoshiro128**). */
export function createRandom(seed: number | RandomState): Random {
  const fill = typeof seed === 'number' ? mulberry32(mixSeed(seed)) : undefined;
  let [a, b, c, d] = fill === undefined ? (seed as RandomState).words : [fill(), fill(), fill(), fill() | 1];
  let spare = typeof seed === 'number' ? undefined : seed.spare;

  const word = (): number => {
    const five = Math.imul(b, 5);
    const result = Math.imul((five << 7) | (five >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  const next = (): number => word() / 2 ** 32;
  return {
    next,
    below: (limit) => Math.floor(next() * limit),
    normal: () => {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      const radius = Math.sqrt(-2 * Math.log(1 - next()));
      const angle = 2 * Math.PI * next();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
    state: () => ({ words: [a >>> 0, b >>> 0, c >>> 0, d >>> 0], ...(spare === undefined ? {} : { spare }) }),
  };
}

/** Shuffles in place (Fisher-Yates) and returns the same array. */
export function shuffle<List extends { length: number; [index: number]: unknown }>(
  list: List,
  random: Random,
): List {
  for (let last = list.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    const kept = list[last];
    list[last] = list[other];
    list[other] = kept;
  }
  return list;
}
