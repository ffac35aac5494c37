// Evaluates expressions. Knows scopes and values, no statements and no output.
import { getAttribute, getItem, getSlice } from './access.ts';
import { JinjaError, typeError } from './error.ts';
import { type FilterContext, valueFilters } from './filters.ts';
import type { Meter } from './limits.ts';
import type { Arguments, CompareOperator, Expression } from './nodes.ts';
import { binary, contains, negate } from './operators.ts';
import { printed } from './print.ts';
import type { Scope } from './scope.ts';
import { sequenceFilters } from './sequence-filters.ts';
import { tests } from './tests.ts';
import {
  Callable,
  Dict,
  equal,
  Fields,
  itemsOf,
  type Named,
  order,
  Tuple,
  truth,
  typeName,
  Undefined,
  type Value,
} from './values.ts';

const filters = { ...valueFilters, ...sequenceFilters };

export interface Evaluator {
  evaluate(node: Expression, scope: Scope): Value;
  /** Calls what a call node names, with `extra` named arguments added (`caller` of a call block). */
  call(node: Expression & { kind: 'call' }, scope: Scope, extra?: Named): Value;
  /** Runs the filters of a block on its text. */
  filterText(node: Expression, text: Value, scope: Scope): Value;
}

export function createEvaluator(meter: Meter): Evaluator {
  const context: FilterContext = {
    meter,
    attribute: (object, name) => getItem(object, name, meter),
    filter: (name, value, args, kwargs) => {
      if (!Object.hasOwn(filters, name))
        throw new JinjaError('TemplateAssertionError', `No filter named '${name}'.`);
      return filters[name](value, args, kwargs, context);
    },
    test: (name, value, args) => {
      if (name === 'filter') return Object.hasOwn(filters, printed(value));
      if (name === 'test') return Object.hasOwn(tests, printed(value));
      if (!Object.hasOwn(tests, name))
        throw new JinjaError('TemplateAssertionError', `No test named '${name}'.`);
      return tests[name](value, args, meter);
    },
  };

  function evaluate(node: Expression, scope: Scope): Value {
    meter.step();
    switch (node.kind) {
      case 'constant':
        return node.value;
      case 'name':
        return scope.get(node.name);
      case 'list':
        return node.items.map((item) => evaluate(item, scope));
      case 'tuple':
        return new Tuple(node.items.map((item) => evaluate(item, scope)));
      case 'dict': {
        const dict = new Dict();
        for (const [key, value] of node.entries) dict.set(evaluate(key, scope), evaluate(value, scope));
        return dict;
      }
      case 'attribute':
        return getAttribute(evaluate(node.object, scope), node.name, meter);
      case 'item': {
        const object = evaluate(node.object, scope);
        if (node.key.kind !== 'slice') return getItem(object, evaluate(node.key, scope), meter);
        const part = (bound?: Expression): Value => (bound === undefined ? null : evaluate(bound, scope));
        return getSlice(object, part(node.key.start), part(node.key.stop), part(node.key.step));
      }
      case 'slice':
        throw typeError('a slice stands alone');
      case 'call':
        return call(node, scope);
      case 'filter': {
        if (node.input === null) throw typeError('a filter has no input');
        return applyFilter(node, evaluate(node.input, scope), scope);
      }
      case 'test': {
        const { args } = bindArguments(node, scope);
        return context.test(node.name, evaluate(node.input, scope), args) !== node.negated;
      }
      case 'not':
        return !truth(evaluate(node.operand, scope));
      case 'negative':
        return negate(evaluate(node.operand, scope), '-');
      case 'positive':
        return negate(evaluate(node.operand, scope), '+');
      case 'and': {
        const left = evaluate(node.left, scope);
        return truth(left) ? evaluate(node.right, scope) : left;
      }
      case 'or': {
        const left = evaluate(node.left, scope);
        return truth(left) ? left : evaluate(node.right, scope);
      }
      case 'binary':
        return binary(node.operator, evaluate(node.left, scope), evaluate(node.right, scope), meter);
      case 'concat': {
        const parts = node.parts.map((part) => printed(evaluate(part, scope)));
        meter.size(parts.reduce((sum, part) => sum + part.length, 0));
        return parts.join('');
      }
      case 'compare': {
        let left = evaluate(node.first, scope);
        for (const { operator, operand } of node.rest) {
          const right = evaluate(operand, scope);
          if (!comparisons[operator](left, right)) return false;
          left = right;
        }
        return true;
      }
      case 'conditional': {
        if (truth(evaluate(node.condition, scope))) return evaluate(node.value, scope);
        if (node.otherwise !== undefined) return evaluate(node.otherwise, scope);
        return new Undefined(
          () => 'the inline if-expression evaluated to false and no else section was defined.',
        );
      }
    }
  }

  function bindArguments(given: Arguments, scope: Scope): { args: Value[]; kwargs: Named } {
    const args = given.args.map((arg) => evaluate(arg, scope));
    if (given.spread !== undefined) args.push(...itemsOf(evaluate(given.spread, scope)));
    const kwargs: Named = Object.create(null);
    for (const [name, value] of given.kwargs) kwargs[name] = evaluate(value, scope);
    if (given.spreadNamed !== undefined) {
      const more = evaluate(given.spreadNamed, scope);
      if (!(more instanceof Dict)) throw typeError('argument after ** must be a mapping');
      for (const [name, value] of more.entries()) kwargs[printed(name)] = value;
    }
    return { args, kwargs };
  }

  function call(node: Expression & { kind: 'call' }, scope: Scope, extra: Named = {}): Value {
    const callee = evaluate(node.callee, scope);
    const { args, kwargs } = bindArguments(node, scope);
    Object.assign(kwargs, extra);
    if (callee instanceof Undefined) return callee.fail();
    if (callee instanceof Callable || (callee instanceof Fields && callee.call !== undefined)) {
      return meter.deeper(() => callee.call!(args, kwargs));
    }
    throw typeError(`'${typeName(callee)}' object is not callable`);
  }

  function applyFilter(node: Expression & { kind: 'filter' }, input: Value, scope: Scope): Value {
    const { args, kwargs } = bindArguments(node, scope);
    return context.filter(node.name, input, args, kwargs);
  }

  function filterText(node: Expression, text: Value, scope: Scope): Value {
    if (node.kind !== 'filter') return text;
    return applyFilter(node, node.input === null ? text : filterText(node.input, text, scope), scope);
  }

  return { evaluate, call, filterText };
}

const comparisons = {
  '==': (left, right) => equal(left, right),
  '!=': (left, right) => !equal(left, right),
  '<': (left, right) => order(left, right, '<') < 0,
  '<=': (left, right) => order(left, right, '<=') <= 0,
  '>': (left, right) => order(left, right, '>') > 0,
  '>=': (left, right) => order(left, right, '>=') >= 0,
  in: (left, right) => contains(right, left),
  'not in': (left, right) => !contains(right, left),
} satisfies Record<CompareOperator, (left: Value, right: Value) => boolean>;
