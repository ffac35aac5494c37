// BLEU (Papineni et al. 2002) with sacrebleu's definitions: n-gram precisions clipped by the best reference,
// brevity penalty against the closest reference length. The score of a set comes from its summed counts, not
// from a mean.
import { type BleuTokenizer, bleuTokenizers } from './bleu-tokens.ts';
import { corpusMetric, type TextPair } from './metric.ts';
import { countNgrams, sharedCount, trimEnd } from './words.ts';

export interface BleuOptions {
  tokenize: BleuTokenizer;
  lowercase: boolean;
  maxOrder: number;
  /** What replaces a precision of 0 (Chen and Cherry 2014): `exp` halves it order by order. */
  smoothing: 'exp' | 'floor' | 'add-k' | 'none';
  /** For `floor` (default 0.1) and `add-k` (default 1). */
  smoothingValue?: number;
  /** Leave out orders that the output is too short for; meant for single sentences. */
  effectiveOrder: boolean;
}

export const bleuDefaults: BleuOptions = {
  tokenize: '13a',
  lowercase: false,
  maxOrder: 4,
  smoothing: 'exp',
  effectiveOrder: false,
};

/** Counts of one record, or sums over several; index 0 is single tokens. */
export interface BleuCounts {
  outputTokens: number;
  referenceTokens: number;
  matches: number[];
  candidates: number[];
}

export interface BleuScore extends BleuCounts {
  score: number;
  precisions: number[];
  brevityPenalty: number;
}

export function bleuCounts({ output, references }: TextPair, options: BleuOptions): BleuCounts {
  const tokens = (text: string) =>
    bleuTokenizers[options.tokenize](trimEnd(options.lowercase ? text.toLowerCase() : text));
  const words = tokens(output);
  const wanted = references.map(tokens);
  const distance = (length: number) => Math.abs(length - words.length);
  const [referenceTokens] = wanted
    .map((reference) => reference.length)
    .sort((a, b) => distance(a) - distance(b) || a - b);
  const matches: number[] = [];
  const candidates: number[] = [];
  for (let order = 1; order <= options.maxOrder; order += 1) {
    const most = new Map<string, number>();
    for (const reference of wanted) {
      for (const [ngram, count] of countNgrams(reference, order, ' ')) {
        most.set(ngram, Math.max(count, most.get(ngram) ?? 0));
      }
    }
    matches.push(sharedCount(countNgrams(words, order, ' '), most));
    candidates.push(Math.max(0, words.length - order + 1));
  }
  return { outputTokens: words.length, referenceTokens, matches, candidates };
}

function addCounts(all: readonly BleuCounts[], orders: number): BleuCounts {
  const total: BleuCounts = {
    outputTokens: 0,
    referenceTokens: 0,
    matches: new Array<number>(orders).fill(0),
    candidates: new Array<number>(orders).fill(0),
  };
  for (const counts of all) {
    total.outputTokens += counts.outputTokens;
    total.referenceTokens += counts.referenceTokens;
    for (let i = 0; i < orders; i += 1) {
      total.matches[i] += counts.matches[i];
      total.candidates[i] += counts.candidates[i];
    }
  }
  return total;
}

/** BLEU of a set of records from their counts. `matches` and `candidates` come back with what add-k added. */
export function bleuOf(all: readonly BleuCounts[], options: BleuOptions): BleuScore {
  const { maxOrder, smoothing } = options;
  const { outputTokens, referenceTokens, matches, candidates } = addCounts(all, maxOrder);
  const precisions = new Array<number>(maxOrder).fill(0);
  const tooShort = outputTokens < referenceTokens;
  const penalty = outputTokens > 0 ? Math.exp(1 - referenceTokens / outputTokens) : 0;
  const result = {
    outputTokens,
    referenceTokens,
    matches,
    candidates,
    precisions,
    brevityPenalty: tooShort ? penalty : 1,
  };
  if (matches.every((count) => count === 0)) return { ...result, score: 0 };
  const value = options.smoothingValue ?? (smoothing === 'floor' ? 0.1 : 1);
  let halving = 1;
  let orders = maxOrder;
  for (let i = 0; i < maxOrder; i += 1) {
    if (smoothing === 'add-k' && i > 0) {
      matches[i] += value;
      candidates[i] += value;
    }
    if (candidates[i] === 0) break;
    if (options.effectiveOrder) orders = i + 1;
    if (matches[i] > 0) {
      precisions[i] = (100 * matches[i]) / candidates[i];
    } else if (smoothing === 'exp') {
      halving *= 2;
      precisions[i] = 100 / (halving * candidates[i]);
    } else if (smoothing === 'floor') {
      precisions[i] = (100 * value) / candidates[i];
    }
  }
  // a precision of 0 makes the geometric mean 0: log(0) is -Infinity
  const meanLog =
    precisions.slice(0, orders).reduce((sum, precision) => sum + Math.log(precision), 0) / orders;
  return { ...result, score: result.brevityPenalty * Math.exp(meanLog) };
}

export const bleu = corpusMetric(
  {
    id: 'bleu',
    label: 'Shared phrases (BLEU)',
    unit: '0 to 100',
    description:
      'How many runs of one to four words of the answer stand in the reference; made for translations.',
    betterWhen: 'higher',
    needs: 'text',
  },
  (pair) => bleuCounts(pair, bleuDefaults),
  // one sentence alone is rarely four words right in a row: its orders are cut to its length
  (all) => bleuOf(all, { ...bleuDefaults, effectiveOrder: all.length === 1 }).score,
  { each: true },
);
