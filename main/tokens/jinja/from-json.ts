// JSON values to template values. Keeps int and float apart: what cannot be told from a JavaScript number
// (1.0) comes as `JSON.rawJSON('1.0')`, which JSON.stringify writes back as it was.
import { typeError } from './error.ts';
import { Dict, type Value } from './values.ts';

interface RawJson {
  rawJSON: string;
}

/** Members of JSON that TypeScript's library does not declare yet (in V8 since 11.4). */
const { parse, rawJSON, isRawJSON } = JSON as unknown as {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): RawJson;
  isRawJSON(value: unknown): value is RawJson;
};

/** JSON.parse that keeps `1.0`, `1e3` and integers beyond 2^53 as they are written (as raw JSON). */
export function parseLossless(text: string): unknown {
  return parse(text, (_key, value, { source }) => {
    if (typeof value !== 'number' || source === undefined) return value;
    const exact = String(value) === source && (Number.isSafeInteger(value) || !Number.isInteger(value));
    return exact ? value : rawJSON(source);
  });
}

/**
 * A template value of anything that JSON can hold; Map and bigint are taken too, undefined members are left
 * out.
 */
export function fromJson(value: unknown): Value {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint') return value;
  if (typeof value === 'number')
    return Number.isInteger(value) && !Object.is(value, -0) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(fromJson);
  if (isRawJSON(value)) return fromRaw(value.rawJSON);
  if (typeof value !== 'object') throw typeError(`a ${typeof value} cannot be given to a template`);
  const dict = new Dict();
  for (const [key, item] of value instanceof Map ? value : Object.entries(value)) {
    if (item !== undefined) dict.set(String(key), fromJson(item));
  }
  return dict;
}

function fromRaw(source: string): Value {
  if (/^-?\d+$/.test(source)) return BigInt(source);
  if (/^-?\d/.test(source)) return Number(source);
  return fromJson(JSON.parse(source));
}
