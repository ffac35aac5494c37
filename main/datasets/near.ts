// Near-duplicate search: MinHash signatures in LSH bands find candidates, exact Jaccard similarity of word
// shingles decides. One hash per shingle (one-permutation hashing), so 5 MB of text take about a second.
// Source: Broder 1997; Shrivastava and Li 2014 (densification).

const bands = 16;
const rowsPerBand = 4;
const bins = bands * rowsPerBand;
/** Words in a shingle. */
const shingleWords = 5;
/** Members of a bucket that are compared; more only means a text that repeats without end. */
const bucketLimit = 64;

export interface NearIndex {
  /**
   * Index of the earlier text that is nearest to `text`, at or above the threshold, or -1. The text is then
   * added under `index`, unless it has a twin and `keepTwins` is false.
   */
  add(index: number, text: string): number;
}

/**
 * @param threshold Jaccard similarity of word 5-shingles, 0 to 1.
 * @param leastWords texts with fewer words never match; only equal ones are duplicates there.
 */
export function createNearIndex(threshold: number, leastWords: number, keepTwins: boolean): NearIndex {
  const buckets = new Map<number, number[]>();
  const shinglesOf = new Map<number, Uint32Array>();
  return {
    add(index, text) {
      const words = hashWords(text);
      if (words.length < Math.max(leastWords, 1)) return -1;
      const shingles = shinglesFrom(words);
      const keys = bandKeys(shingles);
      const seen = new Set<number>();
      let best = -1;
      let bestSimilarity = threshold;
      for (const key of keys) {
        for (const candidate of buckets.get(key) ?? []) {
          if (seen.has(candidate)) continue;
          seen.add(candidate);
          const other = shinglesOf.get(candidate);
          const similarity = other === undefined ? 0 : jaccard(shingles, other);
          if (similarity < bestSimilarity || (similarity === bestSimilarity && best >= 0)) continue;
          best = candidate;
          bestSimilarity = similarity;
        }
      }
      if (best >= 0 && !keepTwins) return best;
      shinglesOf.set(index, shingles);
      for (const key of keys) {
        const bucket = buckets.get(key);
        if (bucket === undefined) buckets.set(key, [index]);
        else if (bucket.length < bucketLimit) bucket.push(index);
      }
      return best;
    },
  };
}

/** Jaccard similarity of the word 5-shingles of two texts, 0 to 1. */
export function similarity(a: string, b: string): number {
  return jaccard(shinglesFrom(hashWords(a)), shinglesFrom(hashWords(b)));
}

/**
 * 32-bit hashes (FNV-1a) of the words, lower case; each ideograph is a word, since such scripts write no
 * spaces.
 */
function hashWords(text: string): number[] {
  const hashes: number[] = [];
  let hash = 0;
  let inWord = false;
  for (let at = 0; at < text.length; at++) {
    let unit = text.charCodeAt(at);
    if (unit >= 0x41 && unit <= 0x5a) unit += 32;
    else if (unit >= 0xc0 && unit < 0x2000) unit = text[at].toLowerCase().charCodeAt(0);
    const isIdeograph = (unit >= 0x3040 && unit <= 0x30ff) || (unit >= 0x3400 && unit <= 0x9fff);
    const isWord =
      (unit >= 0x61 && unit <= 0x7a) ||
      (unit >= 0x30 && unit <= 0x39) ||
      (unit >= 0xaa && !isPunctuation(unit));
    if (isIdeograph || !isWord) {
      if (inWord) hashes.push(hash);
      inWord = false;
      if (isIdeograph) hashes.push(mix(unit));
      continue;
    }
    hash = Math.imul((inWord ? hash : 0x811c9dc5) ^ unit, 0x01000193) >>> 0;
    inWord = true;
  }
  if (inWord) hashes.push(hash);
  return hashes;
}

function isPunctuation(unit: number): boolean {
  return (
    (unit >= 0x2000 && unit <= 0x206f) ||
    (unit >= 0x3000 && unit <= 0x303f) ||
    (unit >= 0xff00 && unit <= 0xff0f) ||
    unit === 0xab ||
    unit === 0xbb ||
    unit === 0xb7 ||
    unit === 0xbf ||
    unit === 0xfeff
  );
}

/** Sorted, distinct hashes of all runs of 5 words; a shorter text is one shingle. */
function shinglesFrom(words: number[]): Uint32Array {
  const size = Math.min(shingleWords, words.length);
  const hashes = new Uint32Array(Math.max(0, words.length - size + 1));
  for (let at = 0; at < hashes.length; at++) {
    let hash = 0;
    for (let word = 0; word < size; word++) hash = mix(Math.imul(hash, 31) + words[at + word]);
    hashes[at] = hash;
  }
  hashes.sort();
  let distinct = 0;
  for (let at = 0; at < hashes.length; at++) {
    if (at === 0 || hashes[at] !== hashes[at - 1]) hashes[distinct++] = hashes[at];
  }
  return hashes.slice(0, distinct);
}

/** One key a band: the smallest hashes of its bins, empty bins filled from the next full one. */
function bandKeys(shingles: Uint32Array): number[] {
  const smallest = new Float64Array(bins).fill(Number.POSITIVE_INFINITY);
  for (const shingle of shingles) {
    const hash = mix(shingle ^ 0x9e3779b9);
    const bin = hash % bins;
    if (hash < smallest[bin]) smallest[bin] = hash;
  }
  const filled = Array.from(smallest, (value, bin) => {
    if (value !== Number.POSITIVE_INFINITY) return value;
    for (let step = 1; step < bins; step++) {
      const other = smallest[(bin + step) % bins];
      if (other !== Number.POSITIVE_INFINITY) return mix(other + step);
    }
    return 0;
  });
  return Array.from({ length: bands }, (_, band) => {
    let key = band;
    for (let row = 0; row < rowsPerBand; row++)
      key = mix(Math.imul(key, 31) + filled[band * rowsPerBand + row]);
    return key * bands + band;
  });
}

function jaccard(a: Uint32Array, b: Uint32Array): number {
  let shared = 0;
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      shared++;
      i++;
      j++;
    } else if (a[i] < b[j]) i++;
    else j++;
  }
  const all = a.length + b.length - shared;
  return all === 0 ? 0 : shared / all;
}

/** Finaliser of MurmurHash3: spreads every bit over 32 bits. */
function mix(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
