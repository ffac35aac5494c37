// Jinja's filters on single values: text, numbers, JSON. The ones on sequences stand in sequence-filters.ts.
import { bind, needText, softText, toInt, toText } from './arguments.ts';
import { JinjaError, typeError } from './error.ts';
import { fixed, formatFilter } from './format.ts';
import type { Meter } from './limits.ts';
import { center, replaceText } from './methods.ts';
import { dumpJson, type JsonOptions, printed, repr } from './print.ts';
import { capitalize, escapeHtml, lengthOf, points, splitLines, strip } from './text.ts';
import {
  Dict,
  isNumber,
  itemsOf,
  lengthOfValue,
  Markup,
  type Named,
  numeric,
  textOf,
  truth,
  typeName,
  Undefined,
  type Value,
} from './values.ts';

/** What a filter may ask of the interpreter. */
export interface FilterContext {
  meter: Meter;
  attribute(object: Value, name: Value): Value;
  filter(name: string, value: Value, args: Value[], kwargs: Named): Value;
  test(name: string, value: Value, args: Value[]): boolean;
}

export type Filter = (value: Value, args: Value[], kwargs: Named, context: FilterContext) => Value;

/** A filter whose arguments are bound to names first. */
export function named(
  name: string,
  parameters: string[],
  run: (value: Value, bound: (Value | undefined)[], context: FilterContext) => Value,
): Filter {
  return (value, args, kwargs, context) => run(value, bind(name, parameters, args, kwargs), context);
}

/** Keeps the kind of text: a safe one stays safe. */
function onText(change: (text: string) => string): Filter {
  return (value) => (value instanceof Markup ? new Markup(change(value.text)) : change(softText(value)));
}

const orDefault = named('default', ['default_value', 'boolean'], (value, [fallback = '', boolean]) =>
  value instanceof Undefined || (truth(boolean ?? false) && !truth(value)) ? fallback : value,
);

const escapeOnce: Filter = (value) =>
  value instanceof Markup ? value : new Markup(escapeHtml(printed(value)));

export const valueFilters: Record<string, Filter> = {
  default: orDefault,
  d: orDefault,
  string: (value) => (value instanceof Markup ? value : printed(value)),
  upper: onText((text) => text.toUpperCase()),
  lower: onText((text) => text.toLowerCase()),
  capitalize: onText(capitalize),
  title: onText((text) =>
    text
      .split(/([-\s({[<]+)/)
      .map((word) => capitalize(word))
      .join(''),
  ),
  trim: named('trim', ['chars'], (value, [chars]) => {
    const text = strip(softText(value), toText(chars), { left: true, right: true });
    return value instanceof Markup ? new Markup(text) : text;
  }),
  replace: named('replace', ['s', 'new', 'count'], (value, [old, by, count], { meter }) =>
    replaceText(softText(value), softText(old ?? null), softText(by ?? null), toInt(count, -1), meter),
  ),
  center: named('center', ['width'], (value, [width], { meter }) =>
    center(softText(value), toInt(width, 80), ' ', meter),
  ),
  indent: named('indent', ['width', 'first', 'blank'], indent),
  wordcount: (value) => BigInt(softText(value).match(/[\p{L}\p{N}\p{M}_]+/gu)?.length ?? 0),
  truncate: named('truncate', ['length', 'killwords', 'end', 'leeway'], truncate),
  format: (value, args, kwargs, { meter }) => formatFilter(softText(value), args, kwargs, meter),
  escape: escapeOnce,
  e: escapeOnce,
  forceescape: (value) => new Markup(escapeHtml(printed(value))),
  safe: (value) => new Markup(printed(value)),
  striptags: (value) =>
    printed(value)
      .replace(/<!--.*?-->|<[^>]*>/gs, '')
      .split(/\s+/)
      .filter((word) => word !== '')
      .join(' '),
  urlencode: (value) => urlEncode(value),
  pprint: repr,
  abs: (value) => {
    if (!isNumber(value)) return failNumber(value, 'abs()');
    const number = numeric(value);
    return typeof number === 'number' ? Math.abs(number) : number < 0n ? -number : number;
  },
  int: named('int', ['default', 'base'], (value, [fallback = 0n, base]) =>
    toInteger(value, fallback, toInt(base, 10)),
  ),
  float: named('float', ['default'], (value, [fallback = 0]) => {
    if (value instanceof Undefined) return value.fail();
    return toFloat(value) ?? fallback;
  }),
  round: named('round', ['precision', 'method'], round),
  attr: (value, [name], _kwargs, context) => {
    const found = context.attribute(value, name);
    return value instanceof Dict && value.get(name) === found
      ? new Undefined(() => `'dict object' has no attribute ${repr(name)}`)
      : found;
  },
  tojson: named(
    'tojson',
    ['ensure_ascii', 'indent', 'separators', 'sort_keys'],
    (value, [ascii, indentBy, separators, sort]) => {
      const indentText = indentOf(indentBy);
      const [item, key] =
        separators === undefined || separators === null ? [null, null] : itemsOf(separators).map(needText);
      const options: JsonOptions = {
        indent: indentText,
        itemSeparator: item ?? (indentText === null ? ', ' : ','),
        keySeparator: key ?? ': ',
        sortKeys: truth(sort ?? false),
        asciiOnly: truth(ascii ?? false),
      };
      return dumpJson(value, options);
    },
  ),
};

function indentOf(value: Value | undefined): string | null {
  if (value === undefined || value === null) return null;
  return textOf(value) ?? ' '.repeat(Math.min(100, Math.max(0, toInt(value, 0))));
}

function indent(value: Value, [width, first, blank]: (Value | undefined)[], { meter }: FilterContext): Value {
  const by = textOf(width ?? null) ?? ' '.repeat(Math.min(1000, Math.max(0, toInt(width, 4))));
  const text = textOf(value);
  if (text === undefined) {
    if (value instanceof Undefined) return value.fail();
    if (Array.isArray(value)) throw noAttribute(value, 'splitlines');
    throw typeError(`unsupported operand type(s) for +=: '${typeName(value)}' and 'str'`);
  }
  const lines = splitLines(`${text}\n`, false); // as Jinja: keeps a line break at the end
  meter.size(text.length + by.length * lines.length);
  const margin = (line: string): string => (line === '' && !truth(blank ?? false) ? line : by + line);
  const [head = '', ...rest] = lines;
  return (truth(first ?? false) ? by : '') + [head, ...rest.map(margin)].join('\n');
}

function truncate(value: Value, [length, kill, end, leeway]: (Value | undefined)[]): Value {
  const limit = toInt(length, 255);
  const tail = toText(end) ?? '...';
  if (limit < lengthOf(tail)) {
    throw new JinjaError('AssertionError', `expected length >= ${lengthOf(tail)}, got ${limit}`);
  }
  if (lengthOfValue(value) <= limit + toInt(leeway, 5)) return value;
  const text = textOf(value);
  if (text === undefined) throw noAttribute(value, 'rsplit');
  const kept = points(text)
    .slice(0, limit - lengthOf(tail))
    .join('');
  if (truth(kill ?? false)) return kept + tail;
  const space = kept.lastIndexOf(' ');
  return (space < 0 ? kept : kept.slice(0, space)) + tail;
}

function noAttribute(value: Value, name: string): JinjaError {
  return new JinjaError('AttributeError', `'${typeName(value)}' object has no attribute '${name}'`);
}

/** int(value): texts are read as Python reads them; what cannot be read gives `fallback`. */
function toInteger(value: Value, fallback: Value, base: number): Value {
  if (value instanceof Undefined) return value.fail();
  const text = textOf(value);
  if (text === undefined) {
    if (typeof value === 'number') return Number.isFinite(value) ? BigInt(Math.trunc(value)) : fallback;
    return isNumber(value) ? numeric(value) : fallback;
  }
  const digits = strip(text, null, { left: true, right: true })
    .replace(/(?<=\w)_(?=\w)/g, '')
    .toLowerCase();
  const [, sign, body] = /^([-+]?)(.*)$/s.exec(digits)!;
  const plain =
    { 16: body.replace(/^0x/, ''), 8: body.replace(/^0o/, ''), 2: body.replace(/^0b/, '') }[base] ?? body;
  const allowed = '0123456789abcdefghijklmnopqrstuvwxyz'.slice(0, base);
  if (plain !== '' && [...plain].every((digit) => allowed.includes(digit))) {
    const size = [...plain].reduce((sum, digit) => sum * BigInt(base) + BigInt(allowed.indexOf(digit)), 0n);
    return sign === '-' ? -size : size;
  }
  const float = toFloat(text);
  return float === undefined || !Number.isFinite(float) ? fallback : BigInt(Math.trunc(float));
}

function toFloat(value: Value): number | undefined {
  if (isNumber(value)) return Number(value);
  const text = textOf(value);
  if (text === undefined) return undefined;
  const clean = strip(text, null, { left: true, right: true })
    .replace(/(?<=\d)_(?=\d)/g, '')
    .toLowerCase();
  if (/^[-+]?(?:inf|infinity)$/.test(clean))
    return clean.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (/^[-+]?nan$/.test(clean)) return Number.NaN;
  return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/.test(clean) ? Number(clean) : undefined;
}

function round(value: Value, [precision, method]: (Value | undefined)[]): Value {
  if (!isNumber(value)) throw typeError(`type ${typeName(value)} doesn't define __round__ method`);
  const digits = toInt(precision, 0);
  const how = toText(method) ?? 'common';
  if (!['common', 'ceil', 'floor'].includes(how)) throw typeError('method must be common, ceil or floor');
  const scale = 10 ** digits;
  if (how !== 'common') return (how === 'ceil' ? Math.ceil : Math.floor)(Number(value) * scale) / scale;
  if (typeof value !== 'number')
    return digits >= 0 ? numeric(value) : BigInt(Math.round(Number(value) * scale) / scale);
  return digits >= 0
    ? Number((value < 0 || Object.is(value, -0) ? '-' : '') + fixed(Math.abs(value), digits))
    : Math.round(value * scale) / scale;
}

function failNumber(value: Value, callee: string): never {
  if (value instanceof Undefined) value.fail();
  throw typeError(`bad operand type for ${callee}: '${typeName(value)}'`);
}

function urlEncode(value: Value): string {
  const quote = (text: string, keep: RegExp): string =>
    encodeURIComponent(text)
      .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
      .replace(keep, '/');
  const text = textOf(value);
  if (text !== undefined || isNumber(value) || value === null) return quote(printed(value), /%2F/g);
  const pairs = value instanceof Dict ? value.entries() : itemsOf(value).map(itemsOf);
  const plus = (part: Value): string => quote(printed(part), /$^/).replaceAll('%20', '+');
  return pairs.map(([key, item]) => `${plus(key)}=${plus(item)}`).join('&');
}
