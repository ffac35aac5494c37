// Python's operators on template values, with Python's sentences where they do not apply. Indexing and
// slicing stand in access.ts.
import { JinjaError, typeError } from './error.ts';
import { formatPercent } from './format.ts';
import type { Meter } from './limits.ts';
import type { BinaryOperator } from './nodes.ts';
import { escapeHtml } from './text.ts';
import {
  Dict,
  equal,
  isNumber,
  iterate,
  Markup,
  numeric,
  Tuple,
  textOf,
  typeName,
  Undefined,
  type Value,
  View,
} from './values.ts';

type Computed = bigint | number;

/** left `operator` right. Throws TypeError, ZeroDivisionError, UndefinedError. */
export function binary(operator: BinaryOperator, left: Value, right: Value, meter: Meter): Value {
  if (isNumber(left) && isNumber(right)) return arithmetic(operator, numeric(left), numeric(right), meter);
  if (left instanceof Undefined) return left.fail();
  if (operator === '%') {
    const pattern = textOf(left);
    if (pattern !== undefined) {
      const text = formatPercent(pattern, right, meter);
      return left instanceof Markup ? new Markup(text) : text;
    }
  }
  if (right instanceof Undefined) return right.fail();
  if (operator === '+') {
    const joined = join(left, right, meter);
    if (joined !== undefined) return joined;
  }
  if (operator === '*') {
    const repeated = repeat(left, right, meter) ?? repeat(right, left, meter);
    if (repeated !== undefined) return repeated;
    if (isSequence(left) && isSequence(right)) {
      throw typeError(`can't multiply sequence by non-int of type '${typeName(right)}'`);
    }
  }
  const name = operator === '**' ? '** or pow()' : operator;
  throw typeError(`unsupported operand type(s) for ${name}: '${typeName(left)}' and '${typeName(right)}'`);
}

function join(left: Value, right: Value, meter: Meter): Value | undefined {
  const [a, b] = [textOf(left), textOf(right)];
  if (a !== undefined && b !== undefined) {
    meter.size(a.length + b.length);
    if (left instanceof Markup) return new Markup(a + (right instanceof Markup ? b : escapeHtml(b)));
    return right instanceof Markup ? new Markup(escapeHtml(a) + b) : a + b;
  }
  if (a !== undefined) throw typeError(`can only concatenate str (not "${typeName(right)}") to str`);
  if (Array.isArray(left)) {
    if (!Array.isArray(right))
      throw typeError(`can only concatenate list (not "${typeName(right)}") to list`);
    meter.items(left.length + right.length);
    return [...left, ...right];
  }
  if (left instanceof Tuple) {
    if (!(right instanceof Tuple))
      throw typeError(`can only concatenate tuple (not "${typeName(right)}") to tuple`);
    meter.items(left.items.length + right.items.length);
    return new Tuple([...left.items, ...right.items]);
  }
  return undefined;
}

function isSequence(value: Value): boolean {
  return textOf(value) !== undefined || Array.isArray(value) || value instanceof Tuple;
}

function repeat(value: Value, times: Value, meter: Meter): Value | undefined {
  if (typeof times !== 'bigint' && typeof times !== 'boolean') return undefined;
  const count = Math.max(0, Number(times));
  const text = textOf(value);
  if (text !== undefined) {
    meter.size(text.length * count);
    return value instanceof Markup ? new Markup(text.repeat(count)) : text.repeat(count);
  }
  const items = Array.isArray(value) ? value : value instanceof Tuple ? value.items : undefined;
  if (items === undefined) return undefined;
  meter.items(items.length * count);
  const repeated = Array.from({ length: count }, () => items).flat();
  return Array.isArray(value) ? repeated : new Tuple(repeated);
}

function arithmetic(operator: BinaryOperator, left: Computed, right: Computed, meter: Meter): Computed {
  if (typeof left === 'bigint' && typeof right === 'bigint') return integers(operator, left, right, meter);
  const [a, b] = [Number(left), Number(right)];
  if (b === 0 && ['/', '//', '%'].includes(operator)) {
    throw new JinjaError('ZeroDivisionError', operator === '%' ? 'float modulo' : 'float division by zero');
  }
  if (operator === '+') return a + b;
  if (operator === '-') return a - b;
  if (operator === '*') return a * b;
  if (operator === '/') return a / b;
  if (operator === '**') return power(a, b);
  const remainder = a % b;
  const modulo = remainder !== 0 && remainder < 0 !== b < 0 ? remainder + b : remainder;
  return operator === '%' ? modulo : Math.round((a - modulo) / b);
}

function integers(operator: BinaryOperator, a: bigint, b: bigint, meter: Meter): Computed {
  if (operator === '+') return a + b;
  if (operator === '-') return a - b;
  if (operator === '*') {
    meter.size(bits(a) + bits(b));
    return a * b;
  }
  if (operator === '**') {
    if (b < 0n) return power(Number(a), Number(b));
    meter.size(bits(a) * Number(b));
    return a ** b;
  }
  if (b === 0n) {
    const sentences = { '/': 'division by zero', '//': 'integer division or modulo by zero' };
    throw new JinjaError(
      'ZeroDivisionError',
      operator === '%' ? 'integer modulo by zero' : sentences[operator],
    );
  }
  if (operator === '/') return Number(a) / Number(b);
  const remainder = a % b;
  // Rounds down, where JavaScript rounds towards 0
  const apart = remainder !== 0n && remainder < 0n !== b < 0n;
  return operator === '%' ? (apart ? remainder + b : remainder) : apart ? a / b - 1n : a / b;
}

function power(base: number, exponent: number): number {
  if (base === 0 && exponent < 0) {
    throw new JinjaError('ZeroDivisionError', '0.0 cannot be raised to a negative power');
  }
  return base ** exponent;
}

function bits(value: bigint): number {
  return value.toString(16).length * 4;
}

export function negate(value: Value, sign: '-' | '+'): Value {
  if (isNumber(value)) {
    const number = numeric(value);
    return sign === '-' ? -number : number;
  }
  if (value instanceof Undefined) return value.fail();
  throw typeError(`bad operand type for unary ${sign}: '${typeName(value)}'`);
}

/** item in container. */
export function contains(container: Value, item: Value): boolean {
  const text = textOf(container);
  if (text !== undefined) {
    const part = textOf(item);
    if (item instanceof Undefined) item.fail();
    if (part === undefined)
      throw typeError(`'in <string>' requires string as left operand, not ${typeName(item)}`);
    return text.includes(part);
  }
  if (container instanceof Dict) return container.get(item) !== undefined;
  if (container instanceof View && container.part === 'keys') return container.dict.get(item) !== undefined;
  const items = iterate(container);
  if (items === undefined) throw typeError(`argument of type '${typeName(container)}' is not iterable`);
  for (const other of items) if (equal(item, other)) return true;
  return false;
}
