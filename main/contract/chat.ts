// Chat: base and tuned answers side by side, streamed from one engine process with one set of weights.
import { z } from 'zod';
import { Message } from './datasets.ts';
import { call, Id, Nothing } from './wire.ts';

export const SamplingOptions = z.object({
  temperature: z.number().min(0).max(5).default(0),
  topK: z.int().min(0).default(0),
  topP: z.number().gt(0).max(1).default(1),
  minP: z.number().min(0).max(1).default(0),
  repetitionPenalty: z.number().min(0.1).max(10).default(1),
  seed: z.int().min(0).default(42),
  maxNewTokens: z.int().min(1).max(8192).default(200),
  stop: z.array(z.string().min(1)).max(4).default([]),
  /** Answers that an encoder-decoder follows at once, to give the likeliest as a whole; 1 = token by token. */
  beams: z.int().min(1).max(16).default(1),
  /** Of a search with beams: above 0 longer answers win, below 0 shorter ones. */
  lengthPenalty: z.number().min(-10).max(10).default(1),
});
export type SamplingOptions = z.infer<typeof SamplingOptions>;

/** A column of the side-by-side view: the base model, or a run's adapter on it. */
export const ChatColumn = z.object({ id: Id, label: z.string(), runId: Id.nullable() });
export type ChatColumn = z.infer<typeof ChatColumn>;

export const ChatSession = z.object({
  id: Id,
  projectId: Id,
  modelId: Id,
  columns: z.array(ChatColumn),
  contextLength: z.int(),
});
export type ChatSession = z.infer<typeof ChatSession>;

export const ChatAnswer = z.object({
  columnId: Id,
  text: z.string(),
  promptTokens: z.int(),
  newTokens: z.int(),
  tokensPerSecond: z.number(),
  msToFirstToken: z.number(),
  finish: z.enum(['stop', 'length', 'cancelled']),
  tokens: z.array(z.object({ text: z.string(), probability: z.number() })),
});
export type ChatAnswer = z.infer<typeof ChatAnswer>;

export const chat = {
  /** Loads the model (base, and one column per run) in an engine process; reused when already open. */
  'chat.open': call({
    input: z.object({ projectId: Id, modelId: Id, runIds: z.array(Id).max(3) }),
    output: ChatSession,
  }),
  /** Answers in each column; text streams as `chat.delta` events, and the reply holds the whole answers. */
  'chat.send': call({
    input: z.object({
      sessionId: Id,
      /** One conversation per column id (they differ after the first answer). */
      conversations: z.record(z.string(), z.array(Message).min(1)),
      options: SamplingOptions,
    }),
    output: z.array(ChatAnswer),
  }),
  'chat.stop': call({ input: z.object({ sessionId: Id }), output: Nothing }),
  'chat.close': call({ input: z.object({ sessionId: Id }), output: Nothing }),
};
