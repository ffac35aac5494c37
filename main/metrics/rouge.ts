// ROUGE (Lin 2004) with the customary conventions: lower case, words are runs of a-z and 0-9, optional Porter
// stemming of words longer than three letters. ROUGE-L takes the longest common subsequence of the whole
// texts, ROUGE-Lsum the union over lines. Records are compared by F1, with stemming.
import { type MetricOf, meanMetric } from './metric.ts';
import { porterStem } from './porter.ts';
import { countNgrams, sharedCount } from './words.ts';

export interface Overlap {
  precision: number;
  recall: number;
  f1: number;
}

export type RougeKind = `rouge${number}` | 'rougeL' | 'rougeLsum';

function rougeWords(text: string, stem: boolean): string[] {
  const words = text
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  return stem ? words.map((word) => (word.length > 3 ? porterStem(word) : word)) : words;
}

function overlap(matches: number, predicted: number, wanted: number): Overlap {
  const precision = matches / Math.max(predicted, 1);
  const recall = matches / Math.max(wanted, 1);
  return { precision, recall, f1: matches === 0 ? 0 : (2 * precision * recall) / (precision + recall) };
}

/** lengths[i][j]: longest common subsequence of the first i words of a and the first j of b. */
function subsequenceLengths(a: readonly string[], b: readonly string[]): Uint32Array[] {
  const lengths = [new Uint32Array(b.length + 1)];
  for (const word of a) {
    const above = lengths[lengths.length - 1];
    const row = new Uint32Array(b.length + 1);
    for (let j = 0; j < b.length; j += 1) {
      row[j + 1] = word === b[j] ? above[j] + 1 : Math.max(above[j + 1], row[j]);
    }
    lengths.push(row);
  }
  return lengths;
}

/** Places in `a` of one longest common subsequence: back from the ends, a tie drops a word of `a`. */
function subsequencePlaces(a: readonly string[], b: readonly string[]): number[] {
  const lengths = subsequenceLengths(a, b);
  const places: number[] = [];
  let i = a.length;
  let j = b.length;
  while (i > 0 && j > 0) {
    if (a[i - 1] === b[j - 1]) {
      places.push(i - 1);
      i -= 1;
      j -= 1;
    } else if (lengths[i][j - 1] > lengths[i - 1][j]) {
      j -= 1;
    } else {
      i -= 1;
    }
  }
  return places;
}

/** Summary-level ROUGE-L: each reference line against all lines of the output, no word counted twice. */
function unionOverlap(reference: string, output: string, stem: boolean): Overlap {
  const lines = (text: string) => text.split('\n').map((line) => rougeWords(line, stem));
  const wanted = lines(reference);
  const predicted = lines(output);
  const left = [wanted, predicted].map((side) => countNgrams(side.flat(), 1, ''));
  let matches = 0;
  for (const line of wanted) {
    for (const place of new Set(predicted.flatMap((other) => subsequencePlaces(line, other)))) {
      const word = line[place];
      if (!left.every((counts) => (counts.get(word) ?? 0) > 0)) continue;
      for (const counts of left) counts.set(word, counts.get(word)! - 1);
      matches += 1;
    }
  }
  return overlap(matches, predicted.flat().length, wanted.flat().length);
}

/** Precision, recall and F1 of `output` against one reference. */
export function rouge(kind: RougeKind, reference: string, output: string, stem: boolean): Overlap {
  if (kind === 'rougeLsum') return unionOverlap(reference, output, stem);
  const wanted = rougeWords(reference, stem);
  const predicted = rougeWords(output, stem);
  if (kind === 'rougeL') {
    const matches = subsequenceLengths(wanted, predicted)[wanted.length][predicted.length];
    return overlap(matches, predicted.length, wanted.length);
  }
  const order = Number(kind.slice('rouge'.length));
  const [a, b] = [wanted, predicted].map((words) => countNgrams(words, order, ' '));
  const size = (words: readonly string[]) => Math.max(0, words.length - order + 1);
  return overlap(sharedCount(a, b), size(predicted), size(wanted));
}

function rougeMetric(kind: RougeKind, id: string, label: string, description: string): MetricOf<'text'> {
  return meanMetric(
    { id, label, unit: '0 to 1', description, betterWhen: 'higher', needs: 'text' },
    ({ output, references }) =>
      Math.max(0, ...references.map((reference) => rouge(kind, reference, output, true).f1)),
  );
}

export const rouge1 = rougeMetric(
  'rouge1',
  'rouge-1',
  'Shared words (ROUGE-1)',
  'How many word stems answer and reference share, in any order.',
);
export const rouge2 = rougeMetric(
  'rouge2',
  'rouge-2',
  'Shared word pairs (ROUGE-2)',
  'How many pairs of neighbouring word stems answer and reference share.',
);
export const rougeL = rougeMetric(
  'rougeL',
  'rouge-l',
  'Longest shared phrase (ROUGE-L)',
  'How long the longest run of words is that both hold in the same order, gaps allowed.',
);
export const rougeLsum = rougeMetric(
  'rougeLsum',
  'rouge-lsum',
  'Longest shared phrases, line by line (ROUGE-Lsum)',
  'ROUGE-L line by line: each line of the reference is looked for in all lines of the answer.',
);
