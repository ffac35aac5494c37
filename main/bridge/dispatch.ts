// The only dispatcher: finds the call, checks its input, runs its handler, checks its output, and turns any error into
// one that travels. Knows no transport and no call by name.
import { z } from 'zod';
import { faultInWords } from '../contract/faults.ts';
import { type Call, type ReplyFrame, RequestFrame } from '../contract/wire.ts';
import { AppError, toErrorShape } from '../errors.ts';
import { log } from '../log.ts';
import { explainDatabaseError } from '../store/database.ts';

export type Dispatch = (frame: unknown) => Promise<ReplyFrame | null>;

type Handlers = Record<string, (input: never) => unknown>;

export function createDispatcher(calls: Record<string, Call>, handlers: Handlers) {
  /** Runs one call. Throws an AppError, or what the handler threw. */
  const call = async (name: string, input: unknown): Promise<unknown> => {
    const definition = Object.hasOwn(calls, name) ? calls[name] : undefined;
    if (!definition)
      throw new AppError(
        'unknown-call',
        `There is no call "${name}".`,
        'Reload the window: it may be of another version.',
      );
    const parsed = definition.input.safeParse(input);
    if (!parsed.success) throw inputError(parsed.error);
    try {
      const output = await handlers[name](parsed.data as never);
      return definition.output.parse(output);
    } catch (error) {
      throw explainDatabaseError(error);
    }
  };

  /** Answers one frame. A frame that is none has no id to answer to, and gives null. */
  const dispatch: Dispatch = async (frame) => {
    const request = RequestFrame.safeParse(frame);
    if (!request.success) {
      log('warn', 'bridge.bad-frame', { issues: request.error.issues });
      return null;
    }
    const { id, call: name, input } = request.data;
    try {
      return { id, ok: true, output: await call(name, input) };
    } catch (error) {
      const shape = toErrorShape(error);
      const cause = error instanceof Error ? error.cause : undefined;
      log(shape.code === 'internal' ? 'error' : 'info', 'call.failed', { call: name, error, cause });
      return { id, ok: false, error: shape };
    }
  };
  return { call, dispatch };
}

/** All faults of an input at once, each with its place. */
function inputError(error: z.ZodError): AppError {
  const faults = error.issues.map(({ path, message }) => faultInWords(path.map(String).join('.'), message));
  const [first, ...others] = faults;
  const message = others.length === 0 ? first : `${faults.length} values do not fit: ${faults.join('; ')}`;
  return new AppError('input', message, 'Change it and try again.', { cause: z.prettifyError(error) });
}
