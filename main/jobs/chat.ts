// The job behind a chat: one engine with one set of base weights, and a column for each tuned model on it.
// Stays until it is stopped; answers stream side by side.
import type { ChatAnswer, SamplingOptions } from '../contract/chat.ts';
import { repair } from '../datasets/turns.ts';
import { AppError } from '../errors.ts';
import { answer, createSpeaker, type Speaker } from '../inference/answer.ts';
import { decodesOn } from '../inference/decoder.ts';
import { promptsFor } from '../inference/prompts.ts';
import { openAsTrained } from '../inference/weights.ts';
import { openTrainable } from '../models/load.ts';
import { loadTokenizer } from '../tokens/tokenizer.ts';
import type { AskContext, ChatAsks, JobRunner } from './job.ts';

export const chat: JobRunner<'chat'> = {
  kind: 'chat',
  run: async ({ modelFolder, columns, threads, provider: wanted = 'cpu' }, context) => {
    const base = openTrainable(modelFolder);
    const tokenizer = await loadTokenizer(modelFolder);
    const prompts = promptsFor(base, tokenizer);
    const speakers = new Map<string, Speaker>();
    const repairs = new Map(columns.map((column) => [column.id, column.repairs ?? []]));
    for (const { id, tuned } of columns) {
      const { model, weights } = await openAsTrained(base, tuned, context.signal);
      const provider = decodesOn(model, wanted);
      speakers.set(id, await createSpeaker({ model, weights, tokenizer, threads, provider }));
    }
    const send = async (
      { conversations, options }: ChatAsks['send']['request'],
      ask: AskContext,
    ): Promise<ChatAnswer[]> => {
      const failed = new AbortController(); // one column that fails ends the others
      const signal = AbortSignal.any([ask.signal, context.signal, failed.signal]);
      const answers = Object.entries(conversations).map(async ([columnId, messages]): Promise<ChatAnswer> => {
        try {
          const speaker = speakers.get(columnId);
          if (speaker === undefined) {
            throw new AppError(
              'column-unknown',
              'This column is not part of the chat.',
              'Open the chat again.',
            );
          }
          const promptIds = await prompts.ofMessages(repair(messages, repairs.get(columnId) ?? []));
          const onText = (text: string) => context.emit('delta', { askId: ask.askId, columnId, text });
          return {
            columnId,
            ...(await answer(speaker, { promptIds, options: options as SamplingOptions, signal, onText })),
          };
        } catch (thrown) {
          failed.abort();
          throw thrown;
        }
      });
      const settled = await Promise.allSettled(answers);
      const fault = settled.find((result) => result.status === 'rejected');
      if (fault !== undefined) throw fault.reason;
      return settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    };
    await context.answer({ send });
    for (const speaker of speakers.values()) await speaker.release();
    return null;
  },
};
