// How all trainers run: as a generator that yields its progress, drained at once or with pauses in which
// messages (such as a stop) can arrive. Knows no algorithm.
import { setImmediate } from 'node:timers/promises';

export interface TrainProgress {
  phase: string;
  done: number;
  /** 0 while it is not known. */
  total: number;
}

export interface TrainerOptions {
  /**
   * Entries of the vocabulary, special tokens included. Fewer come out where the text has no more to offer.
   */
  vocabularySize: number;
  /** They get the first ids, in this order. */
  specialTokens?: readonly string[];
  /** Least number of times that something must occur to get an entry; each trainer has its usual default. */
  minFrequency?: number;
  onProgress?: (progress: TrainProgress) => void;
  /** Hears a sentence where not all of the text could be used. */
  onNote?: (sentence: string) => void;
  signal?: AbortSignal;
}

export type Steps<Result> = Generator<TrainProgress, Result, void>;

type Watch = Pick<TrainerOptions, 'onProgress' | 'signal'>;

/** Runs to the end without giving way; `signal` is looked at after each step. Throws the signal's reason. */
export function runAtOnce<Result>(steps: Steps<Result>, { onProgress, signal }: Watch): Result {
  for (;;) {
    signal?.throwIfAborted();
    const { done, value } = steps.next();
    if (done) return value;
    onProgress?.(value);
  }
}

/** Longest time in ms without giving way to other work of the process. */
const sliceMs = 30;

/**
 * Runs to the end and gives way every 30 ms, so that `signal` can be aborted by a message. Rejects with its
 * reason.
 */
export async function runInSlices<Result>(
  steps: Steps<Result>,
  { onProgress, signal }: Watch,
): Promise<Result> {
  let sliceEnd = performance.now() + sliceMs;
  for (;;) {
    signal?.throwIfAborted();
    const { done, value } = steps.next();
    if (done) return value;
    if (performance.now() < sliceEnd) continue;
    onProgress?.(value);
    await setImmediate();
    sliceEnd = performance.now() + sliceMs;
  }
}
