// Texts as encoders read them: one text, or two as a pair in the frame that the tokenizer's post-processor gives (`[CLS] a
// [SEP] b [SEP]`), the second with its own token type. A pair is written as two texts with [SEP] between them.
import { AppError } from '../../errors.ts';
import type { Tokenizer } from '../../tokens/tokenizer.ts';
import { encodeSources, pairMark, type Source } from './question.ts';

/** The two texts of a pair; undefined for one text, and where the mark stands more than once. */
export function pairIn(text: string): [string, string] | undefined {
  const parts = text.split(new RegExp(`(?:^|\\s)${pairMark.replace(/[[\]]/g, '\\$&')}(?:\\s|$)`));
  if (parts.length !== 2 || parts.some((part) => part.trim() === '')) return undefined;
  return [parts[0].trim(), parts[1].trim()];
}

/** What the post-processor puts around and between two texts. */
export interface PairFrame {
  start: readonly number[];
  between: readonly number[];
  end: readonly number[];
  /** Whether the second text has a type of its own. */
  hasTypes: boolean;
}

const frames = new WeakMap<Tokenizer, Promise<PairFrame | undefined>>();

/** The frame of pairs; undefined where the tokenizer knows none. */
export function pairFrame(tokenizer: Tokenizer): Promise<PairFrame | undefined> {
  const known = frames.get(tokenizer) ?? findFrame(tokenizer);
  frames.set(tokenizer, known);
  return known;
}

async function findFrame(tokenizer: Tokenizer): Promise<PairFrame | undefined> {
  const { ids, specialMask, typeIds } = await tokenizer.encodePair('a', 'b', { addSpecial: true });
  const first = specialMask.indexOf(0);
  const middle = specialMask.indexOf(1, first);
  const second = specialMask.indexOf(0, middle);
  if (first < 0 || middle < 0 || second < 0) return undefined;
  const last = specialMask.lastIndexOf(0);
  return {
    start: ids.slice(0, first),
    between: ids.slice(middle, second),
    end: ids.slice(last + 1),
    hasTypes: typeIds[second] === 1,
  };
}

/**
 * Types of the tokens of a text that was framed as a pair; undefined for one text. Content never holds the ids of the
 * frame: it is encoded as plain text.
 */
export function typesOf(ids: ArrayLike<number>, frame: PairFrame | undefined): Int32Array | undefined {
  if (frame === undefined || !frame.hasTypes) return undefined;
  const [mark] = frame.between;
  const place = Array.prototype.indexOf.call(ids, mark, frame.start.length);
  const second = place + frame.between.length;
  if (place < 0 || second >= ids.length) return undefined;
  return new Int32Array(ids.length).fill(1, second);
}

/**
 * Ids of texts and pairs. What is too long is cut: of a pair the end of its longer text.
 * @throws AppError `pairs-unsupported`
 */
export async function encodeTexts(
  tokenizer: Tokenizer,
  texts: readonly string[],
  maxLength: number,
): Promise<Source[]> {
  const pairs = texts.map(pairIn);
  const found = pairs.filter((pair) => pair !== undefined);
  if (found.length === 0) return encodeSources(tokenizer, texts, maxLength);
  const frame = await pairFrame(tokenizer);
  if (frame === undefined) {
    throw new AppError(
      'pairs-unsupported',
      `${found.length} of ${texts.length} texts are pairs, and the tokenizer of this model joins no pairs.`,
      `Take ${pairMark} out of the prompts, or choose a model such as BERT.`,
    );
  }
  const single = texts.filter((_, i) => pairs[i] === undefined);
  const sources = await encodeSources(tokenizer, single, maxLength);
  const halves = await tokenizer.encodePlainBatch(found.flat(), { addSpecial: false });
  let nextSingle = 0;
  let nextHalf = 0;
  return pairs.map((pair) => {
    if (pair === undefined) return sources[nextSingle++];
    return framed(halves[nextHalf++].ids, halves[nextHalf++].ids, frame, maxLength);
  });
}

function framed(a: readonly number[], b: readonly number[], frame: PairFrame, maxLength: number): Source {
  const { start, between, end } = frame;
  const added = start.length + between.length + end.length;
  const room = Math.max(0, maxLength - added);
  // the longer text gives way first, then both alike
  const half = Math.floor(room / 2);
  const ofB = Math.min(b.length, Math.max(half, room - a.length));
  const ofA = Math.min(a.length, room - ofB);
  const ids = [...start, ...a.slice(0, ofA), ...between, ...b.slice(0, ofB), ...end];
  return { ids: Int32Array.from(ids), length: added + a.length + b.length };
}
