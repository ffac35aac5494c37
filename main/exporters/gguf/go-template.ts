// The part of Go's text/template that a Modelfile of ours uses (https://pkg.go.dev/text/template), as Ollama
// runs it: `.Messages` with `.Role` and `.Content`, `.System`, range, if, else if, eq, not. It exists to hold
// a written TEMPLATE against the text of the training; what it does not know is an error.
import { assert } from '../../errors.ts';

export interface ChatTurn {
  role: string;
  content: string;
}

type Node =
  | { text: string }
  | { field: string }
  | { range: Node[] }
  | { branches: { condition: string; body: Node[] }[] };

type Scope = Readonly<Record<string, unknown>>;

/** What Ollama sends to the model for these messages. */
export function renderGoTemplate(template: string, messages: readonly ChatTurn[]): string {
  const tokens = template.split(/(\{\{.*?\}\})/s).filter((token) => token !== '');
  const [nodes, rest] = parse(tokens);
  assert(rest.length === 0, 'each {{ end }} closes something');
  const system = messages.filter(({ role }) => role === 'system').map(({ content }) => content);
  return run(nodes, {
    System: system.join('\n\n'),
    Messages: messages.map(({ role, content }) => ({ Role: role, Content: content })),
  });
}

const actionOf = (token: string): string | undefined => /^\{\{\s*(.*?)\s*\}\}$/s.exec(token)?.[1];

/** Nodes up to an `else` or `end`, and the tokens from there on. */
function parse(tokens: readonly string[]): [Node[], readonly string[]] {
  const nodes: Node[] = [];
  let rest = tokens;
  while (rest.length > 0) {
    const action = actionOf(rest[0]);
    if (action === 'end' || action?.startsWith('else')) break;
    if (action === undefined) {
      nodes.push({ text: rest[0] });
      rest = rest.slice(1);
    } else if (action === 'range .Messages') {
      const [body, after] = parse(rest.slice(1));
      nodes.push({ range: body });
      rest = after.slice(1);
    } else if (action.startsWith('if ')) {
      const branches: { condition: string; body: Node[] }[] = [];
      let condition: string | undefined = action.slice(3);
      while (condition !== undefined) {
        const [body, after] = parse(rest.slice(1));
        branches.push({ condition, body });
        rest = after;
        condition = /^else if (.*)$/.exec(actionOf(rest[0] ?? '') ?? '')?.[1];
      }
      nodes.push({ branches });
      rest = rest.slice(1);
    } else {
      assert(/^\.\w+$/.test(action), `"${action}" is an action that is known here`);
      nodes.push({ field: action.slice(1) });
      rest = rest.slice(1);
    }
  }
  return [nodes, rest];
}

function run(nodes: readonly Node[], scope: Scope): string {
  return nodes
    .map((node) => {
      if ('text' in node) return node.text;
      if ('field' in node) return String(scope[node.field]);
      if ('range' in node) {
        return (scope.Messages as Scope[])
          .map((message) => run(node.range, { ...scope, ...message }))
          .join('');
      }
      const chosen = node.branches.find(({ condition }) => holds(condition, scope));
      return chosen === undefined ? '' : run(chosen.body, scope);
    })
    .join('');
}

function holds(condition: string, scope: Scope): boolean {
  if (condition.startsWith('not ')) return !holds(condition.slice(4), scope);
  const equal = /^eq \.(\w+) "(.*)"$/.exec(condition);
  if (equal !== null) return scope[equal[1]] === equal[2];
  const field = /^\.(\w+)$/.exec(condition);
  assert(field !== null, `"${condition}" is a condition that is known here`);
  return Boolean(scope[field[1]]);
}
