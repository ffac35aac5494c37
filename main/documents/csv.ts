// CSV and TSV: every cell is the exact string of the file (field case A08). The delimiter is found on whole
// records or chosen by the user. The only reader of cells is papaparse.
import Papa from 'papaparse';
import { AppError } from '../errors.ts';
import { findDelimiter, unifyRecordEnds } from './csv-delimiter.ts';
import { decodeText } from './encoding.ts';
import type { Importer, PartDraft } from './importer.ts';
import { plural } from './limits.ts';

export const csv: Importer = {
  id: 'csv',
  label: 'CSV and TSV',
  description: 'Tables with a header row. Every cell stays the exact text of the file.',
  extensions: ['csv', 'tsv', 'tab'],
  mimeTypes: ['text/csv', 'text/tab-separated-values'],
  isText: true,
  async *read(file, options) {
    const decoded = decodeText(file.bytes, options.encoding);
    // Excel's first line `sep=;` names the delimiter and is no row.
    const hint = /^sep=(.)\r?\n/i.exec(decoded.text);
    const body = hint === null ? decoded.text : decoded.text.slice(hint[0].length);
    const chosen = delimiterOf(options.delimiter, hint?.[1] ?? null);
    const delimiter = chosen ?? findDelimiter(body) ?? noDelimiter;
    const { records, faults } = parse(body, delimiter);
    if (records.length < 2) {
      throw new AppError(
        'csv-empty',
        `"${file.name}" has no row below its header.`,
        'Add rows to it, or leave it out.',
      );
    }
    const shown = delimiter === noDelimiter ? null : delimiter;
    const columns = headerOf(records[0]);
    const notes = [...decoded.notes, ...faults];
    if (delimiter === noDelimiter) notes.push('no delimiter found; each line is one cell');
    const uneven = unevenRows(records);
    if (uneven.more > 0) {
      const extra = `${plural(uneven.more, 'row has', 'rows have')} more cells than the header`;
      notes.push(`${extra} (${columns.length}); the first is row ${uneven.firstMore}. All cells are kept`);
    }
    if (uneven.fewer > 0) {
      const missing = `${plural(uneven.fewer, 'row has', 'rows have')} fewer cells than the header`;
      notes.push(
        `${missing} (${columns.length}); the first is row ${uneven.firstFewer}. They are empty there`,
      );
    }
    for (let at = columns.length; at < uneven.widest; at++)
      columns.push(freeName(`column ${at + 1}`, columns));
    for (let row = 1; row < records.length; row++) yield rowPart(row, columns, records[row]);
    return {
      coverage: { encoding: decoded.encoding, encodingWhy: decoded.why, delimiter: shown, notes },
      rows: records.length - 1,
      columns,
    };
  },
};

/** The unit separator: a character that text never holds, so that every record is one cell. */
const noDelimiter = '\u001F';

function delimiterOf(chosen: string | undefined, hint: string | null): string | null {
  if (chosen === undefined || chosen === '') return hint;
  return /^(\\t|tab)$/i.test(chosen) ? '\t' : chosen;
}

/** All records that are not blank lines, and sentences about broken quotes. */
function parse(body: string, delimiter: string): { records: string[][]; faults: string[] } {
  const unified = unifyRecordEnds(body, delimiter);
  const { data, errors } = Papa.parse<string[]>(unified.text, { delimiter, newline: unified.newline });
  const quotes = errors.filter((error) => error.type === 'Quotes');
  const faults =
    quotes.length === 0
      ? []
      : [`${plural(quotes.length, 'quoted cell')} not closed; the first is in row ${quotes[0].row ?? 0}`];
  return { records: data.filter((cells) => cells.length > 1 || cells[0] !== ''), faults };
}

/** Column names: trimmed, never empty, never twice. */
function headerOf(cells: string[]): string[] {
  const names: string[] = [];
  for (const [at, cell] of cells.entries()) names.push(freeName(cell.trim() || `column ${at + 1}`, names));
  return names;
}

function freeName(name: string, taken: string[]): string {
  let free = name;
  for (let number = 2; taken.includes(free); number++) free = `${name} (${number})`;
  return free;
}

function unevenRows(records: string[][]) {
  const width = records[0].length;
  const found = { more: 0, firstMore: 0, fewer: 0, firstFewer: 0, widest: width };
  for (let row = 1; row < records.length; row++) {
    const cells = records[row].length;
    if (cells > width) {
      found.more++;
      found.firstMore ||= row;
      found.widest = Math.max(found.widest, cells);
    } else if (cells < width) {
      found.fewer++;
      found.firstFewer ||= row;
    }
  }
  return found;
}

/** Row numbers count data rows from 1; the header is not one. */
function rowPart(row: number, columns: string[], cells: string[]): PartDraft {
  const named: Record<string, string> = Object.create(null);
  const lines: string[] = [];
  for (let at = 0; at < Math.max(cells.length, 1); at++) {
    named[columns[at]] = cells[at];
    if (cells[at] !== '') lines.push(`${columns[at]}: ${cells[at]}`);
  }
  for (let at = cells.length; at < columns.length; at++) named[columns[at]] = '';
  const text = columns.length === 1 ? cells[0] : lines.join('\n');
  return { place: `row ${row}`, text, cells: named };
}
