// The values of a template, with Python's distinctions: int is a bigint, float a number, None is null; lists
// are arrays. Says what a value is (type, truth, equality, order, length, items); how it prints stands in
// print.ts.
import { JinjaError, typeError } from './error.ts';
import { compareText, lengthOf, points } from './text.ts';

export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Value[]
  | Tuple
  | Dict
  | Markup
  | Undefined
  | Callable
  | Stream
  | Range
  | View
  | Fields;

export type Named = Record<string, Value>;

export class Tuple {
  readonly items: Value[];
  /** For groupby: names of the first two items. */
  readonly names?: string[];
  constructor(items: Value[], names?: string[]) {
    this.items = items;
    this.names = names;
  }
}

/** A str that is known to be safe HTML; joining it with a str escapes the str. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Jinja's Undefined: prints as nothing, is false and empty, and fails with its sentence in any other use. */
export class Undefined {
  private readonly sentence: () => string;
  readonly errorType: string;
  constructor(sentence: () => string, errorType = 'UndefinedError') {
    this.sentence = sentence;
    this.errorType = errorType;
  }
  fail(): never {
    throw new JinjaError(this.errorType, this.sentence());
  }
}

export class Callable {
  readonly name: string;
  readonly call: (args: Value[], kwargs: Named) => Value;
  readonly typeName: string;
  constructor(
    name: string,
    call: (args: Value[], kwargs: Named) => Value,
    typeName = 'builtin_function_or_method',
  ) {
    this.name = name;
    this.call = call;
    this.typeName = typeName;
  }
}

/** A generator: can be gone through once, is always true, has no length. */
export class Stream {
  readonly iterator: Iterator<Value>;
  constructor(items: Iterable<Value>) {
    this.iterator = items[Symbol.iterator]();
  }
}

export class Range {
  readonly start: bigint;
  readonly stop: bigint;
  readonly step: bigint;
  readonly length: number;
  constructor(start: bigint, stop: bigint, step: bigint) {
    if (step === 0n) throw new JinjaError('ValueError', 'range() arg 3 must not be zero');
    const span = step > 0n ? stop - start : start - stop;
    const size = step > 0n ? step : -step;
    const length = span > 0n ? (span + size - 1n) / size : 0n;
    if (length > 100_000n) {
      throw new JinjaError(
        'OverflowError',
        'Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000).',
      );
    }
    this.start = start;
    this.stop = stop;
    this.step = step;
    this.length = Number(length);
  }
  at(index: number): bigint {
    return this.start + BigInt(index) * this.step;
  }
}

/** dict.keys(), dict.values(), dict.items(). */
export class View {
  readonly dict: Dict;
  readonly part: 'keys' | 'values' | 'items';
  constructor(dict: Dict, part: 'keys' | 'values' | 'items') {
    this.dict = dict;
    this.part = part;
  }
  items(): Value[] {
    const entries = this.dict.entries();
    if (this.part === 'items') return entries.map((entry) => new Tuple(entry));
    return entries.map(([key, value]) => (this.part === 'keys' ? key : value));
  }
}

/**
 * An object with named fields that are looked up when asked for: a namespace, `loop`, a macro's own
 * attributes.
 */
export class Fields {
  readonly typeName: string;
  readonly get: (name: string) => Value | undefined;
  readonly set?: (name: string, value: Value) => void;
  readonly call?: Callable['call'];
  readonly print?: () => string;
  constructor(typeName: string, parts: Pick<Fields, 'get' | 'set' | 'call' | 'print'>) {
    this.typeName = typeName;
    this.get = parts.get;
    this.set = parts.set;
    this.call = parts.call;
    this.print = parts.print;
  }
}

/** A dict in insertion order; 1, 1.0 and True are one key. */
export class Dict {
  private readonly map = new Map<string, [Value, Value]>();
  get size(): number {
    return this.map.size;
  }
  get(key: Value): Value | undefined {
    return this.map.get(hashOf(key))?.[1];
  }
  set(key: Value, value: Value): this {
    const hash = hashOf(key);
    const entry = this.map.get(hash);
    if (entry === undefined) this.map.set(hash, [key, value]);
    else entry[1] = value;
    return this;
  }
  entries(): [Value, Value][] {
    return [...this.map.values()];
  }
}

/** Equal for keys that Python takes as the same; throws TypeError for what cannot be a key. */
export function hashOf(value: Value): string {
  if (typeof value === 'string') return `s${value}`;
  if (value instanceof Markup) return `s${value.text}`;
  if (value === null) return 'none';
  if (typeof value === 'boolean') return value ? 'n1' : 'n0';
  if (typeof value === 'bigint') return `n${value}`;
  if (typeof value === 'number') return Number.isInteger(value) ? `n${BigInt(value)}` : `n${value}`;
  if (value instanceof Tuple) return `t${value.items.map((item) => JSON.stringify(hashOf(item))).join(',')}`;
  if (value instanceof Undefined) return 'undefined';
  throw typeError(`unhashable type: '${typeName(value)}'`);
}

export function typeName(value: Value): string {
  if (value === null) return 'NoneType';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return 'float';
  if (typeof value === 'string') return 'str';
  if (Array.isArray(value)) return 'list';
  if (value instanceof Callable || value instanceof Fields) return value.typeName;
  if (value instanceof View) return `dict_${value.part}`;
  const names = [
    [Tuple, 'tuple'],
    [Dict, 'dict'],
    [Markup, 'Markup'],
    [Undefined, 'Undefined'],
    [Stream, 'generator'],
  ] as const;
  return names.find(([kind]) => value instanceof kind)?.[1] ?? 'range';
}

export function truth(value: Value): boolean {
  if (value === null || value instanceof Undefined) return false;
  if (typeof value === 'object') return (sizeOf(value) ?? 1) > 0;
  return Boolean(value);
}

/** len(), or undefined for what has none. */
export function sizeOf(value: Value): number | undefined {
  if (typeof value === 'string') return lengthOf(value);
  if (value instanceof Markup) return lengthOf(value.text);
  if (Array.isArray(value) || value instanceof Range) return value.length;
  if (value instanceof Tuple) return value.items.length;
  if (value instanceof Dict) return value.size;
  if (value instanceof View) return value.dict.size;
  if (value instanceof Undefined) return 0;
  const length =
    value instanceof Fields && value.typeName === 'LoopContext' ? value.get('length') : undefined;
  return length === undefined ? undefined : Number(length);
}

export function lengthOfValue(value: Value): number {
  const size = sizeOf(value);
  if (size === undefined) throw typeError(`object of type '${typeName(value)}' has no len()`);
  return size;
}

/** iter(): undefined for what cannot be gone through. A generator is used up by it. */
export function iterate(value: Value): Iterable<Value> | undefined {
  if (Array.isArray(value)) return value;
  if (typeof value === 'string') return points(value);
  if (value instanceof Markup) return points(value.text);
  if (value instanceof Tuple) return value.items;
  if (value instanceof Dict) return value.entries().map(([key]) => key);
  if (value instanceof View) return value.items();
  if (value instanceof Range) return Array.from({ length: value.length }, (_, at) => value.at(at));
  if (value instanceof Stream) return { [Symbol.iterator]: () => value.iterator };
  if (value instanceof Undefined) return [];
  return undefined;
}

/** All items of an iterable as an array. */
export function itemsOf(value: Value): Value[] {
  const items = iterate(value);
  if (items === undefined) throw typeError(`'${typeName(value)}' object is not iterable`);
  return Array.isArray(items) ? items : [...items];
}

export function isNumber(value: Value): value is boolean | bigint | number {
  return typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean';
}

/** A number or bool as a number that computes: True is 1. */
export function numeric(value: boolean | bigint | number): bigint | number {
  return typeof value === 'boolean' ? BigInt(value) : value;
}

/** The characters of a str or Markup; undefined for anything else. */
export function textOf(value: Value): string | undefined {
  if (typeof value === 'string') return value;
  return value instanceof Markup ? value.text : undefined;
}

/** Equality across int and float (1 == 1.0), exact for big ints, as `==` has it. */
function same(left: bigint | number, right: bigint | number): boolean {
  return left <= right && left >= right;
}

export function equal(left: Value, right: Value): boolean {
  // 1 == 1.0, exact for big ints
  if (isNumber(left) && isNumber(right)) return same(numeric(left), numeric(right));
  const [leftText, rightText] = [textOf(left), textOf(right)];
  if (leftText !== undefined || rightText !== undefined) return leftText === rightText;
  if (Array.isArray(left)) return Array.isArray(right) && equalItems(left, right);
  if (left instanceof Tuple) return right instanceof Tuple && equalItems(left.items, right.items);
  if (left instanceof Range) return right instanceof Range && equalItems(itemsOf(left), itemsOf(right));
  if (left instanceof Undefined) return right instanceof Undefined;
  if (left instanceof Dict && right instanceof Dict) {
    return (
      left.size === right.size &&
      left.entries().every(([key, value]) => {
        const other = right.get(key);
        return other !== undefined && equal(value, other);
      })
    );
  }
  return left === right;
}

function equalItems(left: Value[], right: Value[]): boolean {
  return left.length === right.length && left.every((item, at) => equal(item, right[at]));
}

/**
 * Negative, 0 or positive (NaN: no order holds); TypeError where Python has no order. `operator` is for its
 * sentence.
 */
export function order(left: Value, right: Value, operator = '<'): number {
  if (isNumber(left) && isNumber(right)) {
    const [a, b] = [numeric(left), numeric(right)];
    return a < b ? -1 : a > b ? 1 : same(a, b) ? 0 : Number.NaN;
  }
  const [leftText, rightText] = [textOf(left), textOf(right)];
  if (leftText !== undefined && rightText !== undefined) return compareText(leftText, rightText);
  const lists = Array.isArray(left) && Array.isArray(right);
  if (lists || (left instanceof Tuple && right instanceof Tuple)) {
    const [a, b] = [itemsOf(left), itemsOf(right)];
    const at = a.findIndex((item, index) => index >= b.length || !equal(item, b[index]));
    if (at < 0) return a.length - b.length;
    return at >= b.length ? 1 : order(a[at], b[at], operator);
  }
  if (left instanceof Undefined) return left.fail();
  if (right instanceof Undefined) return right.fail();
  throw typeError(
    `'${operator}' not supported between instances of '${typeName(left)}' and '${typeName(right)}'`,
  );
}
