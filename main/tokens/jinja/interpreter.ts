// Runs the statements of a template: output, scopes, loops, macros, and the stretches that `generation`
// blocks wrote.
import { JinjaError, typeError, valueError } from './error.ts';
import { createEvaluator } from './evaluate.ts';
import { createGlobals, loopFields } from './globals.ts';
import { createMeter, defaultLimits, type Limits } from './limits.ts';
import type { MacroNode, Statement, Target } from './nodes.ts';
import { printed } from './print.ts';
import { Output, Scope } from './scope.ts';
import {
  Callable,
  Dict,
  Fields,
  itemsOf,
  type Named,
  Tuple,
  truth,
  typeName,
  Undefined,
  type Value,
} from './values.ts';

type Flow = 'break' | 'continue' | undefined;

/** Text of a template and, in UTF-16 units, what its generation blocks wrote. */
export interface Rendered {
  text: string;
  generationSpans: [start: number, end: number][];
}

/**
 * Runs a parsed template on named values. Spans count what the template itself had written so far, as
 * transformers does: a block inside a macro is not where it says.
 * @throws JinjaError with the name of Python's exception
 */
export function runTemplate(
  body: readonly Statement[],
  names: Iterable<[string, Value]>,
  { now, limits = defaultLimits }: { now: Date; limits?: Limits },
): Rendered {
  const meter = createMeter(limits);
  const { evaluate, call, filterText } = createEvaluator(meter);
  const root = new Output(meter);
  const generationSpans: [number, number][] = [];

  function run(statements: readonly Statement[], scope: Scope, out: Output): Flow {
    for (const statement of statements) {
      meter.step();
      const flow = runOne(statement, scope, out);
      if (flow !== undefined) return flow;
    }
    return undefined;
  }

  function runOne(statement: Statement, scope: Scope, out: Output): Flow {
    switch (statement.kind) {
      case 'data':
        out.write(statement.text);
        return undefined;
      case 'print':
        out.write(printed(evaluate(statement.value, scope)));
        return undefined;
      case 'if': {
        const branch = statement.branches.find(({ condition }) => truth(evaluate(condition, scope)));
        return run(branch?.body ?? statement.otherwise, scope, out);
      }
      case 'for':
        runLoop(statement, evaluate(statement.iterable, scope), scope, out, 0);
        return undefined;
      case 'set':
        needNamespaces(statement.target, scope);
        assign(statement.target, evaluate(statement.value, scope), scope);
        return undefined;
      case 'setBlock': {
        const text = capture(statement.body, new Scope(scope));
        assign(
          statement.target,
          statement.filter === null ? text : filterText(statement.filter, text, scope),
          scope,
        );
        return undefined;
      }
      case 'macro':
        scope.set(statement.macro.name, macro(statement.macro, scope));
        return undefined;
      case 'callBlock': {
        const { call: node, macro: caller } = statement;
        if (node.kind === 'call') out.write(printed(call(node, scope, { caller: macro(caller, scope) })));
        return undefined;
      }
      case 'filterBlock':
        out.write(printed(filterText(statement.filter, capture(statement.body, new Scope(scope)), scope)));
        return undefined;
      case 'with': {
        const values = statement.values.map(([target, value]) => [target, evaluate(value, scope)] as const);
        const inner = new Scope(scope);
        for (const [target, value] of values) assign(target, value, inner);
        return run(statement.body, inner, out);
      }
      case 'scope':
        return run(statement.body, new Scope(scope), out);
      case 'generation': {
        const start = root.length;
        const text = capture(statement.body, new Scope(scope));
        generationSpans.push([start, start + text.length]);
        out.write(text);
        return undefined;
      }
      case 'break':
      case 'continue':
        return statement.kind;
    }
  }

  function capture(body: readonly Statement[], scope: Scope): string {
    const out = new Output(meter);
    run(body, scope, out);
    return out.text();
  }

  function runLoop(
    node: Statement & { kind: 'for' },
    iterable: Value,
    scope: Scope,
    out: Output,
    depth: number,
  ): void {
    const all = itemsOf(iterable);
    meter.items(all.length);
    const { filter } = node;
    const items =
      filter === undefined
        ? all
        : all.filter((item) => {
            const inner = new Scope(scope);
            assign(node.target, item, inner);
            return truth(evaluate(filter, inner));
          });
    let at = 0;
    const again = (value: Value): Value => {
      const nested = new Output(meter);
      runLoop(node, value, scope, nested, depth + 1);
      return nested.text();
    };
    const loop = loopFields(items, () => at, depth, node.recursive ? again : undefined);
    let isDone = false;
    for (; at < items.length; at++) {
      meter.step();
      const inner = new Scope(scope, [['loop', loop]]);
      assign(node.target, items[at], inner);
      const flow = run(node.body, inner, out);
      if (flow === 'break') break;
      if (flow === undefined) isDone = true;
    }
    // as in Python, also where no item came to the end of the body
    if (!isDone) run(node.otherwise, new Scope(scope), out);
  }

  function namespaceOf(name: string, scope: Scope): Fields {
    const object = scope.get(name);
    if (object instanceof Fields && object.set !== undefined) return object;
    throw new JinjaError('TemplateRuntimeError', 'cannot assign attribute on non-namespace object');
  }

  /** As in Python, before the value is looked at. */
  function needNamespaces(target: Target, scope: Scope): void {
    if (target.kind === 'attribute') namespaceOf(target.object, scope);
    if (target.kind === 'targets') for (const item of target.items) needNamespaces(item, scope);
  }

  function assign(target: Target, value: Value, scope: Scope): void {
    if (target.kind === 'name') {
      scope.set(target.name, value);
      return;
    }
    if (target.kind === 'attribute') {
      namespaceOf(target.object, scope).set!(target.name, value);
      return;
    }
    if (value instanceof Undefined) value.fail();
    const items = unpack(value, target.items.length);
    target.items.forEach((item, at) => {
      assign(item, items[at], scope);
    });
  }

  function unpack(value: Value, count: number): Value[] {
    let items: Value[];
    try {
      items = itemsOf(value);
    } catch {
      throw typeError(`cannot unpack non-iterable ${typeName(value)} object`);
    }
    if (items.length > count) throw valueError(`too many values to unpack (expected ${count})`);
    if (items.length < count) {
      throw valueError(`not enough values to unpack (expected ${count}, got ${items.length})`);
    }
    return items;
  }

  function macro(node: MacroNode, scope: Scope): Callable {
    const { name, parameters, defaults, body: macroBody } = node;
    return new Callable(
      name,
      (args, kwargs) => {
        const inner = new Scope(scope);
        const rest: Named = Object.assign(Object.create(null), kwargs);
        parameters.forEach((parameter, at) => {
          const value = at < args.length ? args[at] : rest[parameter];
          delete rest[parameter];
          const fallback = defaults[at - (parameters.length - defaults.length)];
          if (value !== undefined) inner.set(parameter, value);
          else if (fallback !== undefined) inner.set(parameter, evaluate(fallback, inner));
          else inner.set(parameter, new Undefined(() => `parameter '${parameter}' was not provided`));
        });
        if (mentions(macroBody, 'caller')) {
          inner.set('caller', rest.caller ?? new Undefined(() => 'No caller defined'));
          delete rest.caller;
        }
        if (args.length > parameters.length && !mentions(macroBody, 'varargs')) {
          throw typeError(`macro '${name}' takes not more than ${parameters.length} argument(s)`);
        }
        if (mentions(macroBody, 'varargs')) inner.set('varargs', new Tuple(args.slice(parameters.length)));
        const [unknown] = Object.keys(rest);
        if (mentions(macroBody, 'kwargs')) inner.set('kwargs', dictOf(rest));
        else if (rest.caller !== undefined) {
          throw typeError(
            `macro '${name}' was invoked with two values for the special caller argument. This is most ` +
              'likely a bug.',
          );
        } else if (unknown !== undefined) {
          throw typeError(`macro '${name}' takes no keyword argument '${unknown}'`);
        }
        return capture(macroBody, inner);
      },
      'Macro',
    );
  }

  const scope = new Scope(new Scope(undefined, createGlobals(now)), names);
  run(body, scope, root);
  return { text: root.text(), generationSpans };
}

function dictOf(named: Named): Dict {
  const dict = new Dict();
  for (const [key, value] of Object.entries(named)) dict.set(key, value);
  return dict;
}

const mentioned = new WeakMap<readonly Statement[], Set<string>>();

/** Whether a body uses one of the names that only exist in macros that use them. */
function mentions(body: readonly Statement[], name: 'varargs' | 'kwargs' | 'caller'): boolean {
  let names = mentioned.get(body);
  if (names === undefined) {
    const found = JSON.stringify(body, (_key, value) => (typeof value === 'bigint' ? String(value) : value));
    names = new Set(
      ['varargs', 'kwargs', 'caller'].filter((item) => found.includes(`"kind":"name","name":"${item}"`)),
    );
    mentioned.set(body, names);
  }
  return names.has(name);
}
