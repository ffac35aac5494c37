// Leaner plans of a run whose memory ran out: more is computed again in the backward pass, then micro-batches are halved.
// Updates see the same records, so losses stay the same but for rounding. How often a run became leaner lies in its
// folder (leaner-level.ts): the backend raises it after a failure, the engine applies it here.
import type { TrainSettings } from '../contract/runs.ts';
import { AppError } from '../errors.ts';
import { log } from '../log.ts';
import type { Model } from '../models/load.ts';
import { dryRun } from '../training/dry-run.ts';
import { microBatchTokensOf } from '../training/recipe.ts';
import type { BatchArrays, Trainer } from '../training/trainer.ts';
import type { JobContext, TrainInput } from './job.ts';
import { leanerLevel } from './leaner-level.ts';

/** The sentence of an allocation that JavaScript refused, in the terms of a run; other errors as they are. */
export function asOutOfMemory(thrown: unknown): unknown {
  if (
    !(thrown instanceof RangeError) ||
    !/allocation failed|Invalid typed array length/i.test(thrown.message)
  )
    return thrown;
  return new AppError(
    'out-of-memory',
    'Memory ran out: the system refused a block that the run asked for.',
    'Close other programs, or choose "Least memory", a shorter length or a smaller batch.',
    { cause: thrown },
  );
}

/** The recipe with leaner settings, where memory ran out in this run before. `lengths` of the records, in tokens. */
export function withLeanSettings(
  input: TrainInput,
  model: Model,
  lengths: readonly number[],
  context: Pick<JobContext<'train'>, 'emit'>,
): TrainInput {
  const level = leanerLevel(input.runFolder);
  if (level === 0) return input;
  const microBatchTokens = microBatchTokensOf(input.settings, model);
  const usual = { ...input.settings, microBatchTokens };
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  const settings = leanerSettings(usual, { microBatchTokens, longest }, level);
  log('info', 'leaner-plan', { level, recompute: settings.recompute, tokens: settings.microBatchTokens });
  context.emit('message', { level: 'warning', sentence: leanerSentence(settings, usual) });
  return { ...input, settings };
}

/** Passes the longest batch through once, so that memory ends here or not at all, and notes what it took. */
export async function tryLongest(
  trainer: Trainer,
  batch: BatchArrays,
  context: Pick<JobContext<'train'>, 'emit'>,
): Promise<void> {
  const { peakBytes, seconds } = await dryRun(trainer, batch);
  const size = `${batch.rows} x ${batch.width} tokens`;
  const peak = `${(peakBytes / 1e9).toFixed(2)} GB at peak`;
  const sentence = `The longest batch (${size}) was tried first: ${peak}, ${seconds.toFixed(1)} s with building its graph.`;
  context.emit('message', { level: 'info', sentence });
}

const policies: readonly TrainSettings['recompute'][] = ['off', 'selective', 'layer'];

const policyWords = {
  off: 'nothing is computed twice',
  selective: 'attention is computed twice',
  layer: 'whole layers are computed twice',
} satisfies Record<TrainSettings['recompute'], string>;

/** Tokens of a micro-batch as the recipe means them, and of the longest record, which is never split. */
export interface Sizes {
  microBatchTokens: number;
  longest: number;
}

/** Settings after `level` steps of becoming leaner. Throws `memory-exhausted` where there is no leaner plan left. */
export function leanerSettings(settings: TrainSettings, sizes: Sizes, level: number): TrainSettings {
  const left = policies.slice(policies.indexOf(settings.recompute) + 1);
  if (level <= left.length) return level === 0 ? settings : { ...settings, recompute: left[level - 1] };
  const halvings = level - left.length;
  const microBatchTokens = Math.floor(sizes.microBatchTokens / 2 ** halvings);
  if (microBatchTokens < sizes.longest) throw exhausted(sizes.longest);
  return { ...settings, recompute: 'layer', microBatchTokens };
}

/** What a leaner plan does, for the run's messages. */
export function leanerSentence(settings: TrainSettings, usual: TrainSettings): string {
  const parts = [policyWords[settings.recompute]];
  if (settings.microBatchTokens !== usual.microBatchTokens)
    parts.push(`one pass holds at most ${settings.microBatchTokens} tokens`);
  return `The plan is leaner than the recipe, since memory ran out before: ${parts.join(', ')}. The result is the same; it takes longer.`;
}

function exhausted(longest: number): AppError {
  return new AppError(
    'memory-exhausted',
    `Memory ran out even with the leanest plan, which takes records of up to ${longest} tokens one at a time.`,
    'Close other programs, cut records at fewer tokens, or choose a smaller model.',
  );
}
