// What a metric is, and the two ways to make one. Knows no metric by name and nothing of models: a metric
// turns pairs of what was wanted and what came out into one number. Every mean is kept as (sum, count) until
// it is read.
import { AppError } from '../errors.ts';
import type { LabelledSpan } from '../training/tasks/word-marks.ts';

/** A generated text and the texts that would be right; the best match counts. */
export interface TextPair {
  output: string;
  references: readonly string[];
  /** Whether the model ended by itself, not at the token limit. */
  stopped?: boolean;
}

/**
 * What the model gave the reference text: `sum` nats over `tokens` labels, which spell `bytes` bytes of
 * UTF-8.
 */
export interface LossPair {
  sum: number;
  tokens: number;
  bytes: number;
}

/** A classifier's probabilities for each class (they add up to 1) and the index of the true class. */
export interface ScorePair {
  probabilities: readonly number[];
  truth: number;
}

/** A set of labels that was given, and the right one. */
export interface LabelSetPair {
  output: readonly string[];
  truth: readonly string[];
}

/** A number that was given, and the right one. */
export interface NumberPair {
  output: number;
  truth: number;
}

/** Labelled stretches of a text that were given, and the right ones. */
export interface EntityPair {
  text: string;
  output: readonly LabelledSpan[];
  truth: readonly LabelledSpan[];
}

export interface Pairs {
  text: TextPair;
  logits: LossPair;
  scores: ScorePair;
  labelSets: LabelSetPair;
  numbers: NumberPair;
  entities: EntityPair;
}

export interface MetricOf<Needs extends keyof Pairs> {
  id: string;
  /** What it measures, in the user's words, such as `Word overlap with the reference (F1)`. */
  label: string;
  /** Stands under the label. `%`: values are shares from 0 to 1 and are printed times 100. */
  unit:
    | 'nats per token'
    | 'nats per record'
    | 'bits per byte'
    | '%'
    | '0 to 1'
    | '-1 to 1'
    | '0 to 100'
    | 'tokens'
    /** The unit of what is measured. */
    | 'as the answers';
  /** One sentence for the tooltip. */
  description: string;
  betterWhen: 'higher' | 'lower';
  needs: Needs;
  /** True where every record counts as 0 or 1. */
  binary: boolean;
  /** The value of one record, or undefined where only a set of records has one, or this record has none. */
  scoreRecord(pair: Pairs[Needs]): number | undefined;
  /**
   * The value over all pairs, with their number.
   * @throws AppError `metric-without-records`, `metric-undefined`
   */
  score(pairs: readonly Pairs[Needs][]): { value: number; count: number };
  /** Reads each pair once; the result gives the value of any selection of them (NaN where it has none). */
  prepare(pairs: readonly Pairs[Needs][]): Statistic;
}

export type Metric = { [Needs in keyof Pairs]: MetricOf<Needs> }[keyof Pairs];

/** The value of a selection of records; an index may occur more than once. NaN where it is not defined. */
export type Statistic = (indices: ArrayLike<number>) => number;

/** The part of a metric that is written down, not computed. */
export type Description<Needs extends keyof Pairs> = Pick<
  MetricOf<Needs>,
  'id' | 'label' | 'unit' | 'description' | 'betterWhen' | 'needs'
> & { binary?: boolean };

/** One record's part of a mean: `sum` of the values, over `count` (records, tokens or bytes). */
export interface Share {
  sum: number;
  count: number;
}

/** A metric that is sum / count over records, then `read` (such as exp for perplexity). */
export function ratioMetric<Needs extends keyof Pairs>(
  description: Description<Needs>,
  share: (pair: Pairs[Needs]) => Share,
  read: (mean: number) => number = (mean) => mean,
): MetricOf<Needs> {
  return complete(
    description,
    (pairs) => {
      const shares = pairs.map(share);
      const sums = Float64Array.from(shares, ({ sum }) => sum);
      const counts = Float64Array.from(shares, ({ count }) => count);
      return (indices) => {
        let sum = 0;
        let count = 0;
        for (let i = 0; i < indices.length; i += 1) {
          sum += sums[indices[i]];
          count += counts[indices[i]];
        }
        return count === 0 ? Number.NaN : read(sum / count);
      };
    },
    { each: true, undefinedWhen: 'none of them has a token to learn' },
  );
}

/** A mean of one value for each record. */
export function meanMetric<Needs extends keyof Pairs>(
  description: Description<Needs>,
  value: (pair: Pairs[Needs]) => number,
): MetricOf<Needs> {
  return ratioMetric(description, (pair) => ({ sum: value(pair), count: 1 }));
}

/**
 * A metric of a whole set: `part` is what one record contributes, `reduce` the value of several (NaN =
 * undefined,
 * which `undefinedWhen` explains). `each`: whether one record alone has a value.
 */
export function corpusMetric<Needs extends keyof Pairs, Part>(
  description: Description<Needs>,
  part: (pair: Pairs[Needs]) => Part,
  reduce: (parts: readonly Part[]) => number,
  options: { each: boolean; undefinedWhen?: string },
): MetricOf<Needs> {
  return complete(
    description,
    (pairs) => {
      const parts = pairs.map(part);
      return (indices) => reduce(Array.from(indices, (index) => parts[index]));
    },
    options,
  );
}

function complete<Needs extends keyof Pairs>(
  description: Description<Needs>,
  prepare: (pairs: readonly Pairs[Needs][]) => Statistic,
  { each, undefinedWhen }: { each: boolean; undefinedWhen?: string },
): MetricOf<Needs> {
  return {
    binary: false,
    ...description,
    prepare,
    scoreRecord(pair) {
      const value = each ? prepare([pair])([0]) : Number.NaN;
      return Number.isFinite(value) ? value : undefined;
    },
    score(pairs) {
      const { label } = description;
      if (pairs.length === 0) {
        throw new AppError(
          'metric-without-records',
          `"${label}" has no record to measure.`,
          'Choose a split that holds records.',
        );
      }
      const value = prepare(pairs)(pairs.map((_, index) => index));
      if (!Number.isFinite(value)) {
        throw new AppError(
          'metric-undefined',
          `"${label}" has no value on these ${pairs.length} records: ${undefinedWhen ?? 'it is not finite'}.`,
          'Measure more records, or leave this measure out.',
        );
      }
      return { value, count: pairs.length };
    },
  };
}
