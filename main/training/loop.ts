// The training loop: batches in, updates, validations and checkpoints out. Knows nothing of files, jobs or windows;
// everything it does is a function that it was given. The same functions, seed and device give the same bits.
import { AppError } from '../errors.ts';
import { createDivergenceWatch, type DivergenceWatch, notANumber } from './divergence.ts';
import type { BatchArrays, Trainer } from './trainer.ts';

export interface StepReport {
  /** Updates done, this one included. */
  step: number;
  /** nats per label, before the update. */
  loss: number;
  /** Whether the weights before the update are sound, as their loss tells (divergence.ts). */
  sound: boolean;
  learningRate: number;
  gradNorm: number;
  /** Tokens without padding, and labels. */
  tokens: number;
  labels: number;
  seconds: number;
}

export interface LoopOptions {
  trainer: Trainer;
  totalSteps: number;
  /** Micro-batches of update `step`, counted from 0. Pure: resuming asks for them again. */
  batchesOf(step: number): BatchArrays[];
  /** Learning rate of update `step`, counted from 0. */
  learningRateOf(step: number): number;
  onStep(report: StepReport): void;
  /** Validates after every so many updates and after the last one; 0 = never. */
  validateEvery: number;
  validate(step: number): Promise<{ improved: boolean; stop: boolean }>;
  /** Saves after every so many updates and at the end; 0 = only at the end. */
  saveEvery: number;
  /** Saves a checkpoint. A full disk pauses the run: the function waits and tries again. */
  save(step: number, best: boolean): Promise<void>;
  /** Asks to stop: the loop saves and returns. */
  signal: AbortSignal;
  unlessPaused(): Promise<void>;
}

/** Runs from `trainer.updates` to `totalSteps`. Returns whether it was stopped before the end. */
export async function runLoop(options: LoopOptions): Promise<{ stopped: boolean }> {
  const { trainer, totalSteps, signal } = options;
  const watch = createDivergenceWatch();
  let saved = trainer.updates;
  // who stops does not wait for a pause, whatever came first
  while (trainer.updates < totalSteps && !signal.aborted) {
    await options.unlessPaused();
    if (signal.aborted) break;
    const report = await oneStep(options, watch);
    if (report === undefined) break;
    options.onStep(report);
    const { step } = report;
    let best = false;
    let stop = false;
    if (options.validateEvery > 0 && (step % options.validateEvery === 0 || step === totalSteps)) {
      await trainer.download(); // samples are made from the weights in memory
      const verdict = await options.validate(step);
      best = verdict.improved;
      stop = verdict.stop;
    }
    if (best || (options.saveEvery > 0 && step % options.saveEvery === 0)) {
      await trainer.download();
      await options.save(step, best);
      saved = step;
    }
    if (stop) break;
    await breathe();
  }
  if (saved !== trainer.updates) {
    await trainer.download();
    await options.save(trainer.updates, false);
  }
  return { stopped: signal.aborted && trainer.updates < totalSteps };
}

/** One update; undefined where it was stopped between its micro-batches, and is as if it had not begun. */
async function oneStep(
  { trainer, batchesOf, learningRateOf, signal }: LoopOptions,
  watch: DivergenceWatch,
): Promise<StepReport | undefined> {
  const start = performance.now();
  const random = trainer.randomState();
  const index = trainer.updates;
  let lossSum = 0;
  let weight = 0;
  let tokens = 0;
  let labels = 0;
  for (const batch of batchesOf(index)) {
    const part = await trainer.accumulate(batch);
    lossSum += part.lossSum;
    weight += part.weight;
    tokens += batch.tokens ?? batch.rows * batch.width;
    labels += batch.labels.length;
    await breathe();
    if (!signal.aborted) continue;
    trainer.discard();
    trainer.restoreRandom(random);
    return undefined;
  }
  if (weight === 0) throw nothingToLearn(index + 1);
  const loss = lossSum / weight;
  const learningRate = learningRateOf(index);
  const sound = watch.isSound(index + 1, loss, learningRate);
  const { gradNorm } = await trainer.update(learningRate);
  if (!Number.isFinite(gradNorm)) throw notANumber(index + 1, learningRate);
  return {
    step: trainer.updates,
    loss,
    sound,
    learningRate,
    gradNorm,
    tokens,
    labels,
    seconds: (performance.now() - start) / 1000,
  };
}

/** Lets messages in: a session run blocks the thread. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function nothingToLearn(step: number): AppError {
  return new AppError(
    'no-labels',
    `No token of the records in step ${step} counts for the loss, so there is nothing to learn from them.`,
    'Check the loss mask of the dataset, or choose a longer length so that answers are not cut off.',
  );
}
