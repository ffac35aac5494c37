// JSON values as rows: exact numbers, cells as strings, nested values kept. Shared by the JSON and JSONL
// importers.
import { AppError } from '../errors.ts';
import type { PartDraft } from './importer.ts';
import { faultOffset } from './json-fault.ts';

/** Numbers that JavaScript would print in another way than the file, such as 1.0, 1e5 or 20-digit ids. */
const fragileNumber = /\d[.eE]|\d{16}|-0/;

/**
 * `JSON.parse` that never changes a number: one whose printed form would differ from the file comes back as
 * the file's own string. Throws SyntaxError.
 */
export function parseExact(text: string): unknown {
  if (!fragileNumber.test(text)) return JSON.parse(text);
  // The third argument (`context.source`) is newer than the type library.
  const keepSource = ((_key: string, value: unknown, context: { source?: string }) => {
    const exact = typeof value !== 'number' || String(value) === context.source;
    return exact ? value : (context.source ?? value);
  }) as (key: string, value: unknown) => unknown;
  return JSON.parse(text, keepSource);
}

/** How deep objects inside a row become columns with dotted names, such as `content.prompt`. */
const flatLevels = 4;

/**
 * One row. Scalars are cells, also those inside objects (`a.b`); a row with nesting keeps its value as
 * well.
 */
export function rowOf(value: unknown, place: string): PartDraft {
  if (!isObject(value)) {
    const cell = typeof value === 'object' && value !== null ? JSON.stringify(value) : cellOf(value);
    return { place, text: cell, cells: { value: cell } };
  }
  const cells: Record<string, string> = Object.create(null);
  const lines: string[] = [];
  let nested = false;
  const flatten = (object: Record<string, unknown>, prefix: string, level: number) => {
    for (const [key, inner] of Object.entries(object)) {
      const name = prefix + key;
      nested ||= typeof inner === 'object' && inner !== null;
      if (isObject(inner) && level < flatLevels) flatten(inner, `${name}.`, level + 1);
      else if (typeof inner === 'object' && inner !== null) lines.push(`${name}: ${nestedText(inner)}`);
      else {
        cells[name] = cellOf(inner);
        lines.push(`${name}: ${cells[name]}`);
      }
    }
  };
  flatten(value, '', 1);
  const keys = Object.keys(cells);
  const text = keys.length === 1 && !nested ? cells[keys[0]] : lines.join('\n');
  return nested ? { place, text, cells, value } : { place, text, cells };
}

/** Column names of a row: its cells and, with dotted names, the lists in it. */
export function columnsOf(row: PartDraft): string[] {
  const names = Object.keys(row.cells ?? {});
  const addLists = (object: Record<string, unknown>, prefix: string, level: number) => {
    for (const [key, inner] of Object.entries(object)) {
      if (isObject(inner) && level < flatLevels) addLists(inner, `${prefix}${key}.`, level + 1);
      else if (typeof inner === 'object' && inner !== null) names.push(prefix + key);
    }
  };
  if (isObject(row.value)) addLists(row.value, '', 1);
  return names;
}

/** The value at a column name of `columnsOf`; undefined when the row has none. */
export function valueAt(value: unknown, name: string): unknown {
  if (!isObject(value)) return undefined;
  if (Object.hasOwn(value, name)) return value[name];
  const dot = name.indexOf('.');
  return dot < 0 ? undefined : valueAt(value[name.slice(0, dot)], name.slice(dot + 1));
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** null is empty; everything else is as the file writes it. */
function cellOf(value: unknown): string {
  return value === null || value === undefined ? '' : String(value);
}

/** A list of messages reads as a dialogue; other nested values as JSON. */
function nestedText(value: object): string {
  if (!Array.isArray(value)) return JSON.stringify(value);
  const turns = value.map((item) => {
    if (!isObject(item)) return null;
    const who = item.role ?? item.from;
    const what = item.content ?? item.value;
    return typeof who === 'string' && typeof what === 'string' ? `\n${who}: ${what}` : null;
  });
  return turns.length > 0 && turns.every((turn) => turn !== null) ? turns.join('') : JSON.stringify(value);
}

/** Line and column (1-based) where parsing stopped, and the parser's own reason. */
export function faultOf(thrown: unknown, text: string): { line: number; column: number; reason: string } {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const position = faultOffset(text);
  const before = text.slice(0, position);
  const line = before.split('\n').length;
  const column = position - before.lastIndexOf('\n');
  const reason = message.replace(/ in JSON at position.*|, ".*" is not valid JSON$/s, '').slice(0, 120);
  return { line, column, reason };
}

/** Refuses JSON whose arrays and objects go deeper than `limit`, with the place. */
export function holdNesting(name: string, text: string, limit: number): void {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (inString) {
      if (unit === 0x5c) at++;
      else if (unit === 0x22) inString = false;
    } else if (unit === 0x22) inString = true;
    else if (unit === 0x5b || unit === 0x7b) {
      depth++;
      if (depth <= limit) continue;
      const line = text.slice(0, at).split('\n').length;
      const column = at - text.lastIndexOf('\n', at);
      throw new AppError(
        'json-too-deep',
        `"${name}" nests more than ${limit} levels deep (line ${line}, column ${column}).`,
        'Flatten the file, or leave it out.',
      );
    } else if (unit === 0x5d || unit === 0x7d) depth--;
  }
}
