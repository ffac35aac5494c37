// Attributes, items and slices of values, in the order in which Jinja's sandbox looks for them; what it
// forbids gives an Undefined that raises SecurityError when used.
import { typeError, valueError } from './error.ts';
import type { Meter } from './limits.ts';
import { methodOf } from './methods.ts';
import { repr } from './print.ts';
import { points } from './text.ts';
import { Dict, Fields, Markup, Range, Tuple, textOf, typeName, Undefined, type Value } from './values.ts';

/** `object.name`: an attribute first, then an item of that name. */
export function getAttribute(object: Value, name: string, meter: Meter): Value {
  if (object instanceof Undefined) return object.fail();
  const attribute = ownAttribute(object, name, meter);
  if (attribute !== undefined) return attribute; // not `??`: None is a value
  const item = itemOf(object, name);
  return item === undefined ? missing(object, name) : item;
}

/** `object[key]`: an item first, then (for a str) an attribute. */
export function getItem(object: Value, key: Value, meter: Meter): Value {
  if (object instanceof Undefined) return object.fail();
  const item = itemOf(object, key);
  if (item !== undefined) return item;
  const name = textOf(key);
  const attribute = name === undefined ? undefined : ownAttribute(object, name, meter);
  return attribute === undefined ? missing(object, key) : attribute;
}

function ownAttribute(object: Value, name: string, meter: Meter): Value | undefined {
  // Every Python object has some of these
  if (name.startsWith('__') && name.endsWith('__')) return unsafe(object, name);
  if (object instanceof Fields) return object.get(name);
  if (object instanceof Tuple && object.names?.includes(name))
    return object.items[object.names.indexOf(name)];
  if (mutating[typeName(object)]?.includes(name)) return unsafe(object, name);
  return methodOf(object, name, meter, (value, key, asItem) =>
    asItem ? getItem(value, key, meter) : getAttribute(value, String(key), meter),
  );
}

/** Methods that change a list or a dict: the sandbox of transformers is immutable. */
const mutating: Record<string, string[]> = {
  list: ['append', 'clear', 'pop', 'reverse', 'insert', 'sort', 'extend', 'remove'],
  dict: ['clear', 'pop', 'popitem', 'setdefault', 'update'],
};

function unsafe(object: Value, name: string): Undefined {
  return new Undefined(
    () => `access to attribute '${name}' of '${typeName(object)}' object is unsafe.`,
    'SecurityError',
  );
}

function itemOf(object: Value, key: Value): Value | undefined {
  if (object instanceof Dict) {
    const hashable = !(Array.isArray(key) || key instanceof Dict);
    return hashable ? object.get(key) : undefined;
  }
  if (typeof key !== 'bigint' && typeof key !== 'boolean') return undefined;
  const index = Number(key);
  const at = (length: number): number => (index < 0 ? index + length : index);
  if (Array.isArray(object)) return object[at(object.length)];
  if (object instanceof Tuple) return object.items[at(object.items.length)];
  if (object instanceof Range) {
    const position = at(object.length);
    return position >= 0 && position < object.length ? object.at(position) : undefined;
  }
  const text = textOf(object);
  if (text === undefined) return undefined;
  const all = points(text);
  const character = all[at(all.length)];
  return character !== undefined && object instanceof Markup ? new Markup(character) : character;
}

function missing(object: Value, key: Value): Undefined {
  return new Undefined(() => {
    const name = textOf(key);
    const kind = object === null ? 'None' : `${moduleOf(object)}${typeName(object)} object`;
    return name === undefined
      ? `${kind} has no element ${repr(key)}`
      : `'${kind}' has no attribute ${repr(name)}`;
  });
}

function moduleOf(object: Value): string {
  if (object instanceof Markup) return 'markupsafe.';
  if (object instanceof Fields) return object.typeName === 'Namespace' ? 'jinja2.utils.' : 'jinja2.runtime.';
  return '';
}

/** `object[start:stop:step]` of a text, list, tuple or range. */
export function getSlice(object: Value, start: Value, stop: Value, step: Value): Value {
  const by = bound(step) ?? 1;
  if (object instanceof Undefined) return object.fail();
  const text = textOf(object);
  const items = text !== undefined ? points(text) : object instanceof Tuple ? object.items : object;
  if (!Array.isArray(items) && !(items instanceof Range)) {
    if (object instanceof Dict) throw typeError("unhashable type: 'slice'");
    throw typeError(`'${typeName(object)}' object is not subscriptable`);
  }
  if (by === 0) throw valueError('slice step cannot be zero');
  const { length } = items;
  const clamp = (value: number, low: number, high: number): number =>
    Math.min(high, Math.max(low, value < 0 ? value + length : value));
  const [low, high] = by > 0 ? [0, length] : [-1, length - 1];
  const from = bound(start);
  const to = bound(stop);
  const first = from === undefined ? (by > 0 ? low : high) : clamp(from, low, high);
  const last = to === undefined ? (by > 0 ? high : low) : clamp(to, low, high);
  if (items instanceof Range) return new Range(items.at(first), items.at(last), items.step * BigInt(by));
  const picked: Value[] = [];
  for (let at = first; by > 0 ? at < last : at > last; at += by) picked.push(items[at]);
  if (text !== undefined) return object instanceof Markup ? new Markup(picked.join('')) : picked.join('');
  return object instanceof Tuple ? new Tuple(picked) : picked;
}

function bound(value: Value): number | undefined {
  if (value === null) return undefined;
  if (typeof value === 'bigint' || typeof value === 'boolean') return Number(value);
  if (value instanceof Undefined) return value.fail();
  throw typeError('slice indices must be integers or None or have an __index__ method');
}
