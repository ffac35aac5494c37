// The engine process: gets one job, sends frames, exits. Knows neither Electron nor the database. When the backend
// goes away it tells the job to stop (a training saves a checkpoint) and ends soon after, whatever the job does.
import { setPriority } from 'node:os';
import { toErrorShape } from './errors.ts';
import { jobLoaders } from './jobs/index.ts';
import type { FromEngine, JobContext, JobKind, Progress, ToEngine } from './jobs/job.ts';
import { log, openLog } from './log.ts';

/** Seconds that a job has left when its backend is gone. */
const orphanGraceMs = 20_000;
/** At most ten progress frames, and ten of each batched event, a second. */
const batchMs = 100;

interface Channel {
  send(frame: FromEngine, sent?: () => void): void;
  onFrame(listener: (frame: ToEngine) => void): void;
  onClosed(listener: () => void): void;
}

function openChannel(): Channel {
  const port = (
    process as {
      parentPort?: { postMessage(m: unknown): void; on(e: string, l: (m: { data: ToEngine }) => void): void };
    }
  ).parentPort;
  if (port)
    return {
      send(frame, sent) {
        port.postMessage(frame);
        if (sent) setTimeout(sent, 50); // a utility process has no callback
      },
      onFrame: (listener) => port.on('message', (message) => listener(message.data)),
      onClosed: () => {}, // it is killed with its parent
    };
  if (!process.send) throw new Error('The engine is started by Tunesmith, not by hand.');
  return {
    send(frame, sent) {
      if (process.connected) process.send?.(frame, undefined, undefined, () => sent?.());
      else sent?.();
    },
    onFrame: (listener) => process.on('message', (frame) => listener(frame as ToEngine)),
    onClosed: (listener) => process.on('disconnect', listener),
  };
}

function runEngine(channel: Channel): void {
  const stopping = new AbortController();
  const outbox = createOutbox(channel);
  const pause = createPause(channel);
  const asks = createAsks(channel);

  const finish = (frame: FromEngine, code: number) => {
    outbox.flush();
    channel.send(frame, () => process.exit(code));
    setTimeout(() => process.exit(code), 2000); // the backend may be gone
  };
  const stop = () => {
    pause.set(false); // a paused job must wake up to save
    stopping.abort();
    asks.cancelAll();
  };

  channel.onFrame((frame) => {
    if (frame.type === 'start') void start(frame.kind, frame.input, frame.logFile);
    else if (frame.type === 'stop') stop();
    else if (frame.type === 'pause') pause.set(true);
    else if (frame.type === 'resume') pause.set(false);
    else if (frame.type === 'ask') asks.ask(frame.askId, frame.question, frame.request);
    else asks.cancel(frame.askId);
  });
  channel.onClosed(() => {
    stop();
    setTimeout(() => process.exit(1), orphanGraceMs).unref();
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  process.on('uncaughtException', (error) => {
    log('error', 'engine.uncaught', { error });
    finish({ type: 'failed', error: toErrorShape(error) }, 1);
  });

  async function start(kind: JobKind, input: unknown, logFile: string | null): Promise<void> {
    process.title = `tunesmith: ${kind}`;
    if (logFile !== null) openLog(logFile);
    if (kind !== 'chat' && kind !== 'inspect') beNice();
    const context: JobContext<JobKind> = {
      progress: (progress) => outbox.progress(progress),
      emit: (name: string, payload: unknown) => outbox.event(name, payload),
      signal: stopping.signal,
      unlessPaused: () => pause.wait(),
      answer: (handlers) => asks.answer(handlers, stopping.signal),
    };
    try {
      const runner = await jobLoaders[kind]();
      const result = await runner.run(input as never, context);
      finish({ type: 'done', result }, 0);
    } catch (error) {
      log('error', 'job.failed', { kind, error, cause: (error as { cause?: unknown } | null)?.cause });
      finish({ type: 'failed', error: toErrorShape(error) }, 0);
    }
  }
}

/** The window stays quick while an engine computes. */
function beNice(): void {
  try {
    setPriority(process.pid, 5);
  } catch (error) {
    log('debug', 'engine.priority', { error });
  }
}

/** Sends frames in order, at most ten a second of those that can wait: the latest progress, and events made of lists. */
function createOutbox(channel: Channel) {
  let progress: Progress | undefined;
  let batch: { name: string; payload: Record<string, unknown[]> } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let lastSent = 0;

  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    lastSent = Date.now();
    if (batch) channel.send({ type: 'event', ...batch });
    if (progress) channel.send({ type: 'progress', progress });
    batch = undefined;
    progress = undefined;
  };
  // A job that computes without a break never lets a timer fire, so the time is looked at here too.
  const later = () => {
    if (Date.now() - lastSent >= batchMs) flush();
    else timer ??= setTimeout(flush, batchMs);
  };
  return {
    flush,
    progress(next: Progress) {
      progress = next;
      later();
    },
    event(name: string, payload: unknown) {
      if (!isBatch(payload)) {
        flush();
        channel.send({ type: 'event', name, payload });
        return;
      }
      if (batch && batch.name !== name) flush();
      batch ??= { name, payload: {} };
      for (const [key, list] of Object.entries(payload))
        batch.payload[key] = [...(batch.payload[key] ?? []), ...list];
      later();
    },
  };
}

/** An object of lists (`{ train, validation, samples }`) can be joined with the next one. */
function isBatch(payload: unknown): payload is Record<string, unknown[]> {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return false;
  const values = Object.values(payload);
  return values.length > 0 && values.every(Array.isArray);
}

function createPause(channel: Channel) {
  let paused = false;
  let waiting: (() => void)[] = [];
  return {
    set(next: boolean) {
      paused = next;
      if (next) return;
      for (const wake of waiting) wake();
      waiting = [];
    },
    /** Resolves at once unless paused. The backend hears when the job really stands still. */
    async wait(): Promise<void> {
      // Frames arrive only when the event loop turns; a job of pure computation gives it a turn here.
      await new Promise((turn) => setImmediate(turn));
      if (!paused) return;
      channel.send({ type: 'paused', paused: true });
      while (paused) await new Promise<void>((wake) => waiting.push(wake));
      channel.send({ type: 'paused', paused: false });
    },
  };
}

type Handlers = Parameters<JobContext<JobKind>['answer']>[0];

/** Questions to an interactive job. Those that come before it listens wait. */
function createAsks(channel: Channel) {
  let handlers: Handlers | undefined;
  const early: [number, string, unknown][] = [];
  const running = new Map<number, AbortController>();

  const ask = async (askId: number, question: string, request: unknown): Promise<void> => {
    if (!handlers) {
      early.push([askId, question, request]);
      return;
    }
    const abort = new AbortController();
    running.set(askId, abort);
    try {
      const handler = handlers[question];
      if (!handler) throw new Error(`The engine has no answer for "${question}".`);
      const output = await handler(request as never, { askId, signal: abort.signal });
      channel.send({ type: 'reply', askId, ok: true, output });
    } catch (error) {
      log('warn', 'ask.failed', { question, error });
      channel.send({ type: 'reply', askId, ok: false, error: toErrorShape(error) });
    } finally {
      running.delete(askId);
    }
  };
  const cancel = (askId: number) => running.get(askId)?.abort();
  return {
    ask: (askId: number, question: string, request: unknown) => void ask(askId, question, request),
    cancel,
    cancelAll() {
      for (const abort of running.values()) abort.abort();
    },
    /** Answers until stopped; then resolves when the last answer is out. */
    async answer(given: Handlers, signal: AbortSignal): Promise<void> {
      handlers = given;
      channel.send({ type: 'ready' });
      for (const [askId, question, request] of early.splice(0)) void ask(askId, question, request);
      if (!signal.aborted)
        await new Promise<void>((resolve) =>
          signal.addEventListener('abort', () => resolve(), { once: true }),
        );
      while (running.size > 0) await new Promise((turn) => setTimeout(turn, 10));
    },
  };
}

runEngine(openChannel());
