// chrF and chrF++ (Popovic 2015, 2017) with sacrebleu's definitions: F-beta of character n-grams of orders 1
// to 6 (chrF++: also word n-grams), counts summed over records. Characters are code points.
import { corpusMetric, type TextPair } from './metric.ts';
import { countNgrams, sharedCount, splitWords } from './words.ts';

export interface ChrfOptions {
  charOrder: number;
  /** Word n-grams up to this order too; 0 = chrF, 2 = chrF++. */
  wordOrder: number;
  /** How much more recall counts than precision. */
  beta: number;
  lowercase: boolean;
  /** Count white space as characters. */
  whitespace: boolean;
  /**
   * Mean of the F-scores over all orders, as the first implementation; otherwise F of the means over orders
   * that occur.
   */
  epsSmoothing: boolean;
}

export const chrfDefaults: ChrfOptions = {
  charOrder: 6,
  wordOrder: 0,
  beta: 2,
  lowercase: false,
  whitespace: false,
  epsSmoothing: false,
};

/** For each order (characters first): n-grams of output, of reference, shared. [3 * orders] */
export type ChrfCounts = Float64Array;

const punctuation = /^[!-/:-@[-`{-~]$/;

/** Words with one punctuation mark taken off the end, or else off the start. */
function chrfWords(text: string): string[] {
  return splitWords(text).flatMap((word) => {
    const characters = Array.from(word);
    if (characters.length === 1) return [word];
    const last = characters[characters.length - 1];
    if (punctuation.test(last)) return [characters.slice(0, -1).join(''), last];
    return punctuation.test(characters[0]) ? [characters[0], characters.slice(1).join('')] : [word];
  });
}

function ngramsOf(text: string, options: ChrfOptions): Map<string, number>[] {
  const cased = options.lowercase ? text.toLowerCase() : text;
  const characters = Array.from(options.whitespace ? cased : splitWords(cased).join(''));
  const words = options.wordOrder > 0 ? chrfWords(cased) : [];
  const upTo = (items: readonly string[], orders: number, separator: string) =>
    Array.from({ length: orders }, (_, i) => countNgrams(items, i + 1, separator));
  return [...upTo(characters, options.charOrder, ''), ...upTo(words, options.wordOrder, ' ')];
}

function total(counts: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}

/** Counts against the reference that fits best by its own F-score. */
export function chrfCounts({ output, references }: TextPair, options: ChrfOptions): ChrfCounts {
  const given = ngramsOf(output, options);
  let best: ChrfCounts | undefined;
  let bestScore = -1;
  for (const reference of references) {
    const wanted = ngramsOf(reference, options);
    const counts = Float64Array.from(
      given.flatMap((ngrams, i) => {
        const inReference = total(wanted[i]);
        return [inReference === 0 ? 0 : total(ngrams), inReference, sharedCount(ngrams, wanted[i])];
      }),
    );
    const score = chrfOf([counts], options);
    if (score > bestScore) {
      best = counts;
      bestScore = score;
    }
  }
  return best ?? new Float64Array(3 * given.length);
}

/** chrF of a set of records from their counts, 0 to 100. */
export function chrfOf(all: readonly ChrfCounts[], options: ChrfOptions): number {
  const orders = options.charOrder + options.wordOrder;
  const sums = new Float64Array(3 * orders);
  for (const counts of all) for (let i = 0; i < sums.length; i += 1) sums[i] += counts[i];
  const factor = options.beta ** 2;
  const fScore = (precision: number, recall: number) =>
    ((1 + factor) * precision * recall) / (factor * precision + recall);
  const tiny = 1e-16;
  let precisions = 0;
  let recalls = 0;
  let present = 0;
  let smoothed = 0;
  for (let order = 0; order < orders; order += 1) {
    const [given, wanted, shared] = sums.subarray(3 * order);
    const precision = given > 0 ? shared / given : tiny;
    const recall = wanted > 0 ? shared / wanted : tiny;
    smoothed += factor * precision + recall > 0 ? fScore(precision, recall) : tiny;
    if (given === 0 || wanted === 0) continue;
    precisions += precision;
    recalls += recall;
    present += 1;
  }
  if (options.epsSmoothing) return (100 * smoothed) / orders;
  return precisions + recalls === 0 ? 0 : 100 * fScore(precisions / present, recalls / present);
}

export const chrf = corpusMetric(
  {
    id: 'chrf',
    label: 'Shared spellings (chrF)',
    unit: '0 to 100',
    description: 'How many runs of one to six characters answer and reference share; fair to all languages.',
    betterWhen: 'higher',
    needs: 'text',
  },
  (pair) => chrfCounts(pair, chrfDefaults),
  (all) => chrfOf(all, chrfDefaults),
  { each: true },
);
