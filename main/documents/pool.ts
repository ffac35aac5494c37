// Reads files in worker threads under limits of time and memory. A thread that is too slow, runs out of
// memory or dies is replaced; its file gets a sentence, and the other files go on. Knows no format.
import { rmSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { AppError, type ErrorShape, toErrorShape } from '../errors.ts';
import type { ImportOptions } from './importer.ts';
import { defaultLimits, type Limits } from './limits.ts';
import type { SourceSummary } from './read.ts';

export interface ReadTask {
  path: string;
  name: string;
  /** Where the parts go, through a temporary name beside it. */
  partsFile: string;
  options: ImportOptions;
  limits: Limits;
}
export type ReadAnswer = { ok: true; summary: SourceSummary } | { ok: false; error: ErrorShape };

export interface ReaderPool {
  /** Reads one file; never throws. Waits while all threads are busy. */
  read(task: Omit<ReadTask, 'limits'>): Promise<ReadAnswer>;
  /** Ends all threads; files being read end with the code `stopped`. */
  close(): Promise<void>;
}

/** Called from the source, or from a bundle that has `worker.mjs` beside it. */
const workerFile = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.mjs', import.meta.url);

export function createReaderPool(threads: number, limits: Limits = defaultLimits): ReaderPool {
  const idle: Worker[] = [];
  const all = new Set<Worker>();
  const waiting: (() => void)[] = [];
  let busy = 0;
  let closed = false;

  const start = (): Worker => {
    const worker = new Worker(workerFile, {
      resourceLimits: { maxOldGenerationSizeMb: limits.memoryMb },
      // Parsers print warnings about foreign files; the coverage report is the place for those.
      stdout: true,
      stderr: true,
    });
    worker.unref();
    // An error between two files must not end the process; the next file gets a fresh thread.
    worker.on('error', () => all.delete(worker));
    all.add(worker);
    return worker;
  };
  const stop = async (worker: Worker): Promise<void> => {
    all.delete(worker);
    await worker.terminate();
  };

  return {
    async read(task) {
      while (busy >= threads) await new Promise<void>((resolve) => waiting.push(resolve));
      busy++;
      const worker = idle.filter((one) => all.has(one)).pop() ?? start();
      idle.splice(0, idle.length, ...idle.filter((one) => one !== worker && all.has(one)));
      const answer = closed ? stoppedAnswer(task.name) : await runTask(worker, { ...task, limits });
      if (answer.alive && !closed) idle.push(worker);
      else {
        await stop(worker);
        rmSync(`${task.partsFile}.part`, { force: true });
      }
      busy--;
      waiting.shift()?.();
      return answer.answer;
    },
    async close() {
      closed = true;
      await Promise.all([...all].map((worker) => stop(worker)));
    },
  };
}

/** One file in one thread; `alive` says whether the thread can take another. */
function runTask(worker: Worker, task: ReadTask): Promise<{ answer: ReadAnswer; alive: boolean }> {
  return new Promise((resolve) => {
    const settle = (answer: ReadAnswer, alive: boolean) => {
      clearTimeout(timer);
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      resolve({ answer, alive });
    };
    const onMessage = (answer: ReadAnswer) => settle(answer, true);
    const onError = (error: Error & { code?: string }) => settle(failed(deathOf(error, task)), false);
    const onExit = () => settle(stoppedAnswer(task.name).answer, false);
    const timer = setTimeout(() => settle(failed(tooSlow(task)), false), task.limits.seconds * 1000);
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    worker.postMessage(task);
  });
}

function failed(error: Error): ReadAnswer {
  return { ok: false, error: toErrorShape(error) };
}

function tooSlow({ name, limits }: ReadTask): AppError {
  return new AppError(
    'file-too-slow',
    `"${name}" was not read within ${limits.seconds} seconds, which is the limit for one file.`,
    'Split the file into smaller ones, or leave it out.',
  );
}

function deathOf(error: Error & { code?: string }, { name, limits }: ReadTask): AppError {
  if (error.code !== 'ERR_WORKER_OUT_OF_MEMORY') {
    const reason = error.message.replace(/\.$/, '').slice(0, 200);
    return new AppError(
      'reader-failed',
      `Reading "${name}" failed: ${reason}.`,
      'Save the file again in another program, or leave it out.',
      { cause: error },
    );
  }
  return new AppError(
    'file-too-large',
    `"${name}" needs more than ${limits.memoryMb} MB of memory, which is the limit for one file.`,
    'Split the file into smaller ones, or leave it out.',
    { cause: error },
  );
}

function stoppedAnswer(name: string): { answer: ReadAnswer; alive: boolean } {
  const error = new AppError(
    'stopped',
    `Reading "${name}" was stopped.`,
    'Import it again when you want it.',
  );
  return { answer: failed(error), alive: false };
}
