// Answers of encoders that tell masked words: the likeliest word in the place of each mask of a text.
import type { Model } from '../models/load.ts';
import type { Tokenizer } from '../tokens/tokenizer.ts';
import { declaredFeeds, prepare } from '../training/feeds.ts';
import { createSessionCache } from '../training/session-cache.ts';
import { placeBatch } from '../training/tasks/masked.ts';
import { maskIdOf } from '../training/tasks/masked-words.ts';
import { finite, logitsSession, softmax } from './classifier.ts';
import type { DecoderOptions } from './decoder.ts';
import type { EncoderAnswer } from './label-answer.ts';

export interface MaskSpeaker {
  kind: 'mask';
  model: Model;
  tokenizer: Tokenizer;
  /** Probability of each token at each of the places; aborting gives none. */
  probabilities(ids: readonly number[], places: readonly number[]): Promise<Float64Array[]>;
  release(): Promise<void>;
}

/** What such a model says to a text without a mask. */
export const withoutMask = (mask: string) =>
  `(no label: a run gives this model its labels; write ${mask} for a word that it is to tell)`;

/** Widths of texts are multiples of this, so that few shapes occur. */
const widthStep = 32;

export function createMaskSpeaker(options: DecoderOptions & { tokenizer: Tokenizer }): MaskSpeaker {
  const { model, tokenizer, weights, maxSessions = 8 } = options;
  const sessions = createSessionCache(maxSessions);
  return {
    kind: 'mask',
    model,
    tokenizer,
    probabilities: async (ids, places) => {
      const { contextLength } = model.shape;
      const width = Math.min(contextLength, Math.ceil(ids.length / widthStep) * widthStep);
      const padId = Number(model.rawConfig.pad_token_id ?? 0);
      const { shape, feeds } = prepare(placeBatch([{ ids, labels: [] }], { width, padId }));
      const key = `${width} ${places.length}`;
      const session = await sessions.get(key, () => logitsSession(options, shape, places.length));
      const { logits } = await session.run({
        ...declaredFeeds(session.program, { ...feeds, rows: Int32Array.from(places) }),
        ...weights?.parameters.named('p'),
      });
      const outputs = logits.length / places.length;
      return places.map((_, i) => softmax(finite(logits as Float32Array, i * outputs, (i + 1) * outputs)));
    },
    release: () => sessions.release(),
  };
}

/** The likeliest word for each mask, in the order of the text and with commas between them. */
export async function answerMasks(
  { tokenizer, probabilities }: MaskSpeaker,
  promptIds: readonly number[],
  signal?: AbortSignal,
): Promise<EncoderAnswer> {
  const began = performance.now();
  const maskId = maskIdOf(tokenizer);
  const places = [...promptIds.keys()].filter((place) => promptIds[place] === maskId);
  const facts = { promptTokens: promptIds.length, tokensPerSecond: 0 };
  if (signal?.aborted)
    return { ...facts, text: '', newTokens: 0, finish: 'cancelled', msToFirstToken: 0, tokens: [] };
  if (places.length === 0) {
    const text = withoutMask(maskId === undefined ? '[MASK]' : (tokenizer.tokenOf(maskId) ?? ''));
    const tokens = [{ text, probability: 0 }];
    return { ...facts, text, newTokens: 1, finish: 'stop', msToFirstToken: 0, tokens };
  }
  const all = await probabilities(promptIds, places);
  const words = all.map((own) => {
    const real = own.subarray(0, tokenizer.idLimit); // rows of the embedding without a token are padding
    const id = real.reduce((best, one, at) => (one > real[best] ? at : best), 0);
    return { text: tokenizer.decode([id]).trim(), probability: real[id] };
  });
  const last = words.length - 1;
  return {
    ...facts,
    text: words.map(({ text }) => text).join(', '),
    newTokens: words.length,
    finish: 'stop',
    msToFirstToken: performance.now() - began,
    tokens: words.map(({ text, probability }, i) => ({ text: i < last ? `${text}, ` : text, probability })),
  };
}
