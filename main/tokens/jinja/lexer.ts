// Template source to tokens, by Jinja2's rules with trim_blocks and lstrip_blocks on, as transformers sets
// them. Knows no grammar beyond the delimiters and literals.
import { JinjaError } from './error.ts';
import { isSpace, reprText, rstrip, unescapeLiteral } from './text.ts';

export type TokenType =
  | 'data'
  | 'block'
  | 'blockEnd'
  | 'print'
  | 'printEnd'
  | 'name'
  | 'string'
  | 'int'
  | 'float'
  | 'op'
  | 'end'
  | 'fault';

export interface Token {
  type: TokenType;
  value: string;
  /** Line in the template, from 1. */
  line: number;
}

const operators = ['//', '**', '==', '!=', '>=', '<=', ...'+-/*%~[](){}><=.:|,;'];
const closing: Record<string, string> = { '(': ')', '[': ']', '{': '}' };
const digits = '(?:\\d+_)*\\d+';
const float = `${digits}(?:(?:\\.${digits})?e[+-]?${digits}|\\.${digits})`;
const integer = '0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\\da-f])+|[1-9](?:_?\\d)*|0(?:_?0)*';
const number = new RegExp(`(?<float>${float})|(?<int>${integer})`, 'iy');
const name = /[\p{XID_Start}_]\p{XID_Continue}*/uy;
const string = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/sy;
const openTag = /\{[%{#]/g;
const rawOpen = /\{%[-+]?\s*raw\s*(-%\}|%\})/y;
const rawClose = /\{%([-+]?)\s*endraw\s*(\+%\}|-%\}|%\})/g;

/**
 * All tokens of a template; the last one is `end`, or `fault` with a sentence: as in Python, what the grammar
 * says about the tokens before it comes first.
 */
export function tokenize(template: string): Token[] {
  const source = template.replace(/\r\n|\r/g, '\n').replace(/\n$/, '');
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;
  let atLineStart = true; // whether what came before ends a line, so that blanks before a tag can go

  const move = (to: number): void => {
    for (let i = at; i < to; i++) if (source[i] === '\n') line++;
    if (to > at) atLineStart = source[to - 1] === '\n';
    at = to;
  };
  const afterSpace = (from: number): number => {
    let to = from;
    while (to < source.length && isSpace(source[to])) to++;
    return to;
  };
  /**
   * Behind a closing delimiter: `-` takes all blanks with it, a block also the line break, unless `+` forbids
   * it.
   */
  const close = (end: number, sign: string, takesBreak: boolean): void => {
    if (sign === '-') move(afterSpace(end));
    else move(takesBreak && sign !== '+' && source[end] === '\n' ? end + 1 : end);
  };
  /** The text before a tag, cut as the sign behind the opening delimiter says. */
  const emitData = (end: number, sign: string, isPrint: boolean): void => {
    let data = source.slice(at, end);
    if (sign === '-') data = rstrip(data);
    else if (sign !== '+' && !isPrint) {
      const lineStart = data.lastIndexOf('\n') + 1;
      if ((lineStart > 0 || atLineStart) && rstrip(data.slice(lineStart)) === '')
        data = data.slice(0, lineStart);
    }
    if (data !== '') tokens.push({ type: 'data', value: data, line });
  };
  const fail = (message: string): never => {
    throw new JinjaError('TemplateSyntaxError', message, line);
  };

  try {
    readTemplate();
    tokens.push({ type: 'end', value: '', line });
  } catch (error) {
    if (!(error instanceof JinjaError)) throw error;
    tokens.push({ type: 'fault', value: error.message, line: error.line });
  }
  return tokens;

  function readTemplate(): void {
    while (at < source.length) {
      openTag.lastIndex = at;
      const found = openTag.exec(source);
      if (found === null) {
        emitData(source.length, '+', true);
        break;
      }
      const start = found.index;
      const kind = source[start + 1];
      const sign = /[-+]/.test(source[start + 2] ?? '') ? source[start + 2] : '';
      emitData(start, sign, kind === '{');
      rawOpen.lastIndex = start;
      const raw = rawOpen.exec(source);
      if (raw !== null) {
        close(rawOpen.lastIndex, raw[1][0] === '-' ? '-' : '', false);
        rawClose.lastIndex = at;
        const end = rawClose.exec(source) ?? fail('Missing end of raw directive');
        emitData(end.index, end[1], false);
        close(rawClose.lastIndex, end[2][0], true);
        continue;
      }
      if (kind === '#') {
        const end = source.indexOf('#}', start + 2);
        if (end < 0 && start + 2 === source.length) return; // as Jinja2's pattern has it
        if (end < 0) fail('Missing end of comment tag');
        close(end + 2, end > start + 2 ? source[end - 1] : '', true);
        continue;
      }
      tokens.push({ type: kind === '%' ? 'block' : 'print', value: '', line });
      move(start + 2 + sign.length);
      readTag(kind === '%');
    }
  }

  /** Tokens of one tag up to and including its end. */
  function readTag(isBlock: boolean): void {
    const ends = isBlock ? ['+%}', '-%}', '%}'] : ['-}}', '}}'];
    const open: string[] = [];
    for (;;) {
      move(afterSpace(at));
      if (at >= source.length) return;
      const end = open.length === 0 ? ends.find((text) => source.startsWith(text, at)) : undefined;
      if (end !== undefined) {
        tokens.push({ type: isBlock ? 'blockEnd' : 'printEnd', value: '', line });
        close(at + end.length, end.length === 3 ? end[0] : '', isBlock);
        return;
      }
      readToken(open);
    }
  }

  function readToken(open: string[]): void {
    const { type, text } = literal() ?? { type: 'op' as const, text: operator(open) };
    const value = type === 'string' ? unescapeLiteral(text.slice(1, -1)) : text;
    tokens.push({ type, value: type === 'int' || type === 'float' ? text.replaceAll('_', '') : value, line });
    move(at + text.length);
  }

  /** A number, name or string at this place. */
  function literal(): { type: TokenType; text: string } | undefined {
    for (const pattern of [number, name, string]) pattern.lastIndex = at;
    const found = number.exec(source);
    // Behind a dot "1.5" is an index and an index, as in `a.1.5`.
    if (found !== null && source[at - 1] === '.') return { type: 'int', text: /^\d+/.exec(found[0])![0] };
    if (found !== null) return { type: found.groups?.float === undefined ? 'int' : 'float', text: found[0] };
    const word = name.exec(source);
    if (word !== null) return { type: 'name', text: word[0] };
    const quoted = string.exec(source);
    return quoted === null ? undefined : { type: 'string', text: quoted[0] };
  }

  /** An operator at this place; brackets must match. */
  function operator(open: string[]): string {
    const found = operators.find((text) => source.startsWith(text, at));
    if (found === undefined) return fail(`unexpected char ${reprText(source[at])} at ${at}`);
    if (found in closing) open.push(closing[found]);
    else if (')]}'.includes(found)) {
      const expected = open.pop();
      if (expected === undefined) fail(`unexpected '${found}'`);
      if (expected !== found) fail(`unexpected '${found}', expected '${expected}'`);
    }
    return found;
  }
}
