// Lines of a page to paragraphs: joins wrapped lines, undoes hyphenation, expands ligatures. Knows no
// geometry beyond line ends and distances; pdf-layout.ts has put the lines in reading order.
import type { Block, Line } from './pdf-layout.ts';

/**
 * Words of the whole document, lower case: they decide whether a hyphen at a line end belongs to the word.
 */
export interface Vocabulary {
  words: Set<string>;
  /** Words with an inner hyphen that stand inside a line. */
  hyphenated: Set<string>;
}

export function createVocabulary(): Vocabulary {
  return { words: new Set(), hyphenated: new Set() };
}

/** Adds the words of one line; the last one only when no hyphen cuts it. */
export function addWords(vocabulary: Vocabulary, line: string): void {
  for (const [word] of line.matchAll(/[\p{L}\p{M}]+(?:-[\p{L}\p{M}]+)*-?/gu)) {
    if (word.endsWith('-')) continue;
    (word.includes('-') ? vocabulary.hyphenated : vocabulary.words).add(word.toLowerCase());
  }
}

/** Text of one page: blocks and paragraphs apart by a blank line. */
export function pageText(blocks: Block[], vocabulary: Vocabulary): string {
  return blocks
    .map((block) => blockText(block, vocabulary))
    .filter((text) => text !== '')
    .join('\n\n');
}

function blockText(block: Block, vocabulary: Vocabulary): string {
  const limit = usualRight(block);
  const pitch = usualPitch(block.lines);
  let text = '';
  for (const [at, line] of block.lines.entries()) {
    const previous = block.lines[at - 1];
    if (previous === undefined) text = line.text;
    else if (isApart(previous, line, pitch)) text += `\n\n${line.text}`;
    else if (goesOn(previous, line, limit)) text = joinLines(text, line.text, vocabulary);
    else text += `\n${line.text}`;
  }
  return text.replaceAll('\u00AD', '');
}

/** Where lines of this block end: the border that most lines reach, else the column's or page's own. */
function usualRight(block: Block): number {
  const widest = Math.max(...block.lines.map((line) => line.right));
  const reaching = block.lines.filter((line) => line.right > widest - 0.12 * (widest - line.left)).length;
  return block.lines.length >= 6 && reaching >= block.lines.length / 2 ? widest : block.limit;
}

/**
 * The usual distance between baselines: the lower quartile, so that spaces between paragraphs do not count.
 */
function usualPitch(lines: Line[]): number {
  const gaps = lines.slice(1).map((line, at) => line.baseline - lines[at].baseline);
  const positive = gaps.filter((gap) => gap > 0).sort((a, b) => a - b);
  return positive[Math.floor(positive.length / 4)] ?? 0;
}

/** A new paragraph or heading: more room above it than usual, or another size of type. */
function isApart(previous: Line, line: Line, pitch: number): boolean {
  const gap = line.baseline - previous.baseline;
  const size = Math.max(previous.size, line.size);
  return gap > Math.max(1.35 * pitch, 1.2 * size) + 0.5 || size > 1.15 * Math.min(previous.size, line.size);
}

/** Whether `line` goes on with the sentence of the line above instead of starting something new. */
function goesOn(previous: Line, line: Line, limit: number): boolean {
  if (/^(?:[-\u2022\u2013\u25AA\u25CF*]|\d{1,3}[.)]|\(?[a-z]\))\s/.test(line.text)) return false;
  const endsOpen = !/[.!?:;\u3002\uFF01\uFF1F]["'\u201D\u2019)\]]*$/.test(previous.text);
  if (/[-\u00AD]$/.test(previous.text)) return true;
  if (endsOpen && /^\p{Ll}/u.test(line.text)) return true;
  // An indented first line, when the line above could have held its first word.
  const width = (line.right - line.left) / Math.max(1, line.text.length);
  const firstWord = (line.text.search(/\s|$/) + 1) * width;
  if (previous.right + firstWord < limit - 0.5 * line.size) return false;
  const indent = line.left - previous.left;
  return !(indent > 0.8 * line.size && !endsOpen);
}

function joinLines(text: string, next: string, vocabulary: Vocabulary): string {
  if (text.endsWith('\u00AD')) return text.slice(0, -1) + next;
  const start = /([\p{L}\p{M}]+)-$/u.exec(text)?.[1];
  const end = /^[\p{L}\p{M}]+/u.exec(next)?.[0];
  if (start !== undefined && end !== undefined && /^\p{Ll}/u.test(end)) {
    return (keepsHyphen(start, end, vocabulary) ? text : text.slice(0, -1)) + next;
  }
  if (text.endsWith('-') && end !== undefined) return text + next;
  const noSpace = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303F\uFF00-\uFF60]$/u.test(
    text,
  );
  return noSpace ? text + next : `${text} ${next}`;
}

/** "dual-" + "encoder" keeps its hyphen if the document writes it inside a line and never as one word. */
function keepsHyphen(start: string, end: string, vocabulary: Vocabulary): boolean {
  const joined = (start + end).toLowerCase();
  if (vocabulary.words.has(joined)) return false;
  if (vocabulary.hyphenated.has(`${start}-${end}`.toLowerCase())) return true;
  // Both halves are words of their own, and long: "language-specific" rather than "compi-lation".
  const halves = [start, end].map((half) => half.toLowerCase());
  return halves.every((half) => half.length >= 4 && vocabulary.words.has(half));
}
