// Byte-pair merging: the most frequent pair of neighbours becomes a token, again and again. A heap holds the
// pairs, with counts that are corrected when a pair comes up. Knows no text and no file format.
import { createHeap, type Heap } from './heap.ts';
import type { Steps } from './steps.ts';

/** One distinct piece of text: its symbols as ids, and how often it occurs. */
export interface Word {
  symbols: number[];
  count: number;
}

interface Pair {
  count: number;
  /** Words that held the pair at some time; a word may be named twice. */
  words: number[];
}

/** A pair of ids as one number; sorts as (left, right). */
const radix = 2 ** 24;

export interface MergeOptions {
  vocabularySize: number;
  /** Least frequency of a merged pair. */
  least: number;
  /** Only pairs whose token stays shorter than this are made; no limit unless given. */
  shorterThan?: number;
  /** The first so many tokens are special; a merge never gives one of them. */
  specials: number;
  /** What continuing pieces begin with (`##`); it disappears inside a merged token. */
  prefix?: string;
}

/**
 * Merges until the vocabulary is full; appends to `tokens` and returns the pairs in their order. Among
 * equally frequent pairs the one with the smaller ids comes first.
 */
export function* mergePairs(
  words: Word[],
  tokens: string[],
  { vocabularySize, least, shorterThan = Number.POSITIVE_INFINITY, specials, prefix = '' }: MergeOptions,
): Steps<[string, string][]> {
  const idOf = new Map(tokens.map((token, id) => [token, id]));
  const pairs = new Map<number, Pair>();
  const add = (key: number, change: number, word: number): void => {
    const pair = pairs.get(key);
    if (pair === undefined) pairs.set(key, { count: change, words: [word] });
    else {
      pair.count += change;
      if (change > 0 && pair.words.at(-1) !== word) pair.words.push(word);
    }
  };
  words.forEach(({ symbols, count }, at) => {
    for (let i = 1; i < symbols.length; i++) add(symbols[i - 1] * radix + symbols[i], count, at);
  });
  const heap: Heap = createHeap();
  for (const [key, { count }] of pairs) heap.push(count, key);
  const seen = new Int32Array(words.length);
  const merges: [string, string][] = [];
  const start = tokens.length;
  while (tokens.length < vocabularySize) {
    const top = heap.pop();
    if (top === undefined || top.count < Math.max(1, least)) break;
    const pair = pairs.get(top.key)!;
    if (pair.count !== top.count) {
      if (pair.count > 0) heap.push(pair.count, top.key);
      continue;
    }
    const left = Math.floor(top.key / radix);
    const right = top.key % radix;
    const end = tokens[right];
    const token = tokens[left] + (end.startsWith(prefix) ? end.slice(prefix.length) : end);
    let id = idOf.get(token);
    if (id !== undefined && id < specials) continue;
    if (id === undefined) {
      id = tokens.length;
      tokens.push(token);
      idOf.set(token, id);
    }
    merges.push([tokens[left], tokens[right]]);
    const touched = new Set<number>();
    const fits = (a: number, b: number): boolean => tokens[a].length + tokens[b].length < shorterThan;
    const change = (a: number, b: number, by: number, word: number): void => {
      if (by > 0 && !fits(a, b)) return;
      const key = a * radix + b;
      add(key, by, word);
      if (by > 0) touched.add(key);
    };
    for (const word of pair.words) {
      if (seen[word] === merges.length) continue;
      seen[word] = merges.length;
      mergeInWord(words[word], left, right, id, (a, b, by) => change(a, b, by, word));
    }
    pair.words = [];
    for (const key of touched) {
      const { count } = pairs.get(key)!;
      if (count > 0) heap.push(count, key);
    }
    yield { phase: 'merging', done: tokens.length - start, total: vocabularySize - start };
  }
  return merges;
}

/** Replaces (left, right) by `id` from left to right and tells which neighbours came and went. */
function mergeInWord(
  { symbols, count }: Word,
  left: number,
  right: number,
  id: number,
  change: (a: number, b: number, by: number) => void,
): void {
  let to = 0;
  for (let from = 0; from < symbols.length; from++, to++) {
    if (symbols[from] !== left || symbols[from + 1] !== right || from + 1 >= symbols.length) {
      symbols[to] = symbols[from];
      continue;
    }
    if (to > 0) {
      change(symbols[to - 1], left, -count);
      change(symbols[to - 1], id, count);
    }
    if (from + 2 < symbols.length) {
      change(right, symbols[from + 2], -count);
      change(id, symbols[from + 2], count);
    }
    symbols[to] = id;
    from++;
  }
  symbols.length = to;
}
