// The conformance table as text: one line per row, columns aligned.
import type { Row } from './check.ts';
import type { Counts } from './runner.ts';

const widest = 64; // a longer name pushes its own line only

/** Header and rows, with columns as wide as their longest entry. */
export function formatTable(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.status,
    row.case,
    row.quantity,
    row.difference === undefined ? '' : number(row.difference),
    row.tolerance === undefined ? '' : number(row.tolerance),
    row.status === 'skipped' ? `skipped: ${row.note ?? ''}` : (row.note ?? ''),
  ]);
  const table = [['status', 'case', 'quantity', 'difference', 'tolerance', 'note'], ...cells];
  const widths = table[0].map((_, column) =>
    Math.min(widest, Math.max(...table.map((line) => line[column].length))),
  );
  return table
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function formatCounts({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** 0 and whole numbers as they are, others with two digits: 3.1e-7. */
function number(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toExponential(1);
}
