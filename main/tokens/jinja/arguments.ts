// Binds positional and named arguments of a call to names, with Python's complaints.
import { typeError } from './error.ts';
import { printed } from './print.ts';
import { isNumber, type Named, textOf, typeName, Undefined, type Value } from './values.ts';

/**
 * The values for `names` in order; undefined where none was given. Throws TypeError for surplus or unknown
 * ones.
 */
export function bind(
  callee: string,
  names: readonly string[],
  args: Value[],
  kwargs: Named,
): (Value | undefined)[] {
  if (args.length > names.length) {
    throw typeError(`${callee}() takes at most ${names.length} arguments (${args.length} given)`);
  }
  const bound: (Value | undefined)[] = names.map((_, at) => args[at]);
  for (const [name, value] of Object.entries(kwargs)) {
    const at = names.indexOf(name);
    if (at < 0) throw typeError(`${callee}() got an unexpected keyword argument '${name}'`);
    if (bound[at] !== undefined) throw typeError(`${callee}() got multiple values for argument '${name}'`);
    bound[at] = value;
  }
  return bound;
}

/** An int argument; `fallback` where it was not given (or is None). */
export function toInt(value: Value | undefined, fallback: number): number {
  if (value === undefined || value === null) return fallback;
  if (typeof value === 'bigint' || typeof value === 'boolean') return Number(value);
  if (value instanceof Undefined) return value.fail();
  throw typeError(`'${typeName(value)}' object cannot be interpreted as an integer`);
}

/** A str argument, or null where it was not given (or is None). */
export function toText(value: Value | undefined): string | null {
  if (value === undefined || value === null) return null;
  const text = textOf(value);
  if (text !== undefined) return text;
  if (value instanceof Undefined) return value.fail();
  throw typeError(`must be str, not ${typeName(value)}`);
}

export function needText(value: Value | undefined): string {
  const text = toText(value);
  if (text === null) throw typeError('must be str, not NoneType');
  return text;
}

/** Filters print what they get before they work on it (soft_str). */
export function softText(value: Value): string {
  return isNumber(value) ? printed(value) : (textOf(value) ?? printed(value));
}
