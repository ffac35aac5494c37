// Rows as the Hugging Face datasets server writes them: `features` say the columns, `rows` hold each row in `row`. Numbers
// of classes become the names that the features give them. Knows no other JSON.
import { isObject } from './json-rows.ts';

/** The rows themselves; null for any other value. */
export function rowsWithFeatures(whole: Record<string, unknown>): Record<string, unknown>[] | null {
  const { features, rows } = whole;
  if (!Array.isArray(features) || !Array.isArray(rows) || rows.length === 0) return null;
  const held = rows.map((item) => (isObject(item) ? item.row : undefined));
  if (!held.every(isObject)) return null;
  const named = features.flatMap((feature) => {
    const names = isObject(feature) ? classNames(feature.type) : null;
    return names === null ? [] : [[String((feature as Record<string, unknown>).name), names] as const];
  });
  return held.map((row) => {
    const changed = named.map(([column, names]) => [column, withNames(row[column], names)] as const);
    return { ...row, ...Object.fromEntries(changed.filter(([column]) => Object.hasOwn(row, column))) };
  });
}

/** The names of a class label, alone or in a list; null for other types. */
function classNames(type: unknown): string[] | null {
  if (!isObject(type)) return null;
  if (type._type !== 'ClassLabel') return classNames(type.feature);
  const { names } = type;
  return Array.isArray(names) && names.every((name) => typeof name === 'string') ? names : null;
}

/** -1 says "no class" there, and stays. */
function withNames(value: unknown, names: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => withNames(item, names));
  return typeof value === 'number' ? (names[value] ?? value) : value;
}
