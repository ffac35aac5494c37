// From stored predictions of base and tuned model to the table of metrics. Pure data in and out: it generates nothing and
// stores nothing.
import type { MetricResult } from '../contract/evaluations.ts';
import { AppError, type ErrorShape, toErrorShape } from '../errors.ts';
import { numberIn } from '../training/tasks/answer-task.ts';
import { labelsIn } from '../training/tasks/label-sets.ts';
import { type LabelledSpan, readMarks } from '../training/tasks/word-marks.ts';
import { metricById } from './index.ts';
import type { EntityPair, MetricOf, Pairs } from './metric.ts';
import { type BootstrapOptions, compareStatistics } from './statistics.ts';

/** What one model gave one record. */
export interface Answer {
  output: string;
  /** Nats over the `lossTokens` labels of the reference. */
  lossSum: number;
  lossTokens: number;
  /** Whether the model ended by itself. */
  stopped: boolean;
  /** A classifier's probability for each class. */
  probabilities?: readonly number[];
}

/** One record answered by both models. The contract's `Prediction` is one. */
export interface AnsweredRecord {
  recordId: string;
  /** The text that was asked about, for answers that mark its words. */
  prompt?: string;
  reference: string;
  /** Other texts that would be right too. */
  otherReferences?: readonly string[];
  /** Bytes of the text that the labels spell; the reference in UTF-8 unless given. */
  bytes?: number;
  /** Index of the true class, for classifiers. */
  truth?: number;
  /** What stands between the labels of a text that holds several; what occurs first unless given. */
  separator?: string;
  base: Answer;
  tuned: Answer;
}

type Side = 'base' | 'tuned';

export interface Summary {
  results: MetricResult[];
  /** Metrics that have no value on these records, with the reason. */
  leftOut: { metricId: string; label: string; error: ErrorShape }[];
}

/** Undefined where the reference is not the text of the prompt with marks. */
export function entityPair(
  { prompt = '', reference, ...sides }: AnsweredRecord,
  side: Side,
): EntityPair | undefined {
  const spansIn = (answer: string): LabelledSpan[] | undefined => {
    const marks = readMarks(prompt, answer);
    return 'spans' in marks ? marks.spans : undefined;
  };
  const truth = spansIn(reference);
  if (truth === undefined) return undefined;
  return { text: prompt, output: spansIn(sides[side].output) ?? [], truth };
}

/** How each kind of metric reads a record; undefined where the record has nothing to measure. */
const readers: { [Needs in keyof Pairs]: (record: AnsweredRecord, side: Side) => Pairs[Needs] | undefined } =
  {
    text: (record, side) => ({
      output: record[side].output,
      references: [record.reference, ...(record.otherReferences ?? [])],
      stopped: record[side].stopped,
    }),
    logits: (record, side) => {
      const { lossSum, lossTokens } = record[side];
      if (lossTokens === 0) return undefined;
      return { sum: lossSum, tokens: lossTokens, bytes: record.bytes ?? Buffer.byteLength(record.reference) };
    },
    scores: (record, side) => {
      const { probabilities } = record[side];
      if (probabilities === undefined || record.truth === undefined) return undefined;
      return { probabilities, truth: record.truth };
    },
    labelSets: (record, side) => ({
      output: labelsIn(record[side].output, record.separator),
      truth: labelsIn(record.reference, record.separator),
    }),
    numbers: (record, side) => {
      const [output, truth] = [numberIn(record[side].output), numberIn(record.reference)];
      return output === undefined || truth === undefined ? undefined : { output, truth };
    },
    entities: (record, side) => entityPair(record, side),
  };

function measure<Needs extends keyof Pairs>(
  metric: MetricOf<Needs>,
  records: readonly AnsweredRecord[],
  options: BootstrapOptions,
): MetricResult {
  const base: Pairs[Needs][] = [];
  const tuned: Pairs[Needs][] = [];
  for (const record of records) {
    const before = readers[metric.needs](record, 'base');
    const after = readers[metric.needs](record, 'tuned');
    if (before === undefined || after === undefined) continue;
    base.push(before);
    tuned.push(after);
  }
  const { count } = metric.score(base);
  metric.score(tuned); // throws where the value is not defined
  const { id, label, unit, description, betterWhen, binary } = metric;
  return {
    metricId: id,
    label,
    unit,
    description,
    betterWhen,
    count,
    ...compareStatistics(count, metric.prepare(base), metric.prepare(tuned), {
      betterWhen,
      binary,
      ...options,
    }),
  };
}

/**
 * Each metric for base and tuned with 95 % intervals over the records that it can read, the paired difference
 * and the
 * verdict. A metric without a value is listed with its reason, not thrown.
 * @throws AppError `unknown-metric`
 */
export function summarize(
  records: readonly AnsweredRecord[],
  metricIds: readonly string[],
  options: BootstrapOptions = {},
): Summary {
  const summary: Summary = { results: [], leftOut: [] };
  for (const metric of metricIds.map(metricById)) {
    try {
      summary.results.push(measure(metric, records, options));
    } catch (thrown) {
      if (!(thrown instanceof AppError)) throw thrown;
      summary.leftOut.push({ metricId: metric.id, label: metric.label, error: toErrorShape(thrown) });
    }
  }
  return summary;
}

/** The answer of one model to one record. */
export type OneAnswer = Pick<AnsweredRecord, 'prompt' | 'reference' | 'truth' | 'separator'> &
  Pick<Answer, 'output' | 'probabilities'>;

/**
 * The value of a measure over the answers of one model.
 * @throws AppError `unknown-metric`, or where it has no value on these answers
 */
export function measureAnswers(metricId: string, answers: readonly OneAnswer[]): number {
  const score = <Needs extends keyof Pairs>(metric: MetricOf<Needs>): number => {
    const pairs = answers.flatMap(({ output, probabilities, ...answer }) => {
      const side: Answer = { output, probabilities, lossSum: 0, lossTokens: 0, stopped: true };
      return readers[metric.needs]({ recordId: '', ...answer, base: side, tuned: side }, 'tuned') ?? [];
    });
    return metric.score(pairs as Pairs[Needs][]).value;
  };
  return score<keyof Pairs>(metricById(metricId));
}

function scoreOf<Needs extends keyof Pairs>(
  metric: MetricOf<Needs>,
  record: AnsweredRecord,
  side: Side,
): number | undefined {
  const pair = readers[metric.needs](record, side);
  return pair === undefined ? undefined : metric.scoreRecord(pair);
}

/** The record's own value by metric id; metrics that only a set of records has are left out. */
export function scoresOf(
  record: AnsweredRecord,
  metricIds: readonly string[],
  side: Side = 'tuned',
): Record<string, number> {
  const scores: Record<string, number> = {};
  for (const metric of metricIds.map(metricById)) {
    const score = scoreOf<keyof Pairs>(metric, record, side);
    if (score !== undefined) scores[metric.id] = score;
  }
  return scores;
}

/**
 * One sentence over the table, such as `Run 7 is better than the base on 3 of 4 measures, and worse on none.`
 */
export function verdictSentence(name: string, results: readonly MetricResult[]): string {
  const count = (verdict: MetricResult['verdict']) => results.filter((row) => row.verdict === verdict).length;
  const [better, worse] = [count('better'), count('worse')];
  const measures = results.length === 1 ? '1 measure' : `${results.length} measures`;
  if (better === 0 && worse === 0)
    return `${name} is not clearly better or worse than the base on ${measures}.`;
  if (better === 0) return `${name} is worse than the base on ${worse} of ${measures}.`;
  const rest = worse === 0 ? 'none' : worse;
  return `${name} is better than the base on ${better} of ${measures}, and worse on ${rest}.`;
}
