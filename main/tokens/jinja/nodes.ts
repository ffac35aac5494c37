// The syntax tree of a template. Types only.

export type Expression = { line: number } & (
  | { kind: 'constant'; value: null | boolean | bigint | number | string }
  | { kind: 'name'; name: string }
  | { kind: 'list' | 'tuple'; items: Expression[] }
  | { kind: 'dict'; entries: [Expression, Expression][] }
  | { kind: 'attribute'; object: Expression; name: string }
  | { kind: 'item'; object: Expression; key: Expression }
  | { kind: 'slice'; start?: Expression; stop?: Expression; step?: Expression }
  | ({ kind: 'call'; callee: Expression } & Arguments)
  | ({ kind: 'filter'; input: Expression | null; name: string } & Arguments)
  | ({ kind: 'test'; input: Expression; name: string; negated: boolean } & Arguments)
  | { kind: 'not' | 'negative' | 'positive'; operand: Expression }
  | { kind: 'and' | 'or'; left: Expression; right: Expression }
  | { kind: 'binary'; operator: BinaryOperator; left: Expression; right: Expression }
  | { kind: 'concat'; parts: Expression[] }
  | { kind: 'compare'; first: Expression; rest: { operator: CompareOperator; operand: Expression }[] }
  | { kind: 'conditional'; condition: Expression; value: Expression; otherwise?: Expression }
);

export type BinaryOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**';
export type CompareOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in';

export interface Arguments {
  args: Expression[];
  kwargs: [string, Expression][];
  /** `*list` and `**dict` at the end of a call. */
  spread?: Expression;
  spreadNamed?: Expression;
}

/** What a `set` or a `for` writes to: a name, a namespace's attribute, or several of them. */
export type Target =
  | { kind: 'name'; name: string }
  | { kind: 'attribute'; object: string; name: string }
  | { kind: 'targets'; items: Target[] };

export interface MacroNode {
  name: string;
  parameters: string[];
  /** Defaults of the last parameters. */
  defaults: Expression[];
  body: Statement[];
}

export type Statement = { line: number } & (
  | { kind: 'data'; text: string }
  | { kind: 'print'; value: Expression }
  | { kind: 'if'; branches: { condition: Expression; body: Statement[] }[]; otherwise: Statement[] }
  | {
      kind: 'for';
      target: Target;
      iterable: Expression;
      filter?: Expression;
      body: Statement[];
      otherwise: Statement[];
      recursive: boolean;
    }
  | { kind: 'set'; target: Target; value: Expression }
  | { kind: 'setBlock'; target: Target; filter: Expression | null; body: Statement[] }
  | { kind: 'macro'; macro: MacroNode }
  | { kind: 'callBlock'; call: Expression; macro: MacroNode }
  | { kind: 'filterBlock'; filter: Expression; body: Statement[] }
  | { kind: 'with'; values: [Target, Expression][]; body: Statement[] }
  | { kind: 'scope'; body: Statement[] }
  | { kind: 'generation'; body: Statement[] }
  | { kind: 'break' | 'continue' }
);
