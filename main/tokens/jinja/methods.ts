// The methods of str, list, tuple, dict, int and float that templates may call.
import { bind, needText, toInt, toText } from './arguments.ts';
import { JinjaError, typeError, valueError } from './error.ts';
import { formatBraces } from './format.ts';
import type { Meter } from './limits.ts';
import { repr } from './print.ts';
import {
  capitalize,
  lengthOf,
  pointIndex,
  points,
  splitAt,
  splitLines,
  splitSpace,
  strip,
  titleCase,
} from './text.ts';
import {
  Callable,
  Dict,
  equal,
  itemsOf,
  Markup,
  Tuple,
  textOf,
  truth,
  typeName,
  type Value,
  View,
} from './values.ts';

type TextMethod = (text: string, args: (Value | undefined)[], meter: Meter) => Value;

/** Names of the parameters and what is done, per method of str. */
const textMethods: Record<string, [parameters: string[], method: TextMethod]> = {
  upper: [[], (text) => text.toUpperCase()],
  lower: [[], (text) => text.toLowerCase()],
  casefold: [[], (text) => text.toLowerCase().replaceAll('ß', 'ss').replaceAll('ς', 'σ')],
  capitalize: [[], (text) => capitalize(text)],
  title: [[], (text) => titleCase(text)],
  swapcase: [
    [],
    (text) =>
      points(text)
        .map((c) => (c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase()))
        .join(''),
  ],
  strip: [['chars'], (text, [chars]) => strip(text, toText(chars), { left: true, right: true })],
  lstrip: [['chars'], (text, [chars]) => strip(text, toText(chars), { left: true, right: false })],
  rstrip: [['chars'], (text, [chars]) => strip(text, toText(chars), { left: false, right: true })],
  split: [['sep', 'maxsplit'], (text, [sep, limit]) => cut(text, sep, limit, false)],
  rsplit: [['sep', 'maxsplit'], (text, [sep, limit]) => cut(text, sep, limit, true)],
  splitlines: [['keepends'], (text, [keep]) => splitLines(text, truth(keep ?? false))],
  partition: [['sep'], (text, [sep]) => partition(text, needText(sep), text.indexOf(needText(sep)))],
  rpartition: [
    ['sep'],
    (text, [sep]) => {
      const at = text.lastIndexOf(needText(sep));
      return at < 0 ? new Tuple(['', '', text]) : partition(text, needText(sep), at);
    },
  ],
  startswith: [
    ['prefix', 'start', 'end'],
    (text, [prefix, ...range]) => anyOf(prefix, (part) => within(text, range).part.startsWith(part)),
  ],
  endswith: [
    ['suffix', 'start', 'end'],
    (text, [suffix, ...range]) => anyOf(suffix, (part) => within(text, range).part.endsWith(part)),
  ],
  removeprefix: [
    ['prefix'],
    (text, [prefix]) => (text.startsWith(needText(prefix)) ? text.slice(needText(prefix).length) : text),
  ],
  removesuffix: [
    ['suffix'],
    (text, [suffix]) =>
      needText(suffix) !== '' && text.endsWith(needText(suffix))
        ? text.slice(0, -needText(suffix).length)
        : text,
  ],
  replace: [
    ['old', 'new', 'count'],
    (text, [old, by, count], meter) =>
      replaceText(text, needText(old), needText(by), toInt(count, -1), meter),
  ],
  find: [['sub', 'start', 'end'], (text, [sub, ...range]) => BigInt(find(text, needText(sub), range, false))],
  rfind: [['sub', 'start', 'end'], (text, [sub, ...range]) => BigInt(find(text, needText(sub), range, true))],
  index: [['sub', 'start', 'end'], (text, [sub, ...range]) => found(find(text, needText(sub), range, false))],
  rindex: [['sub', 'start', 'end'], (text, [sub, ...range]) => found(find(text, needText(sub), range, true))],
  count: [
    ['sub', 'start', 'end'],
    (text, [sub, ...range]) => {
      const { part } = within(text, range);
      const what = needText(sub);
      return BigInt(what === '' ? lengthOf(part) + 1 : part.split(what).length - 1);
    },
  ],
  join: [['iterable'], (text, [items], meter) => joinTexts(text, itemsOf(items ?? null), meter)],
  zfill: [
    ['width'],
    (text, [width], meter) => {
      const sign = /^[+-]/.test(text) ? text[0] : '';
      return sign + padding(toInt(width, 0) - lengthOf(text), '0', meter) + text.slice(sign.length);
    },
  ],
  ljust: [
    ['width', 'fillchar'],
    (text, [width, fill], meter) =>
      text + padding(toInt(width, 0) - lengthOf(text), toText(fill) ?? ' ', meter),
  ],
  rjust: [
    ['width', 'fillchar'],
    (text, [width, fill], meter) =>
      padding(toInt(width, 0) - lengthOf(text), toText(fill) ?? ' ', meter) + text,
  ],
  center: [
    ['width', 'fillchar'],
    (text, [width, fill], meter) => center(text, toInt(width, 0), toText(fill) ?? ' ', meter),
  ],
  expandtabs: [['tabsize'], (text, [size], meter) => expandTabs(text, toInt(size, 8), meter)],
  isdigit: [[], (text) => /^[\p{Nd}²³¹⁰⁴-⁹₀-₉①-⑨]+$/u.test(text)],
  isdecimal: [[], (text) => /^\p{Nd}+$/u.test(text)],
  isnumeric: [[], (text) => /^\p{N}+$/u.test(text)],
  isalpha: [[], (text) => /^\p{L}+$/u.test(text)],
  isalnum: [[], (text) => /^[\p{L}\p{N}]+$/u.test(text)],
  isascii: [[], (text) => !/\P{ASCII}/u.test(text)],
  isspace: [[], (text) => text !== '' && strip(text, null, { left: true, right: true }) === ''],
  isidentifier: [[], (text) => /^[\p{XID_Start}_]\p{XID_Continue}*$/u.test(text)],
  isprintable: [[], (text) => !/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u.test(text)],
  isupper: [[], (text) => /\p{Lu}/u.test(text) && !/[\p{Ll}\p{Lt}]/u.test(text)],
  islower: [[], (text) => /\p{Ll}/u.test(text) && !/[\p{Lu}\p{Lt}]/u.test(text)],
  istitle: [[], (text) => /\p{L}/u.test(text) && titleCase(text) === text],
};

type Read = (object: Value, key: Value, asItem: boolean) => Value;

/** The method `name` of a value, bound to it; undefined where there is none. */
export function methodOf(object: Value, name: string, meter: Meter, read: Read): Value | undefined {
  const method = (call: Callable['call']): Callable => new Callable(name, call);
  const text = textOf(object);
  if (text !== undefined) {
    if (name === 'format') return method((args, kwargs) => formatBraces(text, args, kwargs, read, meter));
    if (!Object.hasOwn(textMethods, name)) return undefined;
    const [parameters, run] = textMethods[name];
    return method((args, kwargs) => {
      const result = run(text, bind(name, parameters, args, kwargs), meter);
      return object instanceof Markup && typeof result === 'string' ? new Markup(result) : result;
    });
  }
  if (object instanceof Dict) return dictMethod(object, name, method);
  if (Array.isArray(object) || object instanceof Tuple) return sequenceMethod(object, name, method);
  if (typeof object === 'number' && name === 'is_integer') return method(() => Number.isInteger(object));
  if (typeof object === 'bigint' && name === 'bit_length') {
    return method(() => BigInt(object === 0n ? 0 : (object < 0n ? -object : object).toString(2).length));
  }
  return undefined;
}

function dictMethod(
  dict: Dict,
  name: string,
  method: (call: Callable['call']) => Callable,
): Callable | undefined {
  if (name === 'keys' || name === 'values' || name === 'items') return method(() => new View(dict, name));
  if (name === 'get') {
    return method((args, kwargs) => {
      if (args.length === 0) throw typeError('get expected at least 1 argument, got 0');
      const [key, fallback] = bind('get', ['key', 'default'], args, kwargs);
      const value = dict.get(key ?? null);
      return value === undefined ? (fallback ?? null) : value;
    });
  }
  if (name === 'copy') {
    return method(() => {
      const copy = new Dict();
      for (const [key, value] of dict.entries()) copy.set(key, value);
      return copy;
    });
  }
  return undefined;
}

function sequenceMethod(
  sequence: Value[] | Tuple,
  name: string,
  method: (call: Callable['call']) => Callable,
): Callable | undefined {
  const items = itemsOf(sequence);
  if (name === 'count') return method(([item]) => BigInt(items.filter((other) => equal(item, other)).length));
  if (name === 'copy' && Array.isArray(sequence)) return method(() => [...items]);
  if (name !== 'index') return undefined;
  return method(([item]) => {
    const at = items.findIndex((other) => equal(item, other));
    if (at < 0)
      throw valueError(
        Array.isArray(sequence) ? `${repr(item)} is not in list` : 'tuple.index(x): x not in tuple',
      );
    return BigInt(at);
  });
}

function cut(
  text: string,
  separator: Value | undefined,
  limit: Value | undefined,
  fromRight: boolean,
): string[] {
  if (separator !== undefined && separator !== null && textOf(separator) === undefined) {
    throw typeError(`must be str or None, not ${typeName(separator)}`);
  }
  const at = toText(separator);
  if (at === '') throw valueError('empty separator');
  const most = toInt(limit, -1);
  return at === null ? splitSpace(text, most, fromRight) : splitAt(text, at, most, fromRight);
}

function partition(text: string, separator: string, at: number): Tuple {
  if (separator === '') throw valueError('empty separator');
  if (at < 0) return new Tuple([text, '', '']);
  return new Tuple([text.slice(0, at), separator, text.slice(at + separator.length)]);
}

function anyOf(parts: Value | undefined, fits: (part: string) => boolean): boolean {
  if (parts instanceof Tuple) return parts.items.some((part) => fits(needText(part)));
  const part = textOf(parts ?? null);
  if (part === undefined) {
    throw typeError(`startswith first arg must be str or a tuple of str, not ${typeName(parts ?? null)}`);
  }
  return fits(part);
}

/** The stretch [start, end) of a text, in code points, and where it begins. */
function within(text: string, [start, end]: (Value | undefined)[]): { part: string; first: number } {
  if (start === undefined && end === undefined) return { part: text, first: 0 };
  const all = points(text);
  const clamp = (value: number): number =>
    Math.min(all.length, Math.max(0, value < 0 ? value + all.length : value));
  const first = clamp(toInt(start, 0));
  return { part: all.slice(first, clamp(toInt(end, all.length))).join(''), first };
}

function find(text: string, sub: string, range: (Value | undefined)[], last: boolean): number {
  const { part, first } = within(text, range);
  const at = pointIndex(part, last ? part.lastIndexOf(sub) : part.indexOf(sub));
  return at < 0 ? -1 : at + first;
}

function found(at: number): bigint {
  if (at < 0) throw new JinjaError('ValueError', 'substring not found');
  return BigInt(at);
}

export function replaceText(text: string, old: string, by: string, count: number, meter: Meter): string {
  const parts = old === '' ? ['', ...points(text), ''] : text.split(old);
  const times = count < 0 ? parts.length - 1 : Math.min(count, parts.length - 1);
  meter.size(text.length + times * by.length);
  return (
    parts
      .slice(0, times)
      .map((part) => part + by)
      .join('') + parts.slice(times).join(old)
  );
}

export function joinTexts(separator: string, items: Value[], meter: Meter): string {
  const texts = items.map((item, at) => {
    const text = textOf(item);
    if (text === undefined)
      throw typeError(`sequence item ${at}: expected str instance, ${typeName(item)} found`);
    return text;
  });
  meter.size(texts.reduce((sum, text) => sum + text.length + separator.length, 0));
  return texts.join(separator);
}

export function center(text: string, width: number, fill: string, meter: Meter): string {
  const missing = Math.max(0, width - lengthOf(text));
  const left = Math.floor(missing / 2) + (missing & width & 1); // as CPython rounds
  return padding(left, fill, meter) + text + padding(missing - left, fill, meter);
}

function padding(count: number, fill: string, meter: Meter): string {
  if (count <= 0) return '';
  meter.size(count);
  return fill.repeat(count);
}

function expandTabs(text: string, size: number, meter: Meter): string {
  let column = 0;
  let out = '';
  for (const character of text) {
    const width = size > 0 ? size - (column % size) : 0;
    out += character === '\t' ? padding(width, ' ', meter) : character;
    column = character === '\n' || character === '\r' ? 0 : column + (character === '\t' ? width : 1);
    meter.size(out.length);
  }
  return out;
}
