// Runs jobs: heavy ones one at a time, others beside them. Turns engine frames into the job that windows see, and
// tells the hooks of its kind what happened. Knows no database (it saves through a function) and no kind by name.

import type { Job, JobKind } from '../contract/jobs.ts';
import { AppError, type ErrorShape, toErrorShape } from '../errors.ts';
import { log } from '../log.ts';
import type { JobKind as EngineJobKind, FromEngine, Progress } from './job.ts';
import type { Engine, EngineExit, Launch } from './launcher.ts';

/** A job as the queue holds it. */
export interface QueuedJob extends Job {
  spec: Record<string, unknown>;
  owner: string;
  enginePid: number | null;
}

/** What to queue. `spec` is JSON and enough to do the job after a restart. */
export interface JobRequest {
  kind: JobKind;
  projectId: string | null;
  subjectId: string | null;
  title: string;
  spec: Record<string, unknown>;
  /** `heavy` jobs run one at a time; `import` too, beside them; `free` at once. */
  lane: Lane;
  cancelLabel?: string;
  canPause?: boolean;
}
export type Lane = 'heavy' | 'import' | 'free';

export interface WorkContext {
  progress(progress: Partial<Progress>): void;
  /** Writes the job with its spec now; progress alone is written once a second. */
  save(): void;
  signal: AbortSignal;
}

/** How a job ended, when not well. */
export interface JobEnd {
  state: 'failed' | 'cancelled' | 'interrupted';
  error: ErrorShape | null;
}

/** What one kind of job does around its engine process. All of it is found again after a restart from `job.spec`. */
export interface JobHooks {
  /** Work in the backend before the engine starts (copying files), or instead of it when it returns `{ result }`. */
  prepare(
    job: QueuedJob,
    context: WorkContext,
  ): Promise<{ engine: EngineJobKind; input: unknown; logFile: string | null } | { result: unknown }>;
  started?(job: QueuedJob): void;
  event?(job: QueuedJob, name: string, payload: unknown): void;
  paused?(job: QueuedJob, paused: boolean): void;
  /** A running job was told to stop, and may take a while to save. */
  stopping?(job: QueuedJob): void;
  progress?(job: QueuedJob): void;
  /** The engine's result in; the job's result out. */
  done?(job: QueuedJob, result: unknown): Promise<unknown> | unknown;
  ended?(job: QueuedJob, end: JobEnd): void | Promise<void>;
  /** After a crash or a standstill: true when a new engine should go on with `prepare`. */
  recover?(job: QueuedJob, error: ErrorShape): boolean;
  /** Milliseconds between the stop frame and the kill. */
  stopAfterMs: number;
  /** An engine that sends nothing for so long is killed; for code that parses foreign files. */
  silentAfterMs?: number;
}

export interface QueueOptions {
  launch: Launch;
  hooks: Partial<Record<JobKind, JobHooks>>;
  owner: string;
  newId(): string;
  save(job: QueuedJob): void;
  changed(job: QueuedJob): void;
  /** Whether another backend on this computer runs a heavy job now. */
  heavyElsewhere?(): boolean;
}

interface Entry {
  job: QueuedJob;
  lane: Lane;
  engine: Engine | null;
  abort: AbortController;
  /** Why it is being stopped, when it is. */
  stopping: 'cancelled' | 'interrupted' | null;
  ended: Promise<void>;
  resolveEnded(): void;
  savedAt: number;
}

const limits: Record<Lane, number> = { heavy: 1, import: 1, free: Number.POSITIVE_INFINITY };
const saveEveryMs = 1000;
const elsewhereRetryMs = 1000;

export type Queue = ReturnType<typeof createQueue>;

export function createQueue(options: QueueOptions) {
  const entries = new Map<string, Entry>();
  let closing = false;
  let retry: NodeJS.Timeout | undefined;

  const publish = (entry: Entry, save = true) => {
    if (save) {
      entry.savedAt = Date.now();
      options.save(entry.job);
    }
    options.changed(entry.job);
  };

  const add = (job: QueuedJob, lane: Lane): Entry => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const entry: Entry = {
      job,
      lane,
      engine: null,
      abort: new AbortController(),
      stopping: null,
      ended: promise,
      resolveEnded: resolve,
      savedAt: 0,
    };
    entries.set(job.id, entry);
    return entry;
  };

  const next = () => {
    if (closing) return;
    for (const entry of entries.values()) {
      if (entry.job.state !== 'waits') continue;
      const busy = [...entries.values()].filter(
        (e) => e.lane === entry.lane && e.job.startedAt !== null,
      ).length;
      if (busy >= limits[entry.lane]) continue;
      if (entry.lane === 'heavy' && options.heavyElsewhere?.()) {
        clearTimeout(retry);
        retry = setTimeout(next, elsewhereRetryMs).unref();
        continue;
      }
      void run(entry);
    }
  };

  const run = async (entry: Entry): Promise<void> => {
    const { job } = entry;
    Object.assign(job, { state: 'running', startedAt: Date.now() });
    const hooks = options.hooks[job.kind];
    try {
      if (!hooks) throw new Error(`No hooks for jobs of kind "${job.kind}".`);
      hooks.started?.(job);
      publish(entry);
      job.result = await work(entry, hooks);
      end(entry, 'finished', null);
    } catch (thrown) {
      const state = entry.stopping ?? 'failed';
      const error =
        state === 'cancelled' ? null : state === 'interrupted' ? interrupted : toErrorShape(thrown);
      if (state === 'failed') log('warn', 'job.failed', { job: job.id, kind: job.kind, error: thrown });
      try {
        await hooks?.ended?.(job, { state, error });
      } catch (fault) {
        log('error', 'job.hook-failed', { job: job.id, error: fault });
      }
      end(entry, state, error);
    }
  };

  const work = async (entry: Entry, hooks: JobHooks): Promise<unknown> => {
    const { job } = entry;
    const context: WorkContext = {
      signal: entry.abort.signal,
      save: () => publish(entry),
      progress: (progress) => {
        Object.assign(job, progress);
        hooks.progress?.(job);
        publish(entry, Date.now() - entry.savedAt > saveEveryMs);
      },
    };
    for (;;) {
      const prepared = await hooks.prepare(job, context);
      if (entry.stopping) throw new Error('stopped');
      if ('result' in prepared) return hooks.done ? hooks.done(job, prepared.result) : prepared.result;
      const outcome = await runEngine(entry, hooks, context, prepared);
      if (outcome.ok) {
        // A job that was told to stop and still came to an end (a training with its checkpoint) keeps its result.
        const result = hooks.done ? await hooks.done(job, outcome.result) : outcome.result;
        if (entry.stopping) {
          job.result = result;
          throw new Error('stopped');
        }
        return result;
      }
      if (entry.stopping || !hooks.recover?.(job, outcome.error)) throw asError(outcome.error);
    }
  };

  const runEngine = async (
    entry: Entry,
    hooks: JobHooks,
    context: WorkContext,
    prepared: { engine: EngineJobKind; input: unknown; logFile: string | null },
  ): Promise<{ ok: true; result: unknown } | { ok: false; error: ErrorShape }> => {
    const { job } = entry;
    let last: Extract<FromEngine, { type: 'done' | 'failed' }> | undefined;
    let silent = false;
    let watch: NodeJS.Timeout | undefined;
    const heard = () => {
      if (hooks.silentAfterMs === undefined) return;
      clearTimeout(watch);
      watch = setTimeout(() => {
        silent = true;
        engine.kill();
      }, hooks.silentAfterMs);
    };
    const onFrame = (frame: FromEngine) => {
      heard();
      if (frame.type === 'done' || frame.type === 'failed') last = frame;
      else if (frame.type === 'progress') context.progress(frame.progress);
      else if (frame.type === 'event') guarded(job, () => hooks.event?.(job, frame.name, frame.payload));
      else if (frame.type === 'paused' && !entry.stopping) {
        job.state = frame.paused ? 'paused' : 'running';
        hooks.paused?.(job, frame.paused);
        publish(entry);
      }
    };
    const engine = options.launch(prepared.engine, prepared.input, { logFile: prepared.logFile, onFrame });
    entry.engine = engine;
    job.enginePid = engine.pid;
    heard();
    publish(entry);
    const exit = await engine.exited;
    clearTimeout(watch);
    entry.engine = null;
    job.enginePid = null;
    if (last?.type === 'done') return { ok: true, result: last.result };
    if (last?.type === 'failed') return { ok: false, error: last.error };
    if (!entry.stopping) {
      log('error', 'engine.crashed', { kind: job.kind, ...exit });
      job.result = { printed: exit.printed }; // for Details; the sentence is the error's
    }
    return { ok: false, error: silent ? standstill : crash(exit) };
  };

  const end = (entry: Entry, state: Job['state'], error: ErrorShape | null) => {
    Object.assign(entry.job, { state, error, endedAt: Date.now(), secondsLeft: null, rate: '' });
    if (state === 'finished') entry.job.progress = 1;
    entries.delete(entry.job.id);
    publish(entry);
    entry.resolveEnded();
    next();
  };

  const stop = (entry: Entry, why: 'cancelled' | 'interrupted') => {
    if (entry.stopping) return;
    entry.stopping = why;
    entry.abort.abort();
    const hooks = options.hooks[entry.job.kind];
    if (entry.job.startedAt === null) {
      // Waiting jobs stay in the database when the backend closes, and wait again at the next start.
      if (why === 'interrupted') {
        entries.delete(entry.job.id);
        entry.resolveEnded();
        return;
      }
      void (async () => hooks?.ended?.(entry.job, { state: why, error: null }))()
        .catch((error) => log('error', 'job.hook-failed', { job: entry.job.id, error }))
        .then(() => end(entry, why, null));
      return;
    }
    entry.job.state = 'finishing';
    guarded(entry.job, () => hooks?.stopping?.(entry.job));
    publish(entry);
    entry.engine?.stop(hooks?.stopAfterMs ?? 5000);
  };

  return {
    /** Queues a job and starts it when its lane is free. */
    start(request: JobRequest): QueuedJob {
      const { lane, cancelLabel = 'Cancel', canPause = false, ...rest } = request;
      const entry = add(
        {
          ...rest,
          id: options.newId(),
          state: 'waits',
          progress: null,
          position: '',
          rate: '',
          secondsLeft: null,
          canPause,
          cancelLabel,
          result: null,
          error: null,
          dismissed: false,
          createdAt: Date.now(),
          startedAt: null,
          endedAt: null,
          owner: options.owner,
          enginePid: null,
          spec: { ...rest.spec, lane },
        },
        lane,
      );
      publish(entry);
      queueMicrotask(next);
      return entry.job;
    },
    /** Queues a job of an earlier backend again, under its old id. */
    restart(job: QueuedJob): void {
      Object.assign(job, { state: 'waits', startedAt: null, enginePid: null, owner: options.owner });
      publish(add(job, job.spec.lane as Lane));
      queueMicrotask(next);
    },
    /** The job as it is now, if it has not ended. */
    find: (jobId: string): QueuedJob | undefined => entries.get(jobId)?.job,
    active: (): QueuedJob[] => [...entries.values()].map((entry) => entry.job),
    cancel(jobId: string): void {
      const entry = entries.get(jobId);
      if (entry) stop(entry, 'cancelled');
    },
    pause(jobId: string, pause: boolean): void {
      const entry = entries.get(jobId);
      if (!entry?.engine || !entry.job.canPause || entry.stopping)
        throw new AppError(
          'cannot-pause',
          'This job cannot be paused now.',
          'Wait until it runs, or cancel it.',
        );
      entry.engine.send({ type: pause ? 'pause' : 'resume' });
    },
    /** Resolves when the job has ended, whatever its end; at once when it is not known. */
    wait: async (jobId: string): Promise<void> => entries.get(jobId)?.ended,
    /** Changes what windows see of a job, such as the label of its cancel button. */
    relabel(jobId: string, change: Pick<Partial<Job>, 'cancelLabel' | 'subjectId' | 'title'>): void {
      const entry = entries.get(jobId);
      if (entry) Object.assign(entry.job, change);
    },
    /** Stops all jobs, with time to save; they can go on at the next start. */
    async close(): Promise<void> {
      closing = true;
      clearTimeout(retry);
      const all = [...entries.values()];
      for (const entry of all) stop(entry, 'interrupted');
      await Promise.all(all.map((entry) => entry.ended));
    },
  };
}

function guarded(job: QueuedJob, hook: () => void): void {
  try {
    hook();
  } catch (error) {
    log('error', 'job.hook-failed', { job: job.id, kind: job.kind, error });
  }
}

const interrupted: ErrorShape = {
  code: 'interrupted',
  message: 'Tunesmith was closed before this was done.',
  remedy: 'Start it again.',
};

const standstill: ErrorShape = {
  code: 'engine-standstill',
  message: 'The work stood still for too long and was ended.',
  remedy: 'Leave out the file that was being read, or try again.',
};

function crash(exit: EngineExit): ErrorShape {
  if (exit.signal === 'SIGKILL' && !exit.killed)
    return {
      code: 'engine-killed',
      message: 'The system ended the process that did the work, most often because memory ran out.',
      remedy: 'Close other programs, or choose a smaller batch or shorter records, and start again.',
    };
  const how = exit.signal ? `signal ${exit.signal}` : `code ${exit.code ?? 'unknown'}`;
  const heap = /out of memory|bad_alloc|cannot allocate memory/i.test(exit.printed);
  return {
    code: heap ? 'engine-memory' : 'engine-crashed',
    message: heap
      ? 'The process that did the work used up the memory it may have.'
      : `The process that did the work ended without a result (${how}).`,
    remedy: 'Start it again; if it happens again, send the log file with your report.',
  };
}

function asError(error: ErrorShape): AppError {
  return new AppError(error.code, error.message, error.remedy);
}
