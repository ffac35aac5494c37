// Measures of labelled words as seqeval counts them (https://github.com/chakki-works/seqeval, its default mode): a span is
// right where its first word, its last word and its label are. Precision over all given spans, recall over all wanted ones.
import { tagsOf, wordsOf } from '../training/tasks/word-marks.ts';
import type { LabelScores } from './classification.ts';
import { corpusMetric, type Description, type EntityPair, type MetricOf, ratioMetric } from './metric.ts';

interface Counts {
  right: number;
  given: number;
  wanted: number;
}

const noCounts = (): Counts => ({ right: 0, given: 0, wanted: 0 });

/** Counts of one text by label. */
function countsOf({ output, truth }: EntityPair): Map<string, Counts> {
  const counts = new Map<string, Counts>();
  const of = (label: string): Counts => {
    const own = counts.get(label) ?? noCounts();
    counts.set(label, own);
    return own;
  };
  const key = ({ start, end, label }: EntityPair['truth'][number]) => `${start} ${end} ${label}`;
  const given = new Set(output.map(key));
  for (const span of output) of(span.label).given += 1;
  for (const span of truth) {
    const own = of(span.label);
    own.wanted += 1;
    if (given.has(key(span))) own.right += 1;
  }
  return counts;
}

function add(all: readonly ReadonlyMap<string, Counts>[]): Map<string, Counts> {
  const sums = new Map<string, Counts>();
  for (const counts of all) {
    for (const [label, { right, given, wanted }] of counts) {
      const sum = sums.get(label) ?? noCounts();
      sums.set(label, {
        right: sum.right + right,
        given: sum.given + given,
        wanted: sum.wanted + wanted,
      });
    }
  }
  return sums;
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

/** 0 where there is nothing to divide by, as seqeval gives then. */
const scoresOf = ({ right, given, wanted }: Counts): LabelScores => ({
  precision: share(right, given),
  recall: share(right, wanted),
  f1: share(2 * right, given + wanted),
});

function totalOf(all: readonly ReadonlyMap<string, Counts>[]): Counts {
  const total = noCounts();
  for (const counts of all) {
    for (const { right, given, wanted } of counts.values()) {
      total.right += right;
      total.given += given;
      total.wanted += wanted;
    }
  }
  return total;
}

/** Scores of each label, sorted, with how often it is wanted (its support). */
export function entityScoresPerLabel(
  pairs: readonly EntityPair[],
): (LabelScores & { label: string; support: number })[] {
  return [...add(pairs.map(countsOf))]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, counts]) => ({ label, ...scoresOf(counts), support: counts.wanted }));
}

type Parts = readonly ReadonlyMap<string, Counts>[];

const entityMetric = (
  description: Pick<Description<'entities'>, 'id' | 'label' | 'description'>,
  value: (all: Parts) => number,
): MetricOf<'entities'> => {
  const metric = corpusMetric<'entities', ReadonlyMap<string, Counts>>(
    { ...description, unit: '0 to 1', betterWhen: 'higher', needs: 'entities' },
    countsOf,
    value,
    { each: true, undefinedWhen: 'no word of them has a label' },
  );
  // one text that rightly has no label is all right; a set of such texts measures nothing
  const isEmpty = ({ output, truth }: EntityPair) => output.length + truth.length === 0;
  return { ...metric, scoreRecord: (pair) => (isEmpty(pair) ? 1 : metric.scoreRecord(pair)) };
};

/** Over all spans together; none in texts without a label, given or wanted. */
const micro =
  (score: keyof LabelScores) =>
  (all: Parts): number => {
    const total = totalOf(all);
    return total.given + total.wanted === 0 ? Number.NaN : scoresOf(total)[score];
  };

/** Mean over all labels that are given or wanted, as seqeval's macro average. */
function macroF1(all: Parts): number {
  const scores = [...add(all).values()].map((counts) => scoresOf(counts).f1);
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

/** How many words have the right tag, B and I told apart. */
function rightWords({ text, output, truth }: EntityPair): { sum: number; count: number } {
  const words = wordsOf(text);
  const [given, wanted] = [tagsOf(words, output), tagsOf(words, truth)];
  if (!Array.isArray(given) || !Array.isArray(wanted)) return { sum: 0, count: words.length };
  return { sum: wanted.filter((tag, i) => tag === given[i]).length, count: words.length };
}

export const entities: readonly MetricOf<'entities'>[] = [
  entityMetric(
    {
      id: 'entities-f1',
      label: 'Labelled words found and right (entity F1)',
      description:
        'Precision and recall of labelled stretches in one number: each must have the right words and the right label.',
    },
    micro('f1'),
  ),
  entityMetric(
    {
      id: 'entities-precision',
      label: 'Given labels that are right (entity precision)',
      description: 'The share of the labelled stretches of answers whose words and label are right.',
    },
    micro('precision'),
  ),
  entityMetric(
    {
      id: 'entities-recall',
      label: 'Right labels that are found (entity recall)',
      description: 'The share of the right labelled stretches that answers have, with all their words.',
    },
    micro('recall'),
  ),
  entityMetric(
    {
      id: 'entities-f1-macro',
      label: 'Labelled words, labels alike (macro entity F1)',
      description: 'Entity F1 of each label, then the mean over labels: rare ones count as frequent ones.',
    },
    macroF1,
  ),
  ratioMetric<'entities'>(
    {
      id: 'word-accuracy',
      label: 'Words with the right tag',
      unit: '%',
      description: 'The share of all words that have the right label, or rightly none.',
      betterWhen: 'higher',
      needs: 'entities',
    },
    rightWords,
  ),
];
