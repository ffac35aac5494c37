// Jinja's tests: what may stand behind `is`.
import type { Meter } from './limits.ts';
import { binary, contains } from './operators.ts';
import { printed } from './print.ts';
import {
  Callable,
  Dict,
  equal,
  Fields,
  isNumber,
  iterate,
  Markup,
  order,
  Range,
  sizeOf,
  Tuple,
  textOf,
  Undefined,
  type Value,
} from './values.ts';

export type Test = (value: Value, args: Value[], meter: Meter) => boolean;

const remainderIs =
  (wanted: bigint): Test =>
  (value, _args, meter) =>
    equal(binary('%', value, 2n, meter), wanted);

const compares =
  (operator: string, fits: (order: number) => boolean): Test =>
  (value, [other]) =>
    fits(order(value, other, operator));

const equals: Test = (value, [other]) => equal(value, other);
const unequal: Test = (value, [other]) => !equal(value, other);
const less = compares('<', (by) => by < 0);
const greater = compares('>', (by) => by > 0);
const atMost = compares('<=', (by) => by <= 0);
const atLeast = compares('>=', (by) => by >= 0);

const isSequence: Test = (value) =>
  value instanceof Undefined ||
  (sizeOf(value) !== undefined &&
    (textOf(value) !== undefined ||
      [Tuple, Dict, Range].some((kind) => value instanceof kind) ||
      Array.isArray(value)));

/** By name; the ones that need the list of filters or tests themselves are added by the interpreter. */
export const tests: Record<string, Test> = {
  defined: (value) => !(value instanceof Undefined),
  undefined: (value) => value instanceof Undefined,
  none: (value) => value === null,
  boolean: (value) => typeof value === 'boolean',
  true: (value) => value === true,
  false: (value) => value === false,
  integer: (value) => typeof value === 'bigint',
  float: (value) => typeof value === 'number',
  number: isNumber,
  string: (value) => textOf(value) !== undefined,
  mapping: (value) => value instanceof Dict,
  sequence: isSequence,
  iterable: (value) => iterate(value) !== undefined,
  callable: (value) => value instanceof Callable || (value instanceof Fields && value.call !== undefined),
  sameas: (value, [other]) => value === other,
  escaped: (value) => value instanceof Markup,
  lower: (value) => cased(value, (text) => text.toLowerCase()),
  upper: (value) => cased(value, (text) => text.toUpperCase()),
  even: remainderIs(0n),
  odd: remainderIs(1n),
  divisibleby: (value, [by], meter) => equal(binary('%', value, by, meter), 0n),
  in: (value, [container]) => contains(container, value),
  eq: equals,
  equalto: equals,
  '==': equals,
  ne: unequal,
  '!=': unequal,
  lt: less,
  lessthan: less,
  '<': less,
  le: atMost,
  '<=': atMost,
  gt: greater,
  greaterthan: greater,
  '>': greater,
  ge: atLeast,
  '>=': atLeast,
};

/** str.islower / str.isupper of the printed value. */
function cased(value: Value, change: (text: string) => string): boolean {
  const text = printed(value);
  return /[\p{Lu}\p{Ll}]/u.test(text) && change(text) === text;
}
