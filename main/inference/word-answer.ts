// Answers of encoders that label words: the text of the prompt with marks around what they found. Knows nothing of how a
// model computes.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Model } from '../models/load.ts';
import { labelsOf } from '../models/new-head.ts';
import type { Tokenizer } from '../tokens/tokenizer.ts';
import { declaredFeeds, prepare } from '../training/feeds.ts';
import { createSessionCache } from '../training/session-cache.ts';
import { type EncodedWords, encodeWords } from '../training/tasks/labelled-words.ts';
import { placeBatch } from '../training/tasks/masked.ts';
import { type LabelledSpan, markedText, outside, spansOf } from '../training/tasks/word-marks.ts';
import { planOnce } from '../training/updates.ts';
import { finite, logitsSession, softmax } from './classifier.ts';
import type { DecoderOptions } from './decoder.ts';
import type { EncoderAnswer } from './label-answer.ts';
import { textOf } from './prompt-text.ts';

export interface WordSpeaker {
  kind: 'words';
  model: Model;
  tokenizer: Tokenizer;
  /** For each text the tags of its words; aborting leaves texts empty. */
  tags(texts: readonly EncodedWords[], signal?: AbortSignal): Promise<TaggedWord[][]>;
  release(): Promise<void>;
}

export interface TaggedWord {
  tag: string;
  /** The model's probability of the tag. 1 for words that have no token of their own. */
  probability: number;
}

/** Tokens with padding of one batch, and rows: a last batch is filled up, so that few shapes occur. */
const tokensOfBatch = 2048;
const mostRows = 16;

export function createWordSpeaker(options: DecoderOptions & { tokenizer: Tokenizer }): WordSpeaker {
  const { model, tokenizer, weights, maxSessions = 8 } = options;
  const labels = labelsOf(model) ?? [];
  const padId = Number(model.rawConfig.pad_token_id ?? 0);
  const sessions = createSessionCache(maxSessions);
  return {
    kind: 'words',
    model,
    tokenizer,
    tags: async (texts, signal) => {
      const tagged: TaggedWord[][] = texts.map(() => []);
      const lengths = texts.map(({ ids }) => ids.length);
      for (const { rows, width } of planOnce(lengths, model.shape.contextLength, tokensOfBatch)) {
        for (let start = 0; start < rows.length && !signal?.aborted; start += mostRows) {
          const part = rows.slice(start, start + mostRows).map(([{ record }]) => record);
          const filled = part.length === 1 ? 1 : Math.min(mostRows, 2 ** Math.ceil(Math.log2(part.length)));
          const laid = Array.from({ length: filled }, (_, i) => ({
            ids: texts[part[i] ?? part[0]].ids,
            labels: [],
          }));
          const { shape, feeds } = prepare(placeBatch(laid, { width, padId }));
          const session = await sessions.get(`${shape.rows} ${shape.width}`, () =>
            logitsSession(options, shape),
          );
          const { logits } = await session.run({
            ...declaredFeeds(session.program, feeds),
            ...weights?.parameters.named('p'),
          });
          const outputs = logits.length / (filled * width);
          part.forEach((text, row) => {
            const at = (place: number) =>
              finite(
                logits as Float32Array,
                (row * width + place) * outputs,
                (row * width + place + 1) * outputs,
              );
            tagged[text] = tagsFrom(texts[text].places, (place) => likeliest(softmax(at(place)), labels));
          });
          await nextTurn();
        }
      }
      return tagged;
    },
    release: () => sessions.release(),
  };
}

function likeliest(probabilities: Float64Array, labels: readonly string[]): TaggedWord {
  const probability = Math.max(...probabilities);
  return { tag: labels[probabilities.indexOf(probability)] ?? outside, probability };
}

/** A word inside the token of another one goes on with its label; words that were cut off have none. */
function tagsFrom(places: readonly number[], at: (place: number) => TaggedWord): TaggedWord[] {
  const last = Math.max(-1, ...places);
  let before: TaggedWord = { tag: outside, probability: 1 };
  return places.map((place, word) => {
    const isInside = place < 0 && places.indexOf(last) > word;
    if (place >= 0) before = at(place);
    else before = { tag: isInside ? before.tag.replace(/^B-/, 'I-') : outside, probability: 1 };
    return before;
  });
}

/** A text with marks around what the logits [tokens, labels] of its tokens say. */
export function markedByLogits(
  text: string,
  { words, places }: Pick<EncodedWords, 'words' | 'places'>,
  logits: Float32Array,
  labels: readonly string[],
): string {
  const at = (place: number) => logits.subarray(place * labels.length, (place + 1) * labels.length);
  const tagged = tagsFrom(places, (place) => likeliest(softmax(at(place)), labels));
  const tags = tagged.map(({ tag }) => tag);
  return markedText(text, spansOf(words, tags));
}

export interface WordAnswer {
  text: string;
  /** One for each word, which together spell the text. */
  pieces: { text: string; probability: number }[];
}

/** The marked text of each prompt. Aborting leaves answers empty. */
export async function answerWords(
  { model, tokenizer, tags }: Pick<WordSpeaker, 'model' | 'tokenizer' | 'tags'>,
  prompts: readonly (readonly number[])[],
  signal?: AbortSignal,
): Promise<WordAnswer[]> {
  const texts = prompts.map((ids) => textOf(ids) ?? tokenizer.decode(ids, { skipSpecial: true }));
  const encoded = await encodeWords(tokenizer, texts, model.shape.contextLength);
  const tagged = await tags(encoded, signal);
  return texts.map((text, i) => {
    const { words } = encoded[i];
    if (tagged[i].length < words.length) return { text: '', pieces: [] };
    const spans = spansOf(
      words,
      tagged[i].map(({ tag }) => tag),
    );
    return { text: markedText(text, spans), pieces: piecesOf(text, encoded[i], tagged[i], spans) };
  });
}

/** The marked text cut behind each word. */
function piecesOf(
  text: string,
  { words }: EncodedWords,
  tagged: readonly TaggedWord[],
  spans: readonly LabelledSpan[],
): WordAnswer['pieces'] {
  const starts = new Set(spans.map(({ start }) => start));
  const ends = new Map(spans.map(({ end, label }) => [end, label]));
  let at = 0;
  const pieces = words.map(([start, end], word) => {
    const label = ends.get(end);
    const open = starts.has(start) ? '[' : '';
    const close = label === undefined ? '' : `](${label})`;
    const piece = `${text.slice(at, start)}${open}${text.slice(start, end)}${close}`;
    at = end;
    return { text: piece, probability: tagged[word].probability };
  });
  if (at < text.length) {
    const last = pieces.pop();
    pieces.push({ text: (last?.text ?? '') + text.slice(at), probability: last?.probability ?? 1 });
  }
  return pieces;
}

/** One answer as the chat shows it: its pieces are words, with the model's probability of their tags. */
export async function answerMarked(
  speaker: WordSpeaker,
  promptIds: readonly number[],
  signal?: AbortSignal,
): Promise<EncoderAnswer> {
  const began = performance.now();
  const [{ text, pieces }] = await answerWords(speaker, [promptIds], signal);
  const cancelled = signal?.aborted === true;
  return {
    text,
    newTokens: cancelled ? 0 : pieces.length,
    finish: cancelled ? 'cancelled' : 'stop',
    promptTokens: promptIds.length,
    msToFirstToken: performance.now() - began,
    tokensPerSecond: 0,
    tokens: pieces,
  };
}
