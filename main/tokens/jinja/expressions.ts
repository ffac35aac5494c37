// Parses expressions, weakest binding first, with Jinja2's precedence: condition, or, and, not, comparison,
// sum, ~, product, power, unary, then postfixes and filters. Knows no statements.
import { JinjaError } from './error.ts';
import type { Token, TokenType } from './lexer.ts';
import type { Arguments, BinaryOperator, CompareOperator, Expression } from './nodes.ts';

const constants: Record<string, null | boolean> = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
};

/** The tokens of a template with a position; statements and expressions read from the same one. */
export interface Reader {
  peek(): Token;
  next(): Token;
  /** Whether the next token is of this type (and value). */
  at(type: TokenType, value?: string): boolean;
  /** Takes the next token if it is of this type (and value). */
  take(type: TokenType, value?: string): boolean;
  expect(type: TokenType, value?: string): Token;
  fail(message: string, line?: number): never;
}

export function createReader(tokens: Token[]): Reader {
  let position = 0;
  const fail = (message: string, line = tokens[position].line): never => {
    throw new JinjaError('TemplateSyntaxError', message, line);
  };
  const sound = (): void => {
    if (tokens[position].type === 'fault') fail(tokens[position].value);
  };
  const peek = (): Token => tokens[position];
  const next = (): Token => {
    const token = tokens[position];
    position = Math.min(position + 1, tokens.length - 1);
    sound();
    return token;
  };
  sound();
  const at = (type: TokenType, value?: string): boolean => {
    const token = tokens[position];
    return token.type === type && (value === undefined || token.value === value);
  };
  return {
    peek,
    next,
    at,
    fail,
    take: (type, value) => {
      const found = at(type, value);
      if (found) next();
      return found;
    },
    expect: (type, value) => {
      if (at(type, value)) return next();
      const token = peek();
      const wanted = value ?? tokenNames[type] ?? type;
      return token.type === 'end'
        ? fail(`unexpected end of template, expected '${wanted}'.`)
        : fail(`expected token '${wanted}', got '${describe(token)}'`);
    },
  };
}

/** How Jinja names a token in its sentences. */
export function describe({ type, value }: Token): string {
  return type === 'name' || type === 'op' ? value : (tokenNames[type] ?? type);
}

const tokenNames: Partial<Record<TokenType, string>> = {
  blockEnd: 'end of statement block',
  printEnd: 'end of print statement',
  block: 'begin of statement block',
  print: 'begin of print statement',
  data: 'template data / text',
  int: 'integer',
  end: 'end of template',
};

export interface ExpressionParser {
  /** One expression; `condition` false stops before an inline `if`. */
  expression(condition?: boolean): Expression;
  /** One expression, or a tuple without parentheses. */
  tuple(options?: { condition?: boolean; stop?: string[]; empty?: boolean }): Expression;
  /** The filters of `{% filter a | b %}` and `{% set x | a %}`; their innermost input is null. */
  filters(input: Expression | null, startInline?: boolean): Expression | null;
  primary(): Expression;
  unary(): Expression;
}

export function createExpressionParser(reader: Reader): ExpressionParser {
  const { peek, next, at, take, expect, fail } = reader;

  function expression(condition = true): Expression {
    return condition ? conditional() : or();
  }

  function conditional(): Expression {
    const { line } = peek();
    let result = or();
    while (take('name', 'if')) {
      const condition = or();
      const otherwise = take('name', 'else') ? conditional() : undefined;
      result = { kind: 'conditional', condition, value: result, otherwise, line };
    }
    return result;
  }

  function or(): Expression {
    const { line } = peek();
    let left = and();
    while (take('name', 'or')) left = { kind: 'or', left, right: and(), line };
    return left;
  }

  function and(): Expression {
    const { line } = peek();
    let left = not();
    while (take('name', 'and')) left = { kind: 'and', left, right: not(), line };
    return left;
  }

  function not(): Expression {
    const { line } = peek();
    let negations = 0;
    while (take('name', 'not')) negations++;
    let operand = compare();
    while (negations-- > 0) operand = { kind: 'not', operand, line };
    return operand;
  }

  function compare(): Expression {
    const { line } = peek();
    const first = sum();
    const rest: { operator: CompareOperator; operand: Expression }[] = [];
    for (;;) {
      const operator = compareOperator();
      if (operator === undefined) break;
      rest.push({ operator, operand: sum() });
    }
    return rest.length === 0 ? first : { kind: 'compare', first, rest, line };
  }

  function compareOperator(): CompareOperator | undefined {
    const { type, value } = peek();
    if (type === 'op' && /^(?:==|!=|<=?|>=?)$/.test(value)) return next().value as CompareOperator;
    if (take('name', 'in')) return 'in';
    if (!at('name', 'not')) return undefined;
    next();
    expect('name', 'in');
    return 'not in';
  }

  const binary = (operators: string[], operand: () => Expression) => (): Expression => {
    const { line } = peek();
    let left = operand();
    while (peek().type === 'op' && operators.includes(peek().value)) {
      const operator = next().value as BinaryOperator;
      left = { kind: 'binary', operator, left, right: operand(), line };
    }
    return left;
  };
  const power = binary(['**'], () => unary());
  const product = binary(['*', '/', '//', '%'], power);
  const sum = binary(['+', '-'], concat);

  function concat(): Expression {
    const { line } = peek();
    const parts = [product()];
    while (take('op', '~')) parts.push(product());
    return parts.length === 1 ? parts[0] : { kind: 'concat', parts, line };
  }

  function unary(withFilters = true): Expression {
    const { line } = peek();
    let node: Expression;
    if (take('op', '-')) node = { kind: 'negative', operand: unary(false), line };
    else if (take('op', '+')) node = { kind: 'positive', operand: unary(false), line };
    else node = primary();
    node = postfixes(node);
    return withFilters ? filtersAndTests(node) : node;
  }

  function primary(): Expression {
    const token = next();
    const { line, value } = token;
    if (token.type === 'name') {
      return Object.hasOwn(constants, value)
        ? { kind: 'constant', value: constants[value], line }
        : { kind: 'name', name: value, line };
    }
    if (token.type === 'string') {
      let text = value;
      while (at('string')) text += next().value;
      return { kind: 'constant', value: text, line };
    }
    if (token.type === 'int')
      return {
        kind: 'constant',
        value: BigInt(/^0+\d/.test(value) ? value.replace(/^0+/, '') || '0' : value),
        line,
      };
    if (token.type === 'float') return { kind: 'constant', value: Number(value), line };
    if (token.type === 'op' && value === '(') {
      const inner = tuple({ stop: [')'], empty: true });
      expect('op', ')');
      return inner;
    }
    if (token.type === 'op' && value === '[') return { kind: 'list', items: listUntil(']'), line };
    if (token.type === 'op' && value === '{') return dict(line);
    return fail(`unexpected '${describe(token)}'`, line);
  }

  function listUntil(end: string): Expression[] {
    const items: Expression[] = [];
    while (!take('op', end)) {
      if (items.length > 0) {
        expect('op', ',');
        if (take('op', end)) break;
      }
      items.push(expression());
    }
    return items;
  }

  function dict(line: number): Expression {
    const entries: [Expression, Expression][] = [];
    while (!take('op', '}')) {
      if (entries.length > 0) {
        expect('op', ',');
        if (take('op', '}')) break;
      }
      const key = expression();
      expect('op', ':');
      entries.push([key, expression()]);
    }
    return { kind: 'dict', entries, line };
  }

  function tuple({ condition = true, stop = [] as string[], empty = false } = {}): Expression {
    const { line } = peek();
    const items: Expression[] = [];
    let isTuple = false;
    const ends = (): boolean =>
      ['blockEnd', 'printEnd'].includes(peek().type) ||
      at('op', ')') ||
      (stop.includes(peek().value) && !at('string'));
    while (!ends()) {
      items.push(expression(condition));
      if (!take('op', ',')) break;
      isTuple = true;
    }
    if (!isTuple && items.length > 0) return items[0];
    if (items.length === 0 && !empty) fail(`Expected an expression, got '${describe(peek())}'`);
    return { kind: 'tuple', items, line };
  }

  function postfixes(start: Expression): Expression {
    let node = start;
    for (;;) {
      const { line } = peek();
      if (take('op', '.')) {
        const token = next();
        if (token.type === 'name') node = { kind: 'attribute', object: node, name: token.value, line };
        else if (token.type === 'int') {
          node = {
            kind: 'item',
            object: node,
            key: { kind: 'constant', value: BigInt(token.value), line },
            line,
          };
        } else fail('expected name or number', token.line);
      } else if (take('op', '[')) node = { kind: 'item', object: node, key: subscript(), line };
      else if (take('op', '(')) node = { kind: 'call', callee: node, ...callArguments(), line };
      else return node;
    }
  }

  function subscript(): Expression {
    const { line } = peek();
    const parts: Expression[] = [];
    do {
      if (at('op', ']')) break;
      parts.push(slice());
    } while (take('op', ','));
    expect('op', ']');
    if (parts.length === 0) fail('expected an index', line);
    return parts.length === 1 ? parts[0] : { kind: 'tuple', items: parts, line };
  }

  function slice(): Expression {
    const { line } = peek();
    const part = (): Expression | undefined =>
      at('op', ':') || at('op', ']') || at('op', ',') ? undefined : expression();
    const start = part();
    if (!take('op', ':')) return start ?? fail('expected an index');
    const stop = part();
    const step = take('op', ':') ? part() : undefined;
    return { kind: 'slice', start, stop, step, line };
  }

  /** Behind the opening parenthesis. */
  function callArguments(): Arguments {
    const found: Arguments = { args: [], kwargs: [] };
    let first = true;
    while (!take('op', ')')) {
      if (!first) {
        expect('op', ',');
        if (take('op', ')')) break;
      }
      first = false;
      if (take('op', '**')) found.spreadNamed = expression();
      else if (take('op', '*')) found.spread = expression();
      else {
        const value = expression();
        if (value.kind === 'name' && take('op', '=')) found.kwargs.push([value.name, expression()]);
        else if (found.kwargs.length > 0) fail('invalid syntax for function call expression');
        else found.args.push(value);
      }
    }
    return found;
  }

  function filtersAndTests(start: Expression): Expression {
    let node = start;
    for (;;) {
      const { line } = peek();
      if (at('op', '|')) node = filters(node)!;
      else if (take('name', 'is')) node = test(node, line);
      else if (take('op', '(')) node = { kind: 'call', callee: node, ...callArguments(), line };
      else return node;
    }
  }

  function filters(input: Expression | null, startInline = false): Expression | null {
    let node = input;
    let inline = startInline;
    while (inline || take('op', '|')) {
      inline = false;
      const { line } = peek();
      const name = dottedName();
      const given: Arguments = take('op', '(') ? callArguments() : { args: [], kwargs: [] };
      node = { kind: 'filter', input: node, name, ...given, line };
    }
    return node;
  }

  function dottedName(): string {
    let name = expect('name').value;
    while (take('op', '.')) name += `.${expect('name').value}`;
    return name;
  }

  function test(input: Expression, line: number): Expression {
    const negated = take('name', 'not');
    const name = dottedName();
    let given: Arguments = { args: [], kwargs: [] };
    if (take('op', '(')) given = callArguments();
    else if (startsArgument()) {
      if (at('name', 'is')) fail('You cannot chain multiple tests with is');
      given = { args: [postfixes(primary())], kwargs: [] };
    }
    return { kind: 'test', input, name, negated, ...given, line };
  }

  /** Whether `is name` goes on with one argument without parentheses, as in `is divisibleby 3`. */
  function startsArgument(): boolean {
    const { type, value } = peek();
    if (type === 'name') return !['else', 'or', 'and'].includes(value);
    return ['string', 'int', 'float'].includes(type) || (type === 'op' && ['[', '{'].includes(value));
  }

  return { expression, tuple, filters, primary, unary };
}
