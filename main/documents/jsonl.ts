// JSON Lines: one value a line, split on LF only (U+2028, U+2029 and U+0085 belong to the text: field case
// A01).
import { AppError } from '../errors.ts';
import { decodeText } from './encoding.ts';
import type { Importer, Outcome, PartDraft } from './importer.ts';
import { columnsOf, faultOf, holdNesting, parseExact, rowOf } from './json-rows.ts';
import { count, type Limits, plural } from './limits.ts';

export const jsonl: Importer = {
  id: 'jsonl',
  label: 'JSON Lines',
  description: 'One JSON value a line. Numbers and ids stay as they are written.',
  extensions: ['jsonl', 'ndjson'],
  mimeTypes: ['application/jsonl', 'application/x-ndjson'],
  isText: true,
  async *read(file, options, limits) {
    const decoded = decodeText(file.bytes, options.encoding);
    const outcome = yield* readLines(file.name, decoded.text, limits);
    outcome.coverage.encoding = decoded.encoding;
    outcome.coverage.encodingWhy = decoded.why;
    outcome.coverage.notes = [...decoded.notes, ...(outcome.coverage.notes ?? [])];
    return outcome;
  },
};

/**
 * Rows of JSON Lines text. Lines that are no JSON are left out and named in the notes.
 * @throws AppError `jsonl-broken` when more than half of the lines are no JSON.
 */
export function* readLines(name: string, text: string, limits: Limits): Generator<PartDraft, Outcome> {
  const columns = new Set<string>();
  let rows = 0;
  let line = 0;
  let bad = 0;
  let firstFault = '';
  for (let start = 0; start < text.length; ) {
    const found = text.indexOf('\n', start);
    const end = found < 0 ? text.length : found;
    const content = text.slice(start, text[end - 1] === '\r' ? end - 1 : end);
    start = end + 1;
    line++;
    if (/^[ \t]*$/.test(content)) continue;
    if (content.length > limits.nesting) holdNesting(name, content, limits.nesting);
    try {
      const row = rowOf(parseExact(content), `row ${rows + 1}`);
      for (const column of columnsOf(row)) columns.add(column);
      rows++;
      yield row;
    } catch (thrown) {
      if (!(thrown instanceof SyntaxError)) throw thrown;
      const fault = faultOf(thrown, content);
      bad++;
      firstFault ||= `line ${line}, column ${fault.column}: ${fault.reason}`;
    }
  }
  if (bad > rows) {
    throw new AppError(
      'jsonl-broken',
      `${plural(bad, 'line')} of ${count(bad + rows)} in "${name}" are not JSON; the first is ${firstFault}.`,
      'Write one complete JSON value on each line, or leave the file out.',
    );
  }
  const notes =
    bad === 0
      ? []
      : [`${plural(bad, 'line')} of ${count(bad + rows)} left out as no JSON; the first is ${firstFault}`];
  return { coverage: { notes }, rows, columns: [...columns] };
}
