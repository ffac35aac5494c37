// Python's two ways of filling a text with values: `'%s' % x` and `'{}'.format(x)`.
import { typeError, valueError } from './error.ts';
import type { Meter } from './limits.ts';
import { printed, printFloat, repr } from './print.ts';
import { lengthOf, points } from './text.ts';
import {
  Dict,
  isNumber,
  itemsOf,
  type Named,
  numeric,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './values.ts';

interface Spec {
  fill: string;
  align: '<' | '>' | '^' | '=' | '';
  sign: string;
  alternate: boolean;
  width: number;
  grouping: string;
  precision: number | undefined;
  type: string;
}

/** `pattern % right`: right is a tuple of values, a dict for `%(name)s`, or the one value. */
export function formatPercent(pattern: string, right: Value, meter: Meter): string {
  const values = right instanceof Tuple ? right.items : [right];
  let used = 0;
  const take = (): Value => {
    if (used >= values.length) throw typeError('not enough arguments for format string');
    return values[used++];
  };
  const text = pattern.replace(
    /%(?:\(([^)]*)\))?([-+ #0]*)(\*|\d+)?(?:\.(\*|\d+))?[hlL]?(.)?/gs,
    (
      _whole,
      key: string | undefined,
      flags: string,
      width: string | undefined,
      precision: string | undefined,
      type,
    ) => {
      if (type === undefined) throw valueError('incomplete format');
      if (type === '%') return '%';
      const number = (given: string | undefined): number | undefined =>
        given === undefined ? undefined : Number(given === '*' ? take() : given);
      const spec: Spec = {
        fill: flags.includes('0') && !flags.includes('-') && !'src'.includes(type) ? '0' : ' ',
        align: flags.includes('-') ? '<' : flags.includes('0') && !'src'.includes(type) ? '=' : '>',
        sign: flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '-',
        alternate: flags.includes('#'),
        width: number(width) ?? 0,
        grouping: '',
        precision: number(precision),
        type: type === 'i' || type === 'u' ? 'd' : type,
      };
      if (key !== undefined && !(right instanceof Dict)) throw typeError('format requires a mapping');
      const value = key === undefined ? take() : ((right as Dict).get(key) ?? null);
      if ('srac'.includes(type))
        return pad(cut(type === 'r' || type === 'a' ? repr(value) : printed(value), spec), spec, meter);
      if (!isNumber(value)) {
        const needed = 'dxXo'.includes(spec.type) ? 'a real number' : 'real number';
        throw typeError(`%${type} format: ${needed} is required, not ${typeName(value)}`);
      }
      const asNumber =
        spec.type === 'd' && typeof value === 'number' ? BigInt(Math.trunc(value)) : numeric(value);
      return formatNumber(asNumber, spec, meter);
    },
  );
  if (used < values.length && !(right instanceof Dict || Array.isArray(right))) {
    throw typeError('not all arguments converted during string formatting');
  }
  return text;
}

/**
 * str.format with fields by position, number or name, attributes and indexes, and the common format
 * specifications.
 */
export function formatBraces(
  pattern: string,
  args: Value[],
  kwargs: Named,
  read: (object: Value, key: Value, asItem: boolean) => Value,
  meter: Meter,
): string {
  let next = 0;
  return pattern.replace(
    /\{\{|\}\}|\{([^{}!:]*)(?:!([rsa]))?(?::((?:[^{}]|\{[^{}]*\})*))?\}|[{}]/g,
    (whole, field: string | undefined, conversion: string | undefined, rawSpec: string | undefined) => {
      if (whole === '{{' || whole === '}}') return whole[0];
      if (field === undefined) throw valueError(`Single '${whole}' encountered in format string`);
      const [first, ...path] = field.match(/^[^.[]*|\.[^.[]+|\[[^\]]+\]/g) ?? [''];
      let value: Value | undefined;
      if (first === '') value = args[next++];
      else value = /^\d+$/.test(first) ? args[Number(first)] : kwargs[first];
      if (value === undefined) throw valueError(`Replacement field '${field}' has no value`);
      for (const part of path) {
        const key = part.startsWith('.') ? part.slice(1) : part.slice(1, -1);
        value = read(
          value,
          part.startsWith('[') && /^\d+$/.test(key) ? BigInt(key) : key,
          part.startsWith('['),
        );
      }
      const shown = conversion === undefined ? value : conversion === 's' ? printed(value) : repr(value);
      return formatSpec(
        shown,
        (rawSpec ?? '').replace(/\{\}/g, () => printed(args[next++])),
        meter,
      );
    },
  );
}

function formatSpec(value: Value, text: string, meter: Meter): string {
  if (text === '') return printed(value);
  const match = /^(?:(.)?([<>=^]))?([-+ ])?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([a-zA-Z%])?$/su.exec(text);
  if (match === null) throw valueError('Invalid format specifier');
  const [, fill, align, sign, alternate, zero, width, grouping, precision, type] = match;
  const isText = !isNumber(value) || typeof value === 'boolean';
  const spec: Spec = {
    fill: fill ?? (zero === undefined ? ' ' : '0'),
    align: (align as Spec['align']) ?? (zero === undefined ? (isText ? '<' : '>') : '='),
    sign: sign ?? '-',
    alternate: alternate !== undefined,
    width: Number(width ?? 0),
    grouping: grouping ?? '',
    precision: precision === undefined ? undefined : Number(precision),
    type: type ?? (isText ? 's' : ''),
  };
  if (value instanceof Undefined) value.fail();
  if (spec.type === 's') return pad(cut(printed(value), spec), spec, meter);
  if (!isNumber(value))
    throw valueError(`Unknown format code '${spec.type}' for object of type '${typeName(value)}'`);
  return formatNumber(numeric(value), spec, meter);
}

function formatNumber(value: bigint | number, spec: Spec, meter: Meter): string {
  const negative = value < 0 || Object.is(value, -0);
  const size = typeof value === 'bigint' ? (value < 0n ? -value : value) : Math.abs(value);
  const digits = Math.min(100, spec.precision ?? 6);
  let text: string;
  if (spec.type === 'd' || (spec.type === '' && typeof size === 'bigint')) text = size.toString();
  else if (spec.type === '')
    text = spec.precision === undefined ? printFloat(Number(size)) : general(Number(size), digits, false);
  else if ('xXob'.includes(spec.type)) {
    const radix = { x: 16, o: 8, b: 2 }[spec.type.toLowerCase()]!;
    text = (spec.alternate ? `0${spec.type}` : '') + BigInt(size).toString(radix);
    if (spec.type === 'X') text = text.toUpperCase();
  } else if ('fF'.includes(spec.type)) text = fixed(Number(size), digits);
  else if (spec.type === '%') text = `${fixed(Number(size) * 100, digits)}%`;
  else if ('eE'.includes(spec.type)) text = exponent(Number(size), digits);
  else if ('gG'.includes(spec.type)) text = general(Number(size), digits === 0 ? 1 : digits, spec.alternate);
  else throw valueError(`Unknown format code '${spec.type}'`);
  if (/[EG]/.test(spec.type)) text = text.toUpperCase();
  if (spec.grouping !== '')
    text = text.replace(/^\d+/, (whole) => whole.replace(/\B(?=(?:\d{3})+$)/g, spec.grouping));
  const sign = negative ? '-' : spec.sign === '-' ? '' : spec.sign;
  if (spec.align !== '=') return pad(sign + text, spec, meter);
  return sign + pad(text, { ...spec, align: '>', width: spec.width - sign.length }, meter);
}

/** Fixed digits, ties to even where the value lies exactly between (toFixed rounds those up). */
export function fixed(value: number, digits: number): string {
  if (!Number.isFinite(value)) return printFloat(value);
  const up = value.toFixed(digits);
  const exact = value.toFixed(Math.min(100, digits + 60));
  if (!/^50*$/.test(exact.slice(exact.indexOf('.') + 1 + digits)) || Number(up.at(-1)) % 2 === 0) return up;
  const whole = exact.slice(0, exact.indexOf('.') + 1 + digits); // cut off = rounded down, which is even here
  return digits === 0 ? whole.replace('.', '') : whole;
}

function exponent(value: number, digits: number): string {
  if (!Number.isFinite(value)) return printFloat(value);
  return value.toExponential(digits).replace(/e([-+])(\d)$/, 'e$10$2');
}

function general(value: number, digits: number, keepZeros: boolean): string {
  if (!Number.isFinite(value)) return printFloat(value);
  const scientific = exponent(value, digits - 1);
  const power = Number(scientific.split('e')[1]);
  const text = power < -4 || power >= digits ? scientific : fixed(value, digits - 1 - power);
  return keepZeros ? text : text.replace(/(\.\d*?)0+(?=e|$)/, '$1').replace(/\.(?=e|$)/, '');
}

function cut(text: string, spec: Spec): string {
  return spec.precision === undefined ? text : points(text).slice(0, spec.precision).join('');
}

function pad(text: string, { width, align, fill }: Spec, meter: Meter): string {
  const missing = width - lengthOf(text);
  if (missing <= 0) return text;
  meter.size(width);
  const left = align === '<' ? 0 : align === '^' ? Math.floor(missing / 2) : missing;
  return fill.repeat(left) + text + fill.repeat(missing - left);
}

/** Values of a `format` filter: `'%s and %s' | format(a, b)` or with names. */
export function formatFilter(pattern: string, args: Value[], kwargs: Named, meter: Meter): string {
  if (Object.keys(kwargs).length === 0) return formatPercent(pattern, new Tuple(args), meter);
  const named = new Dict();
  for (const [key, value] of Object.entries(kwargs)) named.set(key, value);
  return formatPercent(pattern, args.length > 0 ? new Tuple(itemsOf(args)) : named, meter);
}
