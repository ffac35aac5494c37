// How values print: Python's str and repr, and json.dumps as transformers calls it (ensure_ascii off). This
// is the layer that a JavaScript Jinja gets wrong (RULES.md 2).
import { JinjaError, typeError } from './error.ts';
import { compareText, reprText } from './text.ts';
import {
  Callable,
  Dict,
  Fields,
  itemsOf,
  Markup,
  Range,
  Stream,
  Tuple,
  typeName,
  Undefined,
  type Value,
  View,
} from './values.ts';

/** str(value). */
export function printed(value: Value): string {
  if (typeof value === 'string') return value;
  if (value instanceof Markup) return value.text;
  if (value instanceof Undefined) return '';
  return repr(value);
}

/** repr(value). */
export function repr(value: Value): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return printFloat(value);
  if (typeof value === 'string') return reprText(value);
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`;
  if (value instanceof Tuple) {
    return value.items.length === 1 ? `(${repr(value.items[0])},)` : `(${value.items.map(repr).join(', ')})`;
  }
  if (value instanceof Dict) {
    return `{${value
      .entries()
      .map(([key, item]) => `${repr(key)}: ${repr(item)}`)
      .join(', ')}}`;
  }
  if (value instanceof Markup) return `Markup(${reprText(value.text)})`;
  if (value instanceof Undefined) return 'Undefined';
  if (value instanceof View) return `dict_${value.part}([${value.items().map(repr).join(', ')}])`;
  if (value instanceof Range) {
    const step = value.step === 1n ? '' : `, ${value.step}`;
    return `range(${value.start}, ${value.stop}${step})`;
  }
  // Python adds an address, which no template can rely on
  if (value instanceof Stream) return '<generator object>';
  if (value instanceof Callable) return `<${value.typeName} ${value.name}>`;
  if (value instanceof Fields) return value.print?.() ?? `<${value.typeName}>`;
  return `<${typeName(value)}>`;
}

/** repr of a float: the shortest digits that read back, with an exponent below 1e-4 and from 1e16. */
export function printFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0.0';
  if (value === 0) return '0.0';
  const [digits, power] = Math.abs(value).toExponential().split('e');
  const exponent = Number(power);
  const sign = value < 0 ? '-' : '';
  if (exponent < -4 || exponent >= 16) {
    const size = Math.abs(exponent).toString().padStart(2, '0');
    return `${sign}${digits}e${exponent < 0 ? '-' : '+'}${size}`;
  }
  const plain = digits.replace('.', '');
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${plain}`;
  const whole = plain.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${plain.slice(exponent + 1) || '0'}`;
}

export interface JsonOptions {
  /** One level of indentation; null prints everything on one line. */
  indent: string | null;
  itemSeparator: string;
  keySeparator: string;
  sortKeys: boolean;
  asciiOnly: boolean;
}

/** json.dumps. Throws TypeError for what JSON cannot hold. */
export function dumpJson(value: Value, options: JsonOptions, margin = ''): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return jsonFloat(value);
  if (typeof value === 'string') return jsonText(value, options.asciiOnly);
  if (value instanceof Markup) return jsonText(value.text, options.asciiOnly);
  const inner = margin + (options.indent ?? '');
  const frame = (open: string, parts: string[], close: string): string => {
    if (parts.length === 0) return open + close;
    if (options.indent === null) return open + parts.join(options.itemSeparator) + close;
    return `${open}\n${inner}${parts.join(`${options.itemSeparator}\n${inner}`)}\n${margin}${close}`;
  };
  if (Array.isArray(value) || value instanceof Tuple) {
    return frame(
      '[',
      itemsOf(value).map((item) => dumpJson(item, options, inner)),
      ']',
    );
  }
  if (value instanceof Dict) {
    const entries = value.entries().map(([key, item]) => [jsonKey(key), item] as const);
    if (options.sortKeys) entries.sort(([a], [b]) => compareText(a, b));
    const text = entries.map(
      ([key, item]) =>
        jsonText(key, options.asciiOnly) + options.keySeparator + dumpJson(item, options, inner),
    );
    return frame('{', text, '}');
  }
  throw typeError(`Object of type ${typeName(value)} is not JSON serializable`);
}

function jsonKey(key: Value): string {
  if (typeof key === 'string') return key;
  if (key === null || typeof key === 'boolean' || typeof key === 'bigint') {
    return key === null ? 'null' : String(key);
  }
  if (typeof key === 'number') return jsonFloat(key);
  throw new JinjaError('TypeError', `keys must be str, int, float, bool or None, not ${typeName(key)}`);
}

function jsonFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  return printFloat(value);
}

const jsonEscapes: Record<string, string> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\f': '\\f',
  '\b': '\\b',
};

/** What json.dumps escapes: quotes, backslashes and everything below a blank. */
const jsonSpecial = /[^ !#-[\]-\u{10ffff}]/gu;

function jsonText(text: string, asciiOnly: boolean): string {
  const pattern = asciiOnly ? /["\\]|[^ -~]/g : jsonSpecial;
  const escapeOne = (character: string): string =>
    jsonEscapes[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return `"${text.replace(pattern, escapeOne)}"`;
}
