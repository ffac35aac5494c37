// JSON: a list of rows, an object that holds one list of rows, or a single value. A file of JSON Lines that
// is named .json is read as such, and the notes say so.
import { AppError } from '../errors.ts';
import { decodeText } from './encoding.ts';
import type { Importer, Outcome, PartDraft } from './importer.ts';
import { rowsWithFeatures } from './json-features.ts';
import { columnsOf, faultOf, holdNesting, isObject, parseExact, rowOf } from './json-rows.ts';
import { readLines } from './jsonl.ts';
import type { Limits } from './limits.ts';

export const json: Importer = {
  id: 'json',
  label: 'JSON',
  description:
    'A list of objects, or an object with one list in it. Numbers and ids stay as they are written.',
  extensions: ['json'],
  mimeTypes: ['application/json'],
  isText: true,
  async *read(file, options, limits) {
    const decoded = decodeText(file.bytes, options.encoding);
    const outcome = yield* readJson(file.name, decoded.text, limits);
    outcome.coverage.encoding = decoded.encoding;
    outcome.coverage.encodingWhy = decoded.why;
    outcome.coverage.notes = [...decoded.notes, ...(outcome.coverage.notes ?? [])];
    return outcome;
  },
};

function* readJson(name: string, text: string, limits: Limits): Generator<PartDraft, Outcome> {
  holdNesting(name, text, limits.nesting);
  let whole: unknown;
  try {
    whole = parseExact(text);
  } catch (thrown) {
    if (looksLikeLines(text)) {
      const outcome = yield* readLines(name, text, limits);
      outcome.coverage.notes = ['read as JSON Lines', ...(outcome.coverage.notes ?? [])];
      return outcome;
    }
    const fault = faultOf(thrown, text);
    throw new AppError(
      'json-broken',
      `"${name}" is not JSON: ${fault.reason} (line ${fault.line}, column ${fault.column}).`,
      'Correct that place in the file and import it again, or leave it out.',
      { cause: thrown },
    );
  }
  const { rows, notes } = rowsOf(whole);
  const columns = new Set<string>();
  for (let at = 0; at < rows.length; at++) {
    const row = rowOf(rows[at], `row ${at + 1}`);
    for (const column of columnsOf(row)) columns.add(column);
    yield row;
  }
  return { coverage: { notes }, rows: rows.length, columns: [...columns] };
}

/** The list itself, the one list of objects inside an object, or the value as a single row. */
function rowsOf(whole: unknown): { rows: unknown[]; notes: string[] } {
  if (Array.isArray(whole)) return { rows: whole, notes: [] };
  if (isObject(whole)) {
    const featured = rowsWithFeatures(whole);
    if (featured !== null) return { rows: featured, notes: ['the rows and the names of classes were read'] };
    const lists = Object.entries(whole).filter(
      ([, value]) => Array.isArray(value) && value.length > 0 && value.every(isObject),
    );
    // A conversation (messages in an object) is one row, not a list of rows.
    const isConversation = lists.some(([key]) => key === 'messages' || key === 'conversations');
    if (lists.length === 1 && !isConversation) {
      const [key, list] = lists[0];
      return { rows: list as unknown[], notes: [`the rows were taken from "${key}"`] };
    }
  }
  return { rows: [whole], notes: [] };
}

/** Whether the first two lines are complete JSON values of their own. */
function looksLikeLines(text: string): boolean {
  const lines = text.split('\n', 3).filter((line) => line.trim() !== '');
  if (lines.length < 2) return false;
  try {
    for (const line of lines.slice(0, 2)) JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
