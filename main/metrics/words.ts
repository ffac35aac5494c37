// Splitting text into words and counting them as the reference implementations of the text metrics do. Those
// are written in Python, whose white space differs from JavaScript's `\s` (U+001C-U+001F and U+0085 count,
// U+FEFF does not).

const space = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const spaces = new RegExp(`[${space}]+`);
const spacesAtEnd = new RegExp(`[${space}]+$`);
const spacesAround = new RegExp(`^[${space}]+|[${space}]+$`, 'g');

/** Words between runs of white space; none for an empty text. */
export function splitWords(text: string): string[] {
  return text.split(spaces).filter((word) => word !== '');
}

export function trimEnd(text: string): string {
  return text.replace(spacesAtEnd, '');
}

export function trim(text: string): string {
  return text.replace(spacesAround, '');
}

/** How often each n-gram of exactly `order` items occurs. `separator` must not occur inside an item. */
export function countNgrams(items: readonly string[], order: number, separator: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (let start = 0; start + order <= items.length; start += 1) {
    const ngram = items.slice(start, start + order).join(separator);
    counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
  }
  return counts;
}

/** Size of the intersection of two multisets. */
export function sharedCount(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  let shared = 0;
  for (const [item, count] of a) shared += Math.min(count, b.get(item) ?? 0);
  return shared;
}
