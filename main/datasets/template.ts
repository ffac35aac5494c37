// Templates over columns: `{message}` is that column's exact string, `{{` and `}}` are braces. Pure.
import { AppError } from '../errors.ts';

/** Text and columns in turn; a column is an object. */
export type Template = (string | { column: string })[];

/** @throws AppError `template-broken` for a brace that stands alone. */
export function parseTemplate(source: string): Template {
  const parts: Template = [];
  let text = '';
  for (let at = 0; at < source.length; at++) {
    const character = source[at];
    if ((character === '{' || character === '}') && source[at + 1] === character) {
      text += character;
      at++;
    } else if (character === '{') {
      const end = source.indexOf('}', at);
      if (end < 0) throw broken(source, at);
      if (text !== '') parts.push(text);
      text = '';
      parts.push({ column: source.slice(at + 1, end) });
      at = end;
    } else if (character === '}') throw broken(source, at);
    else text += character;
  }
  if (text !== '') parts.push(text);
  return parts;
}

function broken(source: string, at: number): AppError {
  return new AppError(
    'template-broken',
    `The brace at character ${at + 1} of "${source.slice(0, 60)}" has no partner.`,
    'Write a column as {name}, and a brace itself as {{ or }}.',
  );
}

/** Names of the columns in a template, each once. */
export function columnsIn(template: Template): string[] {
  return [...new Set(template.flatMap((part) => (typeof part === 'string' ? [] : [part.column])))];
}

/**
 * Fills a template. Where a column is empty, the line ends and spaces that its absence leaves at both ends
 * go too ("instruction" without "input").
 */
export function fill(template: Template, cells: Record<string, string>): string {
  let hasGap = false;
  const text = template
    .map((part) => {
      if (typeof part === 'string') return part;
      const cell = cells[part.column] ?? '';
      hasGap ||= cell === '';
      return cell;
    })
    .join('');
  return hasGap ? text.trim() : text;
}

/** Whether a template has columns and all of them are blank in this row. */
export function isMissing(template: Template, cells: Record<string, string>): boolean {
  const columns = columnsIn(template);
  return columns.length > 0 && columns.every((column) => (cells[column] ?? '').trim() === '');
}
