// A record as a text and the answer to it: what classifiers and encoder-decoders read of the records that decoders see as
// conversations. They have no chat template, and system messages are no part of the text.
import type { Message, RecordContent } from '../../contract/datasets.ts';
import type { Tokenizer } from '../../tokens/tokenizer.ts';

/** Stands between two texts that are one pair, for the encoders that read pairs (pairs.ts). */
export const pairMark = '[SEP]';

export interface Question {
  /** All that the user says before the last answer. */
  text: string;
  /** Without spaces around it. */
  answer: string;
}

/** Undefined for records without an answer, such as texts. */
export function questionOf(content: RecordContent): Question | undefined {
  if (content.type === 'completion') return { text: content.prompt, answer: content.completion.trim() };
  if (content.type === 'labelled') {
    const { text, pair, label } = content;
    return { text: pair === undefined ? text : `${text}\n${pairMark}\n${pair}`, answer: label.trim() };
  }
  if (content.type !== 'chat') return undefined;
  const last = content.messages.findLastIndex(({ role }) => role === 'assistant');
  if (last < 1) return undefined;
  return { text: textOf(content.messages.slice(0, last)), answer: content.messages[last].content.trim() };
}

function textOf(messages: readonly Message[]): string {
  return messages.flatMap(({ role, content }) => (role === 'user' ? content : [])).join('\n');
}

/** Why a record without an answer is left out. */
export const noAnswer = 'They have no answer: this model learns from prompts with answers.';

export interface Source {
  ids: Int32Array;
  /** Tokens before it was cut. */
  length: number;
}

/** Ids of texts, framed as the tokenizer does ([CLS] and [SEP], or an end token); the framing survives a cut. */
export async function encodeSources(
  tokenizer: Tokenizer,
  texts: readonly string[],
  maxLength: number,
): Promise<Source[]> {
  const encodings = await tokenizer.encodePlainBatch(texts, { addSpecial: true });
  return encodings.map(({ ids, specialMask }) => {
    const frame = specialMask.length - 1 - specialMask.lastIndexOf(0); // special tokens behind the text
    const end = ids.slice(ids.length - frame);
    const kept = ids.length <= maxLength ? ids : [...ids.slice(0, Math.max(0, maxLength - frame)), ...end];
    return { ids: Int32Array.from(kept.slice(0, maxLength)), length: ids.length };
  });
}

/** The token that ends a text, of the tokenizer or of config.json. */
export function endOf({ eosId }: Tokenizer, { eosIds }: { eosIds: readonly number[] }): number | undefined {
  return eosId ?? eosIds[0];
}
