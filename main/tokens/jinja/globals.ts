// The functions that templates find without being given them: range, namespace and their like, and those that
// transformers adds (raise_exception, strftime_now).
import { JinjaError, typeError } from './error.ts';
import { printed, repr } from './print.ts';
import { strftime } from './strftime.ts';
import {
  Callable,
  Dict,
  Fields,
  isNumber,
  itemsOf,
  type Named,
  Range,
  textOf,
  typeName,
  Undefined,
  type Value,
} from './values.ts';

/** All global names. `now` is the time that `strftime_now` prints, in local time. */
export function createGlobals(now: Date): Map<string, Value> {
  return new Map<string, Value>([
    ['range', new Callable('range', range, 'function')],
    ['dict', new Callable('dict', (args, kwargs) => newDict(args, kwargs), 'type')],
    ['namespace', new Callable('namespace', (args, kwargs) => namespace(newDict(args, kwargs)), 'type')],
    ['cycler', new Callable('cycler', cycler, 'type')],
    ['joiner', new Callable('joiner', joiner, 'type')],
    [
      'raise_exception',
      new Callable(
        'raise_exception',
        ([message]) => {
          throw new JinjaError('TemplateError', printed(message ?? null));
        },
        'function',
      ),
    ],
    [
      'strftime_now',
      new Callable('strftime_now', ([format]) => strftime(now, printed(format ?? null)), 'function'),
    ],
  ]);
}

function range(args: Value[]): Range {
  if (args.length === 0 || args.length > 3)
    throw typeError(`range expected 1 to 3 arguments, got ${args.length}`);
  const [first, second, step] = args.map((value) => {
    if (value instanceof Undefined) return value.fail();
    if (typeof value === 'bigint' || typeof value === 'boolean') return BigInt(value);
    throw typeError(`'${typeName(value)}' object cannot be interpreted as an integer`);
  });
  return second === undefined ? new Range(0n, first, 1n) : new Range(first, second, step ?? 1n);
}

function newDict([source]: Value[], kwargs: Named): Dict {
  const dict = new Dict();
  if (source instanceof Dict) for (const [key, value] of source.entries()) dict.set(key, value);
  else if (source !== undefined) {
    for (const pair of itemsOf(source)) {
      const [key, value] = itemsOf(pair);
      dict.set(key, value);
    }
  }
  for (const [key, value] of Object.entries(kwargs)) dict.set(key, value);
  return dict;
}

function namespace(fields: Dict): Fields {
  return new Fields('Namespace', {
    get: (name) => fields.get(name),
    set: (name, value) => void fields.set(name, value),
    print: () => `<Namespace ${repr(fields)}>`,
  });
}

function cycler(items: Value[]): Value {
  if (items.length === 0) throw typeError('at least one item has to be provided');
  let at = 0;
  const next = new Callable(
    'next',
    () => {
      const item = items[at];
      at = (at + 1) % items.length;
      return item;
    },
    'method',
  );
  const reset = new Callable(
    'reset',
    () => {
      at = 0;
      return null;
    },
    'method',
  );
  const parts: Record<string, () => Value> = {
    next: () => next,
    reset: () => reset,
    current: () => items[at],
  };
  return new Fields('Cycler', { get: (name) => (Object.hasOwn(parts, name) ? parts[name]() : undefined) });
}

function joiner([separator]: Value[]): Value {
  let used = false;
  return new Callable(
    'joiner',
    () => {
      const text = used ? (separator ?? ', ') : '';
      used = true;
      return text;
    },
    'Joiner',
  );
}

/**
 * The items of a loop and where it stands: what `loop` gives. `again` runs a recursive loop's body on other
 * items.
 */
export function loopFields(
  items: readonly Value[],
  at: () => number,
  depth: number,
  again: ((value: Value) => Value) | undefined,
): Fields {
  let last: Value[] | undefined;
  const parts: Record<string, () => Value> = {
    index: () => BigInt(at() + 1),
    index0: () => BigInt(at()),
    revindex: () => BigInt(items.length - at()),
    revindex0: () => BigInt(items.length - at() - 1),
    first: () => at() === 0,
    last: () => at() === items.length - 1,
    length: () => BigInt(items.length),
    depth: () => BigInt(depth + 1),
    depth0: () => BigInt(depth),
    previtem: () => (at() === 0 ? new Undefined(() => 'there is no previous item') : items[at() - 1]),
    nextitem: () =>
      at() === items.length - 1 ? new Undefined(() => 'there is no next item') : items[at() + 1],
    cycle: () =>
      new Callable(
        'cycle',
        (args) => {
          if (args.length === 0) throw typeError('no items for cycling given');
          return args[at() % args.length];
        },
        'method',
      ),
    changed: () =>
      new Callable(
        'changed',
        (args) => {
          const same =
            last !== undefined &&
            last.length === args.length &&
            args.every((arg, i) => sameValue(arg, last![i]));
          last = args;
          return !same;
        },
        'method',
      ),
  };
  return new Fields('LoopContext', {
    print: () => `<LoopContext ${at() + 1}/${items.length}>`,
    get: (name) => (Object.hasOwn(parts, name) ? parts[name]() : undefined),
    ...(again === undefined ? {} : { call: ([value]: Value[]) => again(value ?? null) }),
  });
}

function sameValue(left: Value, right: Value): boolean {
  if (isNumber(left) && isNumber(right)) return Number(left) === Number(right);
  return (textOf(left) ?? left) === (textOf(right) ?? right);
}
