// Cuts text into chunks of at most N tokens. Borders fall between paragraphs or sentences where possible; chunks overlap
// by whole sentences. Does not know any tokenizer: an encode function is passed in.

/** Encodes texts without special tokens; `offsets` are UTF-16 spans of the tokens. */
export type EncodeBatch = (
  texts: readonly string[],
) => Promise<{ offsets: readonly (readonly [start: number, end: number])[] }[]>;

export interface ChunkOptions {
  /** Most tokens in a chunk. */
  tokens: number;
  /** Most tokens that a chunk repeats from the one before it. */
  overlap: number;
}

export interface Span {
  start: number;
  end: number;
}

interface Unit extends Span {
  tokens: number;
  /** A paragraph ends here. */
  endsParagraph: boolean;
}

/** A border between paragraphs is taken if the chunk is at least this full. */
const paragraphShare = 0.7;
const batchTexts = 512;

/** Spans of the chunks of `text`, in order, without white space at their ends. */
export async function chunkText(text: string, options: ChunkOptions, encode: EncodeBatch): Promise<Span[]> {
  const overlap = Math.min(options.overlap, Math.floor(options.tokens / 2));
  const units = await measured(text, unitsOf(text), options.tokens, encode);
  const chunks: Span[] = [];
  let first = 0;
  while (first < units.length) {
    const last = lastUnit(units, first, options.tokens);
    const span = trimmed(text, units[first].start, units[last].end);
    if (span.end > span.start) chunks.push(span);
    if (last === units.length - 1) break;
    first = nextFirst(units, first, last, overlap);
  }
  return fitted(text, chunks, options.tokens, encode);
}

/** The last unit that still fits, or the end of a paragraph before it. */
function lastUnit(units: Unit[], first: number, limit: number): number {
  let tokens = 0;
  let paragraph = -1;
  for (let at = first; at < units.length; at++) {
    tokens += units[at].tokens;
    if (tokens > limit && at > first) {
      return paragraph >= 0 ? paragraph : at - 1;
    }
    if (units[at].endsParagraph && tokens >= paragraphShare * limit) paragraph = at;
  }
  return units.length - 1;
}

/** Steps back from the border by whole units of at most `overlap` tokens, but always forward from `first`. */
function nextFirst(units: Unit[], first: number, last: number, overlap: number): number {
  let next = last + 1;
  let tokens = 0;
  while (next - 1 > first && tokens + units[next - 1].tokens <= overlap) {
    next--;
    tokens += units[next].tokens;
  }
  return next;
}

/** Sentences with the white space after them. */
function unitsOf(text: string): Omit<Unit, 'tokens'>[] {
  const units: Omit<Unit, 'tokens'>[] = [];
  // After a blank line; after a line end; after the stop of a sentence and a space; after an ideographic stop.
  const border = /\n[ \t]*\n\s*|\n+|(?<=[.!?\u2026]["'\u201D\u2019)\]]*)[ \t]+|(?<=[\u3002\uFF01\uFF1F])/g;
  let start = 0;
  for (const found of text.matchAll(border)) {
    const end = found.index + found[0].length;
    if (end === start) continue;
    units.push({ start, end, endsParagraph: /\n[ \t]*\n/.test(found[0]) });
    start = end;
  }
  if (start < text.length) units.push({ start, end: text.length, endsParagraph: true });
  return units;
}

/** Counts the tokens of each unit; units longer than a chunk are cut between tokens, at spaces if there are any. */
async function measured(
  text: string,
  units: Omit<Unit, 'tokens'>[],
  limit: number,
  encode: EncodeBatch,
): Promise<Unit[]> {
  const done: Unit[] = [];
  for (let from = 0; from < units.length; from += batchTexts) {
    const batch = units.slice(from, from + batchTexts);
    const encodings = await encode(batch.map((unit) => text.slice(unit.start, unit.end)));
    for (const [at, unit] of batch.entries()) {
      const { offsets } = encodings[at];
      if (offsets.length <= limit) done.push({ ...unit, tokens: offsets.length });
      else done.push(...cutUnit(text, unit, offsets, limit));
    }
  }
  return done;
}

function cutUnit(
  text: string,
  unit: Omit<Unit, 'tokens'>,
  offsets: readonly (readonly [number, number])[],
  limit: number,
): Unit[] {
  const pieces: Unit[] = [];
  let first = 0;
  while (first < offsets.length) {
    let next = Math.min(first + limit, offsets.length);
    if (next < offsets.length) next = tokenBorder(text, unit.start, offsets, first, next);
    const start = pieces.length === 0 ? unit.start : pieces[pieces.length - 1].end;
    const end = next < offsets.length ? unit.start + offsets[next][0] : unit.end;
    pieces.push({ start, end, tokens: next - first, endsParagraph: next === offsets.length && unit.endsParagraph });
    first = next;
  }
  return pieces;
}

/** A token in the last fifth of `[first, next)` that begins at a space, else one that begins a character. */
function tokenBorder(
  text: string,
  base: number,
  offsets: readonly (readonly [number, number])[],
  first: number,
  next: number,
): number {
  const earliest = next - Math.floor((next - first) / 5);
  for (let at = next; at > earliest; at--) {
    const start = base + offsets[at][0];
    if (/\s/.test(text[start] ?? '') || /\s/.test(text[start - 1] ?? '')) return at;
  }
  // Tokens of one character (bytes) share their offsets; a border between them would cut it.
  for (let at = next; at > first + 1; at--) if (offsets[at][0] >= offsets[at - 1][1]) return at;
  return next;
}

/** Encodes every chunk as a whole; one that comes out longer than its units together is cut. */
async function fitted(text: string, chunks: Span[], limit: number, encode: EncodeBatch): Promise<Span[]> {
  const done: Span[] = [];
  for (let from = 0; from < chunks.length; from += batchTexts) {
    const batch = chunks.slice(from, from + batchTexts);
    const encodings = await encode(batch.map(({ start, end }) => text.slice(start, end)));
    for (const [at, chunk] of batch.entries()) {
      const { offsets } = encodings[at];
      if (offsets.length <= limit) done.push(chunk);
      else {
        const pieces = cutUnit(text, { ...chunk, endsParagraph: true }, offsets, limit - 1);
        done.push(...pieces.map(({ start, end }) => trimmed(text, start, end)).filter(({ start, end }) => end > start));
      }
    }
  }
  return done;
}

function trimmed(text: string, start: number, end: number): Span {
  let from = start;
  let to = end;
  while (from < to && /\s/.test(text[from])) from++;
  while (to > from && /\s/.test(text[to - 1])) to--;
  return { start: from, end: to };
}
