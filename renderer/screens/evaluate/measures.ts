// How measures are written: values by their unit, differences with sign and "points", and what a sample of this size
// can show at all. Pure; the words of the verdict come from the backend.
import type { Evaluation, MetricResult, Prediction } from '../../../main/contract/evaluations.ts';
import { decimal, integer, plural, range, signed } from '../../components/format.ts';

interface Look {
  /** Values are multiplied by this before they are printed. */
  times: number;
  digits: number;
  /** After a difference. */
  differenceUnit: string;
}

/** `%` values are shares from 0 to 1; the difference of two is in points. */
function lookOf(unit: string): Look {
  if (unit.startsWith('%')) return { times: 100, digits: 1, differenceUnit: 'points' };
  if (unit === '0 to 100') return { times: 1, digits: 1, differenceUnit: 'points' };
  if (unit === 'tokens') return { times: 1, digits: 2, differenceUnit: '' };
  return { times: 1, digits: 3, differenceUnit: '' };
}

/** "61.4" for a share in %, "1.421" for a loss. */
export function valueText(value: number, unit: string): string {
  const { times, digits } = lookOf(unit);
  return decimal(value * times, digits);
}

export function rangeText(low: number, high: number, unit: string): string {
  const { times, digits } = lookOf(unit);
  return range(low * times, high * times, digits);
}

/** "+58.0 points" or "−0.710". */
export function differenceText(value: number, unit: string): string {
  const { times, digits, differenceUnit } = lookOf(unit);
  return `${signed(value * times, digits)}${differenceUnit ? `\u00a0${differenceUnit}` : ''}`;
}

export function differenceRange(low: number, high: number, unit: string): string {
  const { times, digits } = lookOf(unit);
  return `${signed(low * times, digits)} to ${signed(high * times, digits)}`;
}

/** "% of 262 records, higher is better" */
export function unitLine(result: MetricResult): string {
  const of = result.unit.startsWith('%')
    ? `% of ${plural(result.count, 'record')}`
    : `${result.unit || 'score'}, ${plural(result.count, 'record')}`;
  return `${of}, ${result.betterWhen} is better`;
}

/** Read aloud in place of the picture of intervals. */
export function intervalWords(result: MetricResult): string {
  const { unit } = result;
  const side = (name: string, { value, low, high }: MetricResult['base']) =>
    `${name} ${valueText(value, unit)}, ${rangeText(low, high, unit)}`;
  return `${result.label}: ${side('base', result.base)}; ${side('tuned', result.tuned)}`;
}

export const FEW_RECORDS = 30;

/** What a sample of this size cannot show, from the widest interval of a share; null where no measure is a share. */
export function powerSentence(evaluation: Evaluation): string | null {
  const shares = evaluation.results.filter((result) => result.unit.startsWith('%'));
  if (shares.length === 0) return null;
  const half = Math.max(...shares.map(({ difference }) => (difference.high - difference.low) / 2)) * 100;
  if (!(half > 0)) return null;
  return `With ${plural(evaluation.records, 'record')}, a change below about ${integer(
    Math.max(1, Math.round(half)),
  )} points cannot be told from chance.`;
}

export type VerdictTone = 'success' | 'warning' | 'danger' | 'info';

/** Better on some and worse on none is good; worse on some and better on none is bad; the rest is in between. */
export function verdictTone(results: readonly MetricResult[]): VerdictTone {
  const better = results.some((result) => result.verdict === 'better');
  const worse = results.some((result) => result.verdict === 'worse');
  if (better && worse) return 'warning';
  if (worse) return 'danger';
  return better ? 'success' : 'info';
}

/** Names of the measures without a clear change, as one sentence; null when each has one. */
export function unclearSentence(results: readonly MetricResult[]): string | null {
  const names = results.filter((result) => result.verdict === 'no-clear-change').map(({ label }) => label);
  if (names.length === 0 || names.length === results.length) return null;
  const list = names.length === 1 ? names[0] : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  return `On ${list}, the difference is smaller than what chance alone can give.`;
}

export type PredictionGroup = 'wrong' | 'cut' | 'right';

/** The reason that a record stands in the list: cut off at the limit, not the reference, or right. */
export function groupOf(prediction: Prediction): PredictionGroup {
  if (!prediction.tuned.stopped) return 'cut';
  return prediction.tuned.output.trim() === prediction.reference.trim() ? 'right' : 'wrong';
}

/** Mean loss of the record's tokens, nats; null for a record without any. */
export function meanLoss({ lossSum, lossTokens }: Prediction['tuned']): number | null {
  return lossTokens === 0 ? null : lossSum / lossTokens;
}

/**
 * "Same prompts, temperature 0, 4 beams with length penalty 1, 128 tokens at most"; of models that write nothing, only
 * that the texts were the same.
 */
export function settingsSentence({ settings }: Pick<Evaluation, 'settings'>, writes: boolean): string {
  const { maxNewTokens, seed, beams, lengthPenalty } = settings;
  if (!writes) return 'Same texts for base and tuned';
  return [
    'Same prompts',
    typeof seed === 'number' ? `seed ${seed}` : null,
    'temperature 0',
    typeof beams === 'number' && beams > 1
      ? `${beams} beams with length penalty ${typeof lengthPenalty === 'number' ? lengthPenalty : 1}`
      : null,
    typeof maxNewTokens === 'number' ? `${maxNewTokens} tokens at most` : null,
  ]
    .filter((part) => part !== null)
    .join(', ');
}
