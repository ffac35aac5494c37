// The dry run: the longest batch of the data passes through the gradient graph once before the first step, so that memory
// ends at the start and not at step 120 (field case F07). Leaves no trace: no update, no random number drawn.
import { log } from '../log.ts';
import { processMemory } from './process-memory.ts';
import type { BatchArrays, Trainer } from './trainer.ts';
import type { MicroBatchPlan, UpdatePlan } from './updates.ts';

export interface DryRun {
  /** Most memory that the process has held so far. */
  peakBytes: number;
  seconds: number;
}

/** Updates that are looked through for the longest batch. */
const searchedUpdates = 5000;

/**
 * The micro-batch of the first epoch with the most places; of equals the one with the longest rows, whose tokens see most
 * others, then the one with the most tokens.
 */
export function longestBatch(plan: UpdatePlan): MicroBatchPlan | undefined {
  let longest: MicroBatchPlan | undefined;
  const sizeOf = ({ rows, width }: MicroBatchPlan) => rows.length * width;
  const tokensOf = ({ rows }: MicroBatchPlan) => rows.flat().reduce((sum, { length }) => sum + length, 0);
  const isLonger = (one: MicroBatchPlan, other: MicroBatchPlan) =>
    (sizeOf(one) - sizeOf(other) || one.width - other.width || tokensOf(one) - tokensOf(other)) > 0;
  for (let step = 0; step < Math.min(plan.steps, plan.stepsPerEpoch, searchedUpdates); step++) {
    for (const batch of plan.batchesOf(step))
      if (longest === undefined || isLonger(batch, longest)) longest = batch;
  }
  return longest;
}

/** One pass without an update. Throws `out-of-memory` where it does not fit. */
export async function dryRun(trainer: Trainer, batch: BatchArrays): Promise<DryRun> {
  const start = performance.now();
  const random = trainer.randomState();
  await trainer.accumulate(batch);
  trainer.discard();
  trainer.restoreRandom(random);
  const { peakBytes } = processMemory();
  const seconds = (performance.now() - start) / 1000;
  log('info', 'dry-run', { rows: batch.rows, width: batch.width, peakBytes, seconds });
  return { peakBytes, seconds };
}
