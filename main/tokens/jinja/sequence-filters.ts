// Jinja's filters on sequences. Those that are generators in Python give a Stream, which is always true and
// has no length.
import { bind, softText, toInt, toText } from './arguments.ts';
import { JinjaError, typeError } from './error.ts';
import { type Filter, type FilterContext, named } from './filters.ts';
import { binary } from './operators.ts';
import { printed } from './print.ts';
import { points } from './text.ts';
import {
  Dict,
  equal,
  hashOf,
  itemsOf,
  iterate,
  lengthOfValue,
  order,
  Stream,
  Tuple,
  textOf,
  truth,
  typeName,
  Undefined,
  type Value,
  View,
} from './values.ts';

const length: Filter = (value) => BigInt(lengthOfValue(value));

export const sequenceFilters: Record<string, Filter> = {
  length,
  count: length,
  list: (value) => [...itemsOf(value)],
  first: (value) => {
    const items = iterate(value);
    if (items === undefined) throw typeError(`'${typeName(value)}' object is not iterable`);
    const { done, value: item } = items[Symbol.iterator]().next();
    return done ? new Undefined(() => 'No first item, sequence was empty.') : item;
  },
  last: (value) => {
    const items = value instanceof Stream ? undefined : iterate(value);
    if (items === undefined) throw typeError(`'${typeName(value)}' object is not reversible`);
    const all = [...items];
    return all.length === 0 ? new Undefined(() => 'No last item, sequence was empty.') : all[all.length - 1];
  },
  reverse: (value) => {
    const text = textOf(value);
    if (text !== undefined) return points(text).reverse().join('');
    const items = iterate(value);
    if (items === undefined) throw new JinjaError('FilterArgumentError', 'argument must be iterable');
    return new Stream([...items].reverse());
  },
  join: named('join', ['d', 'attribute'], (value, [separator, attribute], context) => {
    const get = getter(attribute, context);
    const parts = itemsOf(value).map((item) => printed(get(item)));
    const by = printed(separator === undefined ? '' : separator);
    context.meter.size(parts.reduce((sum, part) => sum + part.length + by.length, 0));
    return parts.join(by);
  }),
  items: (value) => {
    if (value instanceof Undefined) return new Stream([]);
    if (!(value instanceof Dict)) throw typeError('Can only get item pairs from a mapping.');
    return new Stream(new View(value, 'items').items());
  },
  dictsort: named('dictsort', ['case_sensitive', 'by', 'reverse'], (value, [exact, by, reverse]) => {
    const which = toText(by) ?? 'key';
    if (which !== 'key' && which !== 'value') {
      throw new JinjaError('FilterArgumentError', 'You can only sort by either "key" or "value"');
    }
    if (!(value instanceof Dict)) return value instanceof Undefined ? value.fail() : noItems(value);
    const at = which === 'key' ? 0 : 1;
    const sorted = sortBy(
      value.entries(),
      (entry) => fold(entry[at], truth(exact ?? false)),
      truth(reverse ?? false),
    );
    return sorted.map((entry) => new Tuple(entry));
  }),
  sort: named(
    'sort',
    ['reverse', 'case_sensitive', 'attribute'],
    (value, [reverse, exact, attribute], context) => {
      const getters = (toText(attribute) ?? '')
        .split(',')
        .map((name) => getter(attribute == null ? undefined : name, context));
      const key = (item: Value): Value => {
        return new Tuple(getters.map((get) => fold(get(item), truth(exact ?? false))));
      };
      return sortBy(itemsOf(value), key, truth(reverse ?? false));
    },
  ),
  unique: named('unique', ['case_sensitive', 'attribute'], (value, [exact, attribute], context) => {
    const get = getter(attribute, context);
    const seen = new Set<string>();
    const fresh = itemsOf(value).filter((item) => {
      const key = hashOf(fold(get(item), truth(exact ?? false)));
      return !seen.has(key) && seen.add(key);
    });
    return new Stream(fresh);
  }),
  min: named('min', ['case_sensitive', 'attribute'], (value, bound, context) =>
    extreme(value, bound, context, -1),
  ),
  max: named('max', ['case_sensitive', 'attribute'], (value, bound, context) =>
    extreme(value, bound, context, 1),
  ),
  sum: named('sum', ['attribute', 'start'], (value, [attribute, start], context) => {
    const get = getter(attribute, context);
    return itemsOf(value).reduce(
      (sum: Value, item) => binary('+', sum, get(item), context.meter),
      start ?? 0n,
    );
  }),
  groupby: named(
    'groupby',
    ['attribute', 'default', 'case_sensitive'],
    (value, [attribute, fallback, exact], context) => {
      const get = getter(attribute, context, fallback);
      const key = (item: Value): Value => fold(get(item), truth(exact ?? false));
      const groups: { key: Value; items: Value[] }[] = [];
      for (const item of sortBy(itemsOf(value), key, false)) {
        const last = groups.at(-1);
        if (last !== undefined && equal(last.key, key(item))) last.items.push(item);
        else groups.push({ key: key(item), items: [item] });
      }
      return groups.map(({ items }) => new Tuple([get(items[0]), items], ['grouper', 'list']));
    },
  ),
  batch: named('batch', ['linecount', 'fill_with'], (value, [count, fill]) => {
    const size = Math.max(1, toInt(count, 1));
    const items = itemsOf(value);
    const rows: Value[][] = [];
    for (let at = 0; at < items.length; at += size) rows.push(items.slice(at, at + size));
    const last = rows.at(-1);
    if (last !== undefined && fill !== undefined && fill !== null) while (last.length < size) last.push(fill);
    return new Stream(rows);
  }),
  slice: named('slice', ['slices', 'fill_with'], (value, [count, fill], { meter }) => {
    const slices = Math.max(1, toInt(count, 1));
    const items = itemsOf(value);
    meter.size(slices);
    const each = Math.floor(items.length / slices);
    const longer = items.length % slices;
    const rows = Array.from({ length: slices }, (_, at) => {
      const start = at * each + Math.min(at, longer);
      const row: Value[] = items.slice(start, start + each + (at < longer ? 1 : 0));
      if (fill !== undefined && fill !== null && at >= longer) row.push(fill);
      return row;
    });
    return new Stream(rows);
  }),
  map: (value, args, kwargs, context) => {
    if (args.length === 0 && 'attribute' in kwargs) {
      const [attribute, fallback] = bind('map', ['attribute', 'default'], [], kwargs);
      const get = getter(attribute, context, fallback);
      return lazily(value, function* (items) {
        for (const item of items) yield get(item);
      });
    }
    if (args.length === 0) throw new JinjaError('FilterArgumentError', 'map requires a filter argument');
    const [name, ...rest] = args;
    return lazily(value, function* (items) {
      for (const item of items) yield context.filter(softText(name), item, rest, kwargs);
    });
  },
  select: picks(true, false),
  reject: picks(false, false),
  selectattr: picks(true, true),
  rejectattr: picks(false, true),
};

/**
 * select, reject and their relatives: keep the items (or those with an attribute) that pass a test, or truth
 * itself.
 */
function picks(keep: boolean, byAttribute: boolean): Filter {
  return (value, args, _kwargs, context) => {
    const rest = [...args];
    const get = getter(byAttribute ? rest.shift() : undefined, context);
    const name = rest.shift();
    return lazily(value, function* (items) {
      for (const item of items) {
        const tested = get(item);
        const passes = name === undefined ? truth(tested) : context.test(softText(name), tested, rest);
        if (passes === keep) yield item;
      }
    });
  };
}

/** A generator over a value, which is only looked at when the first item is taken. */
function lazily(value: Value, run: (items: Iterable<Value>) => Iterable<Value>): Stream {
  const items = truth(value) ? iterate(value) : [];
  if (items === undefined) throw typeError(`'${typeName(value)}' object is not iterable`);
  return new Stream(run(items));
}

/** Reads `a.b.0` of an item; without an attribute, the item itself. */
function getter(
  attribute: Value | undefined,
  context: FilterContext,
  fallback?: Value,
): (item: Value) => Value {
  if (attribute === undefined || attribute === null) return (item) => item;
  const path =
    typeof attribute === 'bigint'
      ? [attribute]
      : softText(attribute)
          .split('.')
          .map((part) => (/^\d+$/.test(part) ? BigInt(part) : part));
  return (item) => {
    let value = item;
    for (const part of path) {
      value = context.attribute(value, part);
      if (fallback !== undefined && value instanceof Undefined) value = fallback;
    }
    return value;
  };
}

function fold(value: Value, exact: boolean): Value {
  const text = textOf(value);
  return exact || text === undefined ? value : text.toLowerCase();
}

function sortBy<Item>(items: readonly Item[], key: (item: Item) => Value, reverse: boolean): Item[] {
  const keyed = items.map((item) => ({ item, key: key(item) }));
  keyed.sort((a, b) => (reverse ? order(b.key, a.key) : order(a.key, b.key)));
  return keyed.map(({ item }) => item);
}

function extreme(
  value: Value,
  [exact, attribute]: (Value | undefined)[],
  context: FilterContext,
  sign: number,
): Value {
  const get = getter(attribute, context);
  const items = itemsOf(value);
  if (items.length === 0) return new Undefined(() => 'No aggregated item, sequence was empty.');
  const key = (item: Value): Value => fold(get(item), truth(exact ?? false));
  return items.reduce((best, item) =>
    order(key(item), key(best), sign > 0 ? '>' : '<') * sign > 0 ? item : best,
  );
}

function noItems(value: Value): never {
  const kind = value === null ? 'NoneType' : typeName(value);
  throw new JinjaError('AttributeError', `'${kind}' object has no attribute 'items'`);
}
