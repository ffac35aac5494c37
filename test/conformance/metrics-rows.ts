// Rows of the conformance table for metrics: numbers against stored ones (differences above 1 are relative),
// texts that must be equal. Knows no metric.
import type { Overlap } from '../../main/metrics/rouge.ts';
import { compared, type Row } from './check.ts';
import type * as stored from './metrics-files.ts';

const tolerance = 1e-6;

/** A stored number; `nan` and `inf` are strings in JSON, null is a value that does not exist. */
function numberOf(value: stored.Numeric | null): number {
  if (value === null || value === 'nan') return Number.NaN;
  return value === 'inf' ? Number.POSITIVE_INFINITY : Number(value);
}

function differenceOf(computed: number | null, expected: stored.Numeric | null): number {
  const [a, b] = [computed ?? Number.NaN, numberOf(expected)];
  if (Object.is(a, b) || a === b) return 0;
  return Math.abs(a - b) / Math.max(1, Math.abs(b));
}

/** One row for any number of values in the same order. A missing or surplus value fails. */
export function row(
  name: string,
  quantity: string,
  computed: readonly (number | null)[],
  expected: readonly (stored.Numeric | null)[],
): Row {
  if (computed.length !== expected.length) {
    return compared(
      name,
      quantity,
      Number.NaN,
      tolerance,
      `${computed.length} values, not ${expected.length}`,
    );
  }
  const differences = computed.map((value, i) => differenceOf(value, expected[i]));
  const worst = differences.findIndex(Number.isNaN);
  const largest = worst === -1 ? Math.max(0, ...differences) : Number.NaN;
  const at = worst === -1 ? differences.indexOf(largest) : worst;
  const note = largest <= tolerance ? undefined : `value ${at}: ${computed[at]}, not ${expected[at]}`;
  return compared(name, quantity, largest, tolerance, note);
}

/** A row for texts that must be equal. */
export function equal(
  name: string,
  quantity: string,
  computed: readonly string[],
  expected: readonly string[],
): Row {
  const at = expected.findIndex((text, i) => text !== computed[i]);
  const note = at === -1 ? undefined : `${JSON.stringify(computed[at])}, not ${JSON.stringify(expected[at])}`;
  return compared(name, quantity, at === -1 ? 0 : Number.POSITIVE_INFINITY, 0, note);
}

export const parts = ({ precision, recall, f1: both }: Overlap): number[] => [precision, recall, both];
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
