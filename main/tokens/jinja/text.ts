// Strings as Python has them: sequences of code points, with Python's idea of white space. Knows no values.

/** Characters that Python's str.strip and str.split take as white space. */
const space = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const spaceAtStart = new RegExp(`^[${space}]+`);
const oneSpace = new RegExp(`^[${space}]$`);
const surrogate = /[\ud800-\udbff][\udc00-\udfff]/;

export function isSpace(character: string): boolean {
  return oneSpace.test(character);
}

export function lstrip(text: string): string {
  return text.replace(spaceAtStart, '');
}

export function rstrip(text: string): string {
  let end = text.length; // a loop: a regular expression anchored at the end is quadratic on runs of blanks
  while (end > 0 && isSpace(text[end - 1])) end--;
  return text.slice(0, end);
}

/** str.strip and its halves: `characters` is a set; white space unless given. */
export function strip(
  text: string,
  characters: string | null,
  sides: { left: boolean; right: boolean },
): string {
  if (characters === null) {
    const cut = sides.left ? lstrip(text) : text;
    return sides.right ? rstrip(cut) : cut;
  }
  const set = new Set(points(characters));
  const all = points(text);
  let start = 0;
  let end = all.length;
  while (sides.left && start < end && set.has(all[start])) start++;
  while (sides.right && end > start && set.has(all[end - 1])) end--;
  return all.slice(start, end).join('');
}

/** The code points of a text as strings. */
export function points(text: string): string[] {
  return surrogate.test(text) ? Array.from(text) : text.split('');
}

/** Number of code points. */
export function lengthOf(text: string): number {
  return surrogate.test(text) ? points(text).length : text.length;
}

/** Number of code points before the UTF-16 position `at`; -1 stays -1. */
export function pointIndex(text: string, at: number): number {
  return at < 0 ? -1 : lengthOf(text.slice(0, at));
}

/** Order of code points, not of UTF-16 units. */
export function compareText(left: string, right: string): number {
  if (left === right) return 0;
  const [a, b] =
    surrogate.test(left) || surrogate.test(right) ? [points(left), points(right)] : [left, right];
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] !== b[i]) return a[i].codePointAt(0)! - b[i].codePointAt(0)!;
  }
  return a.length - b.length;
}

/**
 * str.split without a separator: at runs of white space, none at the ends; at most `limit` cuts unless
 * negative.
 */
export function splitSpace(text: string, limit: number, fromRight = false): string[] {
  const words: string[] = [];
  let rest = fromRight ? rstrip(text) : lstrip(text);
  while (rest !== '') {
    if (limit >= 0 && words.length === limit) {
      words.push(rest);
      break;
    }
    if (fromRight) {
      let start = rest.length;
      while (start > 0 && !isSpace(rest[start - 1])) start--;
      words.push(rest.slice(start));
      rest = rstrip(rest.slice(0, start));
    } else {
      let end = 0;
      while (end < rest.length && !isSpace(rest[end])) end++;
      words.push(rest.slice(0, end));
      rest = lstrip(rest.slice(end));
    }
  }
  return fromRight ? words.reverse() : words;
}

/** str.split and str.rsplit with a separator. */
export function splitAt(text: string, separator: string, limit: number, fromRight = false): string[] {
  const parts = text.split(separator);
  if (limit < 0 || parts.length <= limit + 1) return parts;
  return fromRight
    ? [parts.slice(0, parts.length - limit).join(separator), ...parts.slice(parts.length - limit)]
    : [...parts.slice(0, limit), parts.slice(limit).join(separator)];
}

/** Characters at which str.splitlines ends a line. */
const breaks = '\\n\\r\\v\\f\\x1c-\\x1e\\x85\\u2028\\u2029';
const lineWithEnd = new RegExp(`[^${breaks}]*(?:\\r\\n|[${breaks}]|$)`, 'g');
const lineEnd = new RegExp(`(?:\\r\\n|[${breaks}])$`);

/** str.splitlines. */
export function splitLines(text: string, keepEnds: boolean): string[] {
  const lines = text.match(lineWithEnd) ?? [];
  if (lines.at(-1) === '') lines.pop();
  return keepEnds ? lines : lines.map((line) => line.replace(lineEnd, ''));
}

export function capitalize(text: string): string {
  const [first = '', ...rest] = points(text);
  return first.toUpperCase() + rest.join('').toLowerCase();
}

/** str.title: a capital at the start of each run of cased letters. */
export function titleCase(text: string): string {
  let inWord = false;
  let out = '';
  for (const character of text) {
    out += inWord ? character.toLowerCase() : character.toUpperCase();
    inWord = /[\p{Lt}\p{Uppercase}\p{Lowercase}]/u.test(character);
  }
  return out;
}

/** repr of a str: single quotes where possible, everything that does not print escaped. */
export function reprText(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let out = quote;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (character === quote || character === '\\') out += `\\${character}`;
    else if (character === '\n') out += '\\n';
    else if (character === '\r') out += '\\r';
    else if (character === '\t') out += '\\t';
    else if (character === ' ' || !/[\p{C}\p{Z}]/u.test(character)) out += character;
    else if (code < 0x100) out += `\\x${code.toString(16).padStart(2, '0')}`;
    else
      out +=
        code < 0x10000
          ? `\\u${code.toString(16).padStart(4, '0')}`
          : `\\U${code.toString(16).padStart(8, '0')}`;
  }
  return out + quote;
}

const simpleEscapes: Record<string, string> = {
  n: '\n',
  r: '\r',
  t: '\t',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
};

/** The characters of a string literal; unknown escapes stay as they are written. */
export function unescapeLiteral(body: string): string {
  return body.replace(
    /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3})|(.))/gs,
    (whole, x, u, long, octal, one: string) => {
      if (one !== undefined) return simpleEscapes[one] ?? whole;
      const code = octal === undefined ? Number.parseInt(x ?? u ?? long, 16) : Number.parseInt(octal, 8);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}

export function escapeHtml(text: string): string {
  const names: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    "'": '&#39;',
    '"': '&#34;',
  };
  return text.replace(/[&<>'"]/g, (character) => names[character]);
}
