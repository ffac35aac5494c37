// A warm engine process that answers questions (chat, inspect): started at the first one, ended when idle, started
// again after a crash. Knows no question by name.
import { AppError } from '../errors.ts';
import type { FromEngine, JobKind } from './job.ts';
import type { Engine, Launch } from './launcher.ts';

export interface InteractiveOptions {
  launch: Launch;
  kind: JobKind;
  input: unknown;
  /** The process ends when nobody asked for so long. */
  idleMs: number;
  logFile: string | null;
  onEvent?(name: string, payload: unknown): void;
  /** What the sentence of a crash calls it, such as `the chat`. */
  name: string;
}

export type Interactive = ReturnType<typeof openInteractive>;

export function openInteractive(options: InteractiveOptions) {
  let engine: Engine | undefined;
  let nextAskId = 1;
  let idle: NodeJS.Timeout | undefined;
  let closed = false;
  const pending = new Map<
    number,
    { engine: Engine; resolve(output: unknown): void; reject(error: Error): void }
  >();

  const start = (): Engine => {
    let failure: AppError | undefined;
    const onFrame = (frame: FromEngine) => {
      if (frame.type === 'event') options.onEvent?.(frame.name, frame.payload);
      else if (frame.type === 'failed')
        failure = new AppError(frame.error.code, frame.error.message, frame.error.remedy);
      else if (frame.type === 'reply') {
        const ask = pending.get(frame.askId);
        pending.delete(frame.askId);
        rest();
        if (frame.ok) ask?.resolve(frame.output);
        else ask?.reject(new AppError(frame.error.code, frame.error.message, frame.error.remedy));
      }
    };
    const started = options.launch(options.kind, options.input, { logFile: options.logFile, onFrame });
    void started.exited.then((exit) => {
      if (engine === started) engine = undefined;
      const how = exit.signal ?? `code ${exit.code}`;
      const error =
        failure ??
        new AppError(
          'engine-crashed',
          `The process behind ${options.name} ended before it answered (${how}).`,
          'Try again; if it happens again, send the log file with your report.',
        );
      for (const [askId, ask] of pending) {
        if (ask.engine !== started) continue;
        pending.delete(askId);
        ask.reject(error);
      }
    });
    return started;
  };

  const rest = () => {
    clearTimeout(idle);
    if (pending.size > 0) return;
    idle = setTimeout(() => {
      engine?.stop(2000);
      engine = undefined; // the next question starts a new one
    }, options.idleMs).unref();
  };

  return {
    /** Asks and waits for the answer. Aborting `signal` lets the engine end it early, with what it has. */
    ask<Reply>(
      question: string,
      request: unknown,
      signal?: AbortSignal,
      asked?: (askId: number) => void,
    ): Promise<Reply> {
      if (closed)
        return Promise.reject(new AppError('closed', `${options.name} was closed.`, 'Open it again.'));
      clearTimeout(idle);
      engine ??= start();
      const current = engine;
      const askId = nextAskId++;
      asked?.(askId);
      return new Promise<unknown>((resolve, reject) => {
        const cancel = () => current.send({ type: 'cancel-ask', askId });
        const settled = () => signal?.removeEventListener('abort', cancel); // it may outlive many questions
        pending.set(askId, {
          engine: current,
          resolve: (output) => [settled(), resolve(output)],
          reject: (error) => [settled(), reject(error)],
        });
        current.send({ type: 'ask', askId, question, request });
        if (signal?.aborted) cancel();
        else signal?.addEventListener('abort', cancel, { once: true });
      }) as Promise<Reply>;
    },
    busy: (): boolean => pending.size > 0,
    /** Ends the process; questions under way fail. */
    async close(): Promise<void> {
      closed = true;
      clearTimeout(idle);
      const last = engine;
      last?.stop(1000);
      await last?.exited;
    },
  };
}
