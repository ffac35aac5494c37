// Cuts text into chunks of at most N tokens. Borders fall between paragraphs or sentences where possible;
// chunks overlap by whole sentences. Does not know any tokenizer: an encode function is passed in.

/**
 * Encodes texts without special tokens; `offsets` are UTF-16 spans of the tokens. They are only read where a
 * sentence is longer than a chunk, so they may be made on demand.
 */
export type EncodeBatch = (texts: readonly string[]) => Promise<
  {
    ids: { readonly length: number };
    offsets: readonly (readonly [start: number, end: number])[];
  }[]
>;

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
  /** A short line without a stop, alone in its paragraph: it belongs to what follows. */
  isHeading: boolean;
  /** A piece of a longer sentence. Alone it may take more tokens than inside the sentence. */
  isCut: boolean;
}

interface Chunk extends Span {
  units: Unit[];
}

/** A border between paragraphs is taken if the chunk is at least this full. */
const paragraphShare = 0.7;
const batchTexts = 512;

/** Spans of the chunks of `text`, in order, without white space at their ends. */
export async function chunkText(text: string, options: ChunkOptions, encode: EncodeBatch): Promise<Span[]> {
  const overlap = Math.min(options.overlap, Math.floor(options.tokens / 2));
  const units = await measured(text, unitsOf(text), options.tokens, encode);
  const chunks: Chunk[] = [];
  let first = 0;
  let fresh = 0; // the first unit that no chunk has
  while (first < units.length) {
    const last = lastUnit(units, { first, fresh }, options.tokens);
    const span = trimmed(text, units[first].start, units[last].end);
    const own = units.slice(first, last + 1);
    if (span.end > span.start) chunks.push({ ...span, units: own });
    if (last === units.length - 1) break;
    first = nextFirst(units, { first, last }, { overlap, limit: options.tokens });
    fresh = last + 1;
  }
  return withoutRepeated(await fitted(text, chunks, options.tokens, encode));
}

/** Without chunks that a neighbour holds whole, such as one that adds only spaces to what it repeats. */
function withoutRepeated(chunks: readonly Span[]): Span[] {
  const kept: Span[] = [];
  const holds = (outer: Span | undefined, inner: Span): boolean =>
    outer !== undefined && outer.start <= inner.start && outer.end >= inner.end;
  for (const chunk of chunks) {
    if (holds(kept.at(-1), chunk)) continue;
    if (holds(chunk, kept.at(-1) ?? chunk)) kept.pop();
    kept.push(chunk);
  }
  return kept;
}

/** The last unit that still fits, or the end of a paragraph before it; never one that only repeats. */
function lastUnit(units: Unit[], { first, fresh }: { first: number; fresh: number }, limit: number): number {
  let tokens = 0;
  let paragraph = -1;
  for (let at = first; at < units.length; at++) {
    tokens += units[at].tokens;
    if (tokens > limit && at > fresh) {
      let last = paragraph >= 0 ? paragraph : at - 1;
      while (last > fresh && units[last].isHeading) last--;
      return last;
    }
    if (at >= fresh && units[at].endsParagraph && tokens >= paragraphShare * limit) paragraph = at;
  }
  return units.length - 1;
}

/**
 * Steps back from the border by whole units of at most `overlap` tokens that leave room for the next one, but always
 * forward from `first`.
 */
function nextFirst(
  units: Unit[],
  { first, last }: { first: number; last: number },
  { overlap, limit }: { overlap: number; limit: number },
): number {
  let next = last + 1;
  const most = Math.min(overlap, limit - units[next].tokens);
  let tokens = 0;
  while (next - 1 > first && tokens + units[next - 1].tokens <= most) {
    next--;
    tokens += units[next].tokens;
  }
  return next;
}

/** Sentences with the white space after them. */
function unitsOf(text: string): Omit<Unit, 'tokens'>[] {
  const units: Omit<Unit, 'tokens'>[] = [];
  // After a blank line; after a line end; after the stop of a sentence and a space; after an ideographic
  // stop.
  const border = /\n[ \t]*\n\s*|\n+|(?<=[.!?\u2026]["'\u201D\u2019)\]]*)[ \t]+|(?<=[\u3002\uFF01\uFF1F])/g;
  let start = 0;
  for (const found of text.matchAll(border)) {
    const end = found.index + found[0].length;
    if (end === start) continue;
    const endsParagraph = /\n[ \t]*\n/.test(found[0]);
    const beginsParagraph = units.length === 0 || units[units.length - 1].endsParagraph;
    const line = text.slice(start, found.index);
    const isHeading =
      beginsParagraph && endsParagraph && line.length < 80 && !/[.!?:;,\u3002]\W*$/.test(line);
    units.push({ start, end, endsParagraph, isHeading, isCut: false });
    start = end;
  }
  if (start < text.length) {
    units.push({ start, end: text.length, endsParagraph: true, isHeading: false, isCut: false });
  }
  return units;
}

/**
 * Counts the tokens of each unit; units longer than a chunk are cut between tokens, at spaces if there are
 * any.
 */
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
      const tokens = encodings[at].ids.length;
      if (tokens <= limit) done.push({ ...unit, tokens });
      else done.push(...cutUnit(text, unit, encodings[at].offsets, limit));
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
    pieces.push({
      start,
      end,
      tokens: next - first,
      endsParagraph: next === offsets.length && unit.endsParagraph,
      isHeading: false,
      isCut: true,
    });
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

/**
 * Whole sentences in a row take hardly more tokens than each of them alone, so only chunks with a cut sentence and full
 * ones are encoded once more; one that comes out too long is cut again, between sentences if it has several.
 */
async function fitted(text: string, chunks: Chunk[], limit: number, encode: EncodeBatch): Promise<Span[]> {
  const doubtful = chunks.filter(({ units }) => {
    const tokens = units.reduce((sum, unit) => sum + unit.tokens, 0);
    return units.some((unit) => unit.isCut) || tokens + units.length - 1 > limit;
  });
  const encodings = await encodeAll(
    doubtful.map(({ start, end }) => text.slice(start, end)),
    encode,
  );
  const tooLong = new Map(doubtful.map((chunk, at) => [chunk as Span, encodings[at]]));
  return chunks.flatMap((chunk) => {
    const { start, end, units } = chunk;
    const encoding = tooLong.get(chunk);
    if (encoding === undefined || encoding.ids.length <= limit) return [{ start, end }];
    const last = units[units.length - 1];
    const isWhole = units.length > 1 && !units.some((unit) => unit.isCut);
    const whole = { start, end, endsParagraph: true, isHeading: false, isCut: true };
    const pieces = isWhole
      ? [
          { start, end: last.start },
          { start: last.start, end },
        ]
      : cutUnit(text, whole, encoding.offsets, Math.ceil((limit * 3) / 4));
    return pieces
      .map((piece) => trimmed(text, piece.start, piece.end))
      .filter((piece) => piece.end > piece.start);
  });
}

async function encodeAll(texts: string[], encode: EncodeBatch): ReturnType<EncodeBatch> {
  const done: Awaited<ReturnType<EncodeBatch>> = [];
  for (let from = 0; from < texts.length; from += batchTexts) {
    done.push(...(await encode(texts.slice(from, from + batchTexts))));
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
