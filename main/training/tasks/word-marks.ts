// Labelled words as text: the words of a text, labels over stretches of it, marks such as `[Anna Berg](PER)`, and BIO tags
// of words (Ramshaw and Marcus 1995). Knows no record and no model.
import type { Span } from '../../tokens/tokenizer.ts';

/** A stretch of a text, in UTF-16 units and half-open, with its label. */
export interface LabelledSpan {
  start: number;
  end: number;
  label: string;
}

/** The tag of words without a label. */
export const outside = 'O';

// scripts that are written without spaces: each character is a word
const unspaced =
  '[\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}]';
const wordPattern = new RegExp(
  `${unspaced}\\p{M}*|(?:(?!${unspaced})[\\p{L}\\p{M}\\p{N}])+|[^\\s\\p{L}\\p{M}\\p{N}]`,
  'gu',
);

/** Runs of letters and digits; every other character is a word of its own. */
export function wordsOf(text: string): Span[] {
  return [...text.matchAll(wordPattern)].map(({ index, 0: word }) => [index, index + word.length]);
}

/** Words between spaces, as lists of tagged words count them. */
export function spacedWords(text: string): Span[] {
  return [...text.matchAll(/\S+/g)].map(({ index, 0: word }) => [index, index + word.length]);
}

const close = /\]\(([^()[\]\n]+)\)/y;
const space = /\s/;

/** What marks say of a text: the spans, or where the answer stops to be that text. */
export type Marks = { spans: LabelledSpan[] } | { differsAt: string };

/**
 * Reads an answer that is `text` with marks around stretches of it; spaces may differ. Brackets and links that the text
 * itself has are no marks.
 */
export function readMarks(text: string, answer: string): Marks {
  const spans: LabelledSpan[] = [];
  let [at, from] = [0, 0];
  for (;;) {
    at = afterSpace(text, at);
    from = afterSpace(answer, from);
    if (from === answer.length) break;
    const mark = answer[from] === '[' ? markAt(text, at, answer, from) : undefined;
    if (mark !== undefined) {
      spans.push(mark.span);
      at = mark.span.end;
      from = mark.next;
    } else if (text[at] === answer[from]) {
      at += 1;
      from += 1;
    } else break;
  }
  if (at === text.length && from === answer.length) return { spans };
  return { differsAt: answer.slice(from, from + 24) || text.slice(at, at + 24) };
}

function markAt(
  text: string,
  start: number,
  answer: string,
  open: number,
): { span: LabelledSpan; next: number } | undefined {
  let at = start;
  let end = start;
  let from = open + 1;
  for (;;) {
    at = afterSpace(text, at);
    from = afterSpace(answer, from);
    close.lastIndex = from;
    const found = end > start ? close.exec(answer) : null;
    if (found !== null && !text.startsWith(found[0], at)) {
      return { span: { start, end, label: found[1].trim() }, next: close.lastIndex };
    }
    if (at >= text.length || text[at] !== answer[from]) return undefined;
    at += 1;
    from += 1;
    end = at;
  }
}

function afterSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && space.test(text[at])) at += 1;
  return at;
}

/** The text with marks around its spans, which stand in order and do not overlap. */
export function markedText(text: string, spans: readonly LabelledSpan[]): string {
  let written = '';
  let at = 0;
  for (const { start, end, label } of spans) {
    written += `${text.slice(at, start)}[${text.slice(start, end)}](${label})`;
    at = end;
  }
  return written + text.slice(at);
}

/** A label that ends inside a word. */
export interface PartOfWord {
  span: LabelledSpan;
  word: Span;
}

/** `B-X` for the first word of a span, `I-X` for its others, `O` elsewhere; or the first span that ends inside a word. */
export function tagsOf(words: readonly Span[], spans: readonly LabelledSpan[]): string[] | PartOfWord {
  const tags: string[] = [];
  let next = 0;
  let begun: LabelledSpan | undefined;
  for (const word of words) {
    const [start, end] = word;
    while (next < spans.length && spans[next].end <= start) next += 1;
    const span = spans.at(next);
    if (span === undefined || span.start >= end) tags.push(outside);
    else if (span.start > start || span.end < end) return { span, word };
    else {
      tags.push(`${begun === span ? 'I' : 'B'}-${span.label}`);
      begun = span;
    }
  }
  return tags;
}

const prefixed = /^([BIESLU])-(\S+)$/;

/** Whether a piece of an answer is a tag of a word: `O`, `B-PER`, or of the schemes that also mark ends and single words. */
export const isTag = (text: string): boolean => text === outside || prefixed.test(text);

/**
 * The spans that tags of words say, as seqeval reads them: `I-X` behind another label begins a span too. A tag without a
 * prefix labels its word alone. Spans reach from the first to the last of their words.
 */
export function spansOf(words: readonly Span[], tags: readonly string[]): LabelledSpan[] {
  const spans: LabelledSpan[] = [];
  let open: LabelledSpan | undefined;
  tags.forEach((tag, i) => {
    const [start, end] = words[i];
    const [, letter = '', label = tag] = prefixed.exec(tag) ?? [];
    if (tag === outside) {
      open = undefined;
    } else if (open?.label === label && (letter === 'I' || letter === 'E' || letter === 'L')) {
      open.end = end;
    } else {
      open = { start, end, label };
      spans.push(open);
    }
    if (letter !== 'B' && letter !== 'I') open = undefined;
  });
  return spans;
}
