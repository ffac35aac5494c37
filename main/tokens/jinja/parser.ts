// Parses statements: the tags of Jinja2, loop controls, and the `generation` tag of transformers. Tags that
// load other files are refused, since a chat template is one text.
import {
  createExpressionParser,
  createReader,
  describe,
  type ExpressionParser,
  type Reader,
} from './expressions.ts';
import { tokenize } from './lexer.ts';
import type { Expression, MacroNode, Statement, Target } from './nodes.ts';

/** The syntax tree of a template. Throws JinjaError `TemplateSyntaxError` with the line. */
export function parseTemplate(template: string): Statement[] {
  const reader = createReader(tokenize(template));
  const parser = createStatementParser(reader, createExpressionParser(reader));
  const body = parser.body([]);
  reader.expect('end');
  return body;
}

interface StatementParser {
  /** Statements up to one of the named tags (which is left behind `{%`, before its name) or the end. */
  body(ends: string[]): Statement[];
}

function createStatementParser(reader: Reader, parse: ExpressionParser): StatementParser {
  const { peek, next, at, take, expect, fail } = reader;
  const open: string[][] = []; // the ends of all bodies that the place is inside of
  let loops = 0; // how many loops the place is inside of, since break and continue need one

  function body(ends: string[]): Statement[] {
    open.push(ends);
    const statements = bodyUpTo(ends);
    open.pop();
    return statements;
  }

  function bodyUpTo(ends: string[]): Statement[] {
    const statements: Statement[] = [];
    for (;;) {
      const { line } = peek();
      if (at('data')) statements.push({ kind: 'data', text: next().value, line });
      else if (take('print')) {
        statements.push({ kind: 'print', value: parse.tuple(), line });
        expect('printEnd');
      } else if (take('block')) {
        const tag = peek();
        if (tag.type !== 'name') fail('tag name expected');
        if (ends.includes(tag.value)) return statements;
        next();
        if (!Object.hasOwn(tags, tag.value)) unknownTag(tag.value, ends);
        statements.push(tags[tag.value](tag.line));
      } else if (ends.length === 0) return statements;
      else {
        fail(`Unexpected end of template.${lookedFor(ends)}`);
      }
    }
  }

  function unknownTag(name: string, ends: string[]): never {
    return fail(`Encountered unknown tag '${name}'.${lookedFor(ends, name)}`);
  }

  function lookedFor(ends: string[], name?: string): string {
    const block = ends.find((end) => end.startsWith('end'))?.slice(3);
    if (block === undefined) return '';
    const isOuter = name !== undefined && open.some((outer) => outer.includes(name));
    const looking = isOuter
      ? 'You probably made a nesting mistake. Jinja is expecting this tag, but currently looking for'
      : 'Jinja was looking for the following tags:';
    return ` ${looking} '${ends.join("' or '")}'. The innermost block that needs to be closed is '${block}'.`;
  }

  /** The body of a tag up to `{% end %}`, both tags' ends included. */
  function bodyUntil(end: string): Statement[] {
    expect('blockEnd');
    const statements = body([end]);
    next();
    return statements;
  }

  function close(): void {
    expect('blockEnd');
  }

  const tags: Record<string, (line: number) => Statement> = {
    if: (line) => {
      const branches: { condition: Expression; body: Statement[] }[] = [];
      let otherwise: Statement[] = [];
      for (;;) {
        const condition = parse.tuple({ condition: false });
        expect('blockEnd');
        branches.push({ condition, body: body(['elif', 'else', 'endif']) });
        const tag = next().value;
        if (tag === 'elif') continue;
        if (tag === 'else') {
          otherwise = bodyUntil('endif');
        }
        close();
        return { kind: 'if', branches, otherwise, line };
      }
    },
    for: (line) => {
      const goal = target(['in']);
      expect('name', 'in');
      const iterable = parse.tuple({ condition: false, stop: ['recursive'] });
      const filter = take('name', 'if') ? parse.expression() : undefined;
      const recursive = take('name', 'recursive');
      expect('blockEnd');
      loops++;
      const inner = body(['endfor', 'else']);
      loops--;
      const otherwise = next().value === 'else' ? bodyUntil('endfor') : [];
      close();
      return { kind: 'for', target: goal, iterable, filter, body: inner, otherwise, recursive, line };
    },
    set: (line) => {
      const goal = target(['=']);
      if (take('op', '=')) {
        const value = parse.tuple();
        close();
        return { kind: 'set', target: goal, value, line };
      }
      const filter = parse.filters(null);
      const inner = bodyUntil('endset');
      close();
      return { kind: 'setBlock', target: goal, filter, body: inner, line };
    },
    macro: (line) => {
      const name = expect('name').value;
      const signature = parameters();
      const inner = outsideLoops(() => bodyUntil('endmacro'));
      close();
      return { kind: 'macro', macro: { name, ...signature, body: inner }, line };
    },
    call: (line) => {
      const signature = at('op', '(') ? parameters() : { parameters: [], defaults: [] };
      const call = parse.expression();
      if (call.kind !== 'call') fail('expected call');
      const inner = outsideLoops(() => bodyUntil('endcall'));
      close();
      return { kind: 'callBlock', call, macro: { name: 'caller', ...signature, body: inner }, line };
    },
    filter: (line) => {
      const filter = parse.filters(null, true)!;
      const inner = bodyUntil('endfilter');
      close();
      return { kind: 'filterBlock', filter, body: inner, line };
    },
    with: (line) => {
      const values: [Target, Expression][] = [];
      while (!at('blockEnd')) {
        if (values.length > 0) expect('op', ',');
        const goal = target(['=']);
        expect('op', '=');
        values.push([goal, parse.expression()]);
      }
      const inner = bodyUntil('endwith');
      close();
      return { kind: 'with', values, body: inner, line };
    },
    generation: (line) => {
      const inner = outsideLoops(() => bodyUntil('endgeneration'));
      close();
      return { kind: 'generation', body: inner, line };
    },
    autoescape: (line) => {
      parse.expression();
      const inner = bodyUntil('endautoescape');
      close();
      return { kind: 'scope', body: inner, line };
    },
    block: (line) => {
      expect('name');
      while (at('name')) next(); // scoped, required
      const inner = outsideLoops(() => bodyUntil('endblock'));
      if (at('name')) next();
      close();
      return { kind: 'scope', body: inner, line };
    },
    break: (line) => loopControl('break', line),
    continue: (line) => loopControl('continue', line),
  };
  for (const name of ['extends', 'include', 'import', 'from']) {
    tags[name] = () => fail(`'${name}' is not available: a chat template is one text.`);
  }

  function loopControl(kind: 'break' | 'continue', line: number): Statement {
    if (loops === 0) fail(`'${kind}' outside loop`, line);
    close();
    return { kind, line };
  }

  function outsideLoops<Result>(read: () => Result): Result {
    const before = loops;
    loops = 0;
    const result = read();
    loops = before;
    return result;
  }

  /** Names to assign to, up to a stop word: `x`, `a, b`, `ns.x`. */
  function target(stop: string[]): Target {
    const items: Target[] = [];
    let several = false;
    do {
      if (items.length > 0 && stop.includes(peek().value)) break;
      items.push(singleTarget());
      several ||= at('op', ',');
    } while (take('op', ','));
    return several ? { kind: 'targets', items } : items[0];
  }

  function singleTarget(): Target {
    if (take('op', '(')) {
      const inner = target([')']);
      expect('op', ')');
      return inner;
    }
    if (at('blockEnd')) fail(`Expected an expression, got '${describe(peek())}'`);
    const name = expect('name').value;
    if (['true', 'false', 'none', 'True', 'False', 'None'].includes(name)) fail(`can't assign to '${name}'`);
    return take('op', '.')
      ? { kind: 'attribute', object: name, name: expect('name').value }
      : { kind: 'name', name };
  }

  function parameters(): Pick<MacroNode, 'parameters' | 'defaults'> {
    const names: string[] = [];
    const defaults: Expression[] = [];
    expect('op', '(');
    while (!take('op', ')')) {
      if (names.length > 0) expect('op', ',');
      names.push(expect('name').value);
      if (take('op', '=')) defaults.push(parse.expression());
      else if (defaults.length > 0) fail('non-default argument follows default argument');
    }
    return { parameters: names, defaults };
  }

  return { body };
}
