// Finds the place of the first fault in JSON text, which the engine's own message often leaves out. Walks
// without recursion. Only called after JSON.parse has refused the text.

/** Offset of the first character that cannot stand there; the length of the text when it ends too early. */
export function faultOffset(text: string): number {
  const open: ('{' | '[')[] = [];
  // What may come next: a value, a key, or what follows a value. After "first" the container may close.
  let expects: 'value' | 'first-value' | 'key' | 'first-key' | 'after' = 'value';
  let at = skipSpace(text, 0);
  while (at < text.length) {
    const character = text[at];
    if (expects === 'after') {
      const container = open[open.length - 1];
      if (container === undefined) return at;
      if (character === ',') expects = container === '{' ? 'key' : 'value';
      else if (character === (container === '{' ? '}' : ']')) open.pop();
      else return at;
      at++;
    } else if (expects === 'key' || expects === 'first-key') {
      if (character === '}' && expects === 'first-key') {
        open.pop();
        expects = 'after';
        at++;
      } else {
        const end = character === '"' ? stringEnd(text, at) : -at - 1;
        if (end < 0) return -end - 1;
        at = skipSpace(text, end);
        if (text[at] !== ':') return at;
        expects = 'value';
        at++;
      }
    } else if (character === '{' || character === '[') {
      open.push(character);
      expects = character === '{' ? 'first-key' : 'first-value';
      at++;
    } else if (character === ']' && expects === 'first-value') {
      open.pop();
      expects = 'after';
      at++;
    } else {
      const end = character === '"' ? stringEnd(text, at) : literalEnd(text, at);
      if (end < 0) return -end - 1;
      expects = 'after';
      at = end;
    }
    at = skipSpace(text, at);
  }
  return text.length;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && ' \t\n\r'.includes(text[at])) at++;
  return at;
}

/** End of a string that starts at `from`, or -1 - offset of its fault. */
function stringEnd(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22) return at + 1;
    if (unit < 0x20) return -at - 1;
    if (unit !== 0x5c) continue;
    at++;
    if (text[at] === 'u') {
      const digits = /^[\da-f]{0,4}/i.exec(text.slice(at + 1, at + 5))?.[0].length ?? 0;
      at += digits;
      if (digits < 4) return -at - 2;
    } else if (!'"\\/bfnrt'.includes(text[at] ?? ' ')) return -at - 1;
  }
  return -text.length - 1;
}

/** End of a number or word that starts at `from`, or -1 - offset of its fault. */
function literalEnd(text: string, from: number): number {
  const pattern = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : -from - 1;
}
