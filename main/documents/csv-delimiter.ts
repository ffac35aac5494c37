// Finds the delimiter of a CSV file on whole records (field case A02) and makes its record ends uniform.
// Does not read the cells; csv.ts does.
import Papa from 'papaparse';

export const delimiters = [',', ';', '\t', '|'] as const;

const sampleRecords = 200;
const sampleCharacters = 1_000_000;

/**
 * The delimiter under which the most records have as many cells as the header; null for one column whose text
 * holds delimiters.
 * Records are parsed with their quotes, so commas and line ends inside quoted text do not count.
 */
export function findDelimiter(text: string): string | null {
  const sample = text.length > sampleCharacters ? text.slice(0, sampleCharacters) : text;
  let best: { delimiter: string; score: number } | null = null;
  let isPlain = true;
  for (const delimiter of delimiters) {
    const unified = unifyRecordEnds(sample, delimiter);
    const { data, errors } = Papa.parse<string[]>(unified.text, {
      delimiter,
      newline: unified.newline,
      preview: sampleRecords,
    });
    const records = data.filter((cells) => cells.length > 1 || cells[0] !== '');
    const columns = records[0]?.length ?? 0;
    isPlain &&= records.every((cells) => cells.length === 1);
    if (columns < 2) continue;
    const same = records.filter((cells) => cells.length === columns).length / records.length;
    const quoteFaults = errors.filter((error) => error.type === 'Quotes').length / records.length;
    // Agreement decides; the number of columns only breaks ties.
    const score = same - Math.min(0.5, quoteFaults) + Math.min(columns, 50) / 1_000;
    if (same >= 0.5 && score > (best?.score ?? 0)) best = { delimiter, score };
  }
  // One column: its commas belong to the text, unless there are none.
  return best?.delimiter ?? (isPlain ? ',' : null);
}

/**
 * One kind of record end in the whole text. A file may hold CRLF inside quotes and LF between records (or
 * the other way round); only ends outside quotes are touched, and only when they are mixed.
 */
export function unifyRecordEnds(
  text: string,
  delimiter: string,
): { text: string; newline: '\n' | '\r\n' | '\r' } {
  const ends: number[] = [];
  const kinds = { '\n': 0, '\r\n': 0, '\r': 0 };
  const separator = delimiter.charCodeAt(0);
  let quoted = false;
  let atStart = true;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (quoted) {
      if (unit !== 0x22) continue;
      if (text.charCodeAt(at + 1) === 0x22) at++;
      else quoted = false;
    } else if (unit === 0x22 && atStart) {
      quoted = true;
      atStart = false;
    } else if (unit === 0x0a || unit === 0x0d) {
      const isPair = unit === 0x0d && text.charCodeAt(at + 1) === 0x0a;
      kinds[isPair ? '\r\n' : unit === 0x0a ? '\n' : '\r']++;
      ends.push(at);
      if (isPair) at++;
      atStart = true;
    } else atStart = unit === separator;
  }
  const used = (['\r\n', '\n', '\r'] as const).filter((kind) => kinds[kind] > 0);
  if (used.length <= 1) return { text, newline: used[0] ?? '\n' };
  const pieces: string[] = [];
  let from = 0;
  for (const end of ends) {
    pieces.push(text.slice(from, end));
    from = end + (text.startsWith('\r\n', end) ? 2 : 1);
  }
  pieces.push(text.slice(from));
  return { text: pieces.join('\n'), newline: '\n' };
}
