// Frames between a renderer and the backend, and the shape of one call. Knows no call by name.
import { z } from 'zod';

/** One call of the contract: what goes in and what comes out. */
export interface Call<Input extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> {
  input: Input;
  output: Output;
}

export function call<Input extends z.ZodType, Output extends z.ZodType>(
  definition: Call<Input, Output>,
): Call<Input, Output> {
  return definition;
}

/** Handlers for a group of calls; a missing or misspelt one does not compile. */
export type HandlersFor<Calls extends Record<string, Call>> = {
  [Name in keyof Calls]: (
    input: z.output<Calls[Name]['input']>,
  ) => z.input<Calls[Name]['output']> | Promise<z.input<Calls[Name]['output']>>;
};

export const WireError = z.object({ code: z.string(), message: z.string(), remedy: z.string() });
export type WireError = z.infer<typeof WireError>;

export const RequestFrame = z.object({ id: z.int(), call: z.string(), input: z.unknown() });
export type RequestFrame = z.infer<typeof RequestFrame>;

export type ReplyFrame =
  | { id: number; ok: true; output: unknown }
  | { id: number; ok: false; error: WireError };

export interface EventFrame {
  event: string;
  payload: unknown;
}

export type Frame = RequestFrame | ReplyFrame | EventFrame;

/** Nothing goes in, or nothing comes out. */
export const Nothing = z.object({});

/** Milliseconds since 1970-01-01 UTC. */
export const Time = z.int();
export const Id = z.string().min(1).max(64);
/** Issued by `files.pick` or an upload; redeemed once. The renderer never names a path. */
export const FileToken = z.string().min(8).max(128);
/** One page of a long list. */
export const Page = { offset: z.int().min(0).default(0), limit: z.int().min(1).max(500).default(100) };
