// What a record, or a line that somebody typed, asks of a model: prompt ids and the text that would be
// right. Made by the one renderer (RULES.md 1), so that evaluation, chat and samples ask exactly as
// training taught.
import type { Message, RecordContent } from '../contract/datasets.ts';
import { AppError } from '../errors.ts';
import type { Model } from '../models/load.ts';
import { renderCompletion, renderConversation } from '../tokens/render.ts';
import type { Tokenizer } from '../tokens/tokenizer.ts';

export interface Prompt {
  ids: number[];
  /** What was asked, for people: the question, or the turns with their roles. */
  text: string;
  /** The right answer; null when nobody knows it. */
  reference: string | null;
}

/** Ids of a conversation up to where the answer begins. */
export async function conversationPrompt(
  tokenizer: Tokenizer,
  messages: readonly Message[],
): Promise<number[]> {
  const options = { train: 'none', addGenerationPrompt: true } as const;
  return (await renderConversation(tokenizer, { messages }, options)).ids;
}

/** Ids of a prompt without a chat template, as `renderCompletion` has them in front of the completion. */
async function plainPrompt(tokenizer: Tokenizer, prompt: string): Promise<number[]> {
  const { ids, trained } = await renderCompletion(tokenizer, { prompt, completion: '' });
  return ids.filter((_, i) => trained[i] === 0);
}

/**
 * The prompt of a record, and its answer as the reference. Undefined for records that ask nothing (texts).
 * @throws AppError when the chat template refuses the conversation
 */
export async function promptOf(tokenizer: Tokenizer, content: RecordContent): Promise<Prompt | undefined> {
  if (content.type === 'completion') {
    return {
      ids: await plainPrompt(tokenizer, content.prompt),
      text: content.prompt,
      reference: content.completion,
    };
  }
  if (content.type !== 'chat') return undefined;
  const last = content.messages.findLastIndex(({ role }) => role === 'assistant');
  if (last < 1) return undefined;
  const before = content.messages.slice(0, last);
  return {
    ids: await conversationPrompt(tokenizer, before),
    text:
      before.length === 1
        ? before[0].content
        : before.map(({ role, content }) => `${role}: ${content}`).join('\n'),
    reference: content.messages[last].content,
  };
}

/**
 * The prompt of a line that somebody typed: a question in the chat template where there is one, else the
 * text itself.
 */
export async function typedPrompt(tokenizer: Tokenizer, text: string): Promise<Prompt> {
  const ids =
    tokenizer.chatTemplate === undefined
      ? await plainPrompt(tokenizer, text)
      : await conversationPrompt(tokenizer, [{ role: 'user', content: text }]);
  return { ids, text, reference: null };
}

/**
 * Ids that end an answer: those of generation_config.json and config.json, the tokenizer's EOS, and the
 * control token that the chat template puts behind an answer, which is what a tuned model has learned
 * (field case D06).
 */
export async function endIdsOf(model: Model, tokenizer: Tokenizer): Promise<number[]> {
  const ids = new Set(model.eosIds);
  if (tokenizer.eosId !== undefined) ids.add(tokenizer.eosId);
  const end = await endOfTurn(tokenizer);
  if (end !== undefined) ids.add(end);
  return [...ids];
}

async function endOfTurn(tokenizer: Tokenizer): Promise<number | undefined> {
  if (tokenizer.chatTemplate === undefined) return undefined;
  const messages: Message[] = [
    { role: 'user', content: 'Question' },
    { role: 'assistant', content: 'Answer' },
  ];
  try {
    const { ids, trained } = await renderConversation(tokenizer, { messages }, { train: 'last-assistant' });
    const end = ids[trained.lastIndexOf(1)];
    return tokenizer.controlTokens.some(({ id }) => id === end) ? end : undefined;
  } catch (thrown) {
    if (thrown instanceof AppError) return undefined; // a template that refuses this says so when it is used
    throw thrown;
  }
}
