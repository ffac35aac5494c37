// Dynamic loss scaling for float16, as torch.amp.GradScaler does it: gradients are computed times a large power of two so
// that small ones do not vanish; where one overflows, the update is left out and the scale halves; after many good ones it
// doubles. Plain data: the trainer holds it, a checkpoint keeps it.
import { z } from 'zod';
import { AppError } from '../errors.ts';

export const LossScale = z.object({
  /** Factor on the mean loss of a batch. */
  scale: z.number().positive(),
  /** Updates since the scale changed. */
  good: z.int().min(0),
  /** Updates that were left out so far. */
  skipped: z.int().min(0),
});
export type LossScale = z.infer<typeof LossScale>;

export const firstLossScale: LossScale = { scale: 65536, good: 0, skipped: 0 };

/** Good updates after which the scale doubles. */
const interval = 2000;

/** The state after an update whose gradients were all finite, or were not. Throws `diverged` below a scale of 1. */
export function nextLossScale({ scale, good, skipped }: LossScale, finite: boolean): LossScale {
  if (finite) {
    const grows = good + 1 === interval;
    return { scale: grows ? scale * 2 : scale, good: grows ? 0 : good + 1, skipped };
  }
  if (scale <= 1) throw beyondHalf('Gradients');
  return { scale: scale / 2, good: 0, skipped: skipped + 1 };
}

/**
 * Factor on the summed loss of a batch with this weight of labels: that of its mean, rounded to a power of two, by which
 * float32 divides without a change.
 */
export function sumScale({ scale }: LossScale, weight: number): number {
  return weight > 0 ? scale * 2 ** -Math.round(Math.log2(weight)) : scale;
}

/** `what` went beyond the range of float16 in the forward pass, or whatever the scale is. */
export function beyondHalf(what: string): AppError {
  return new AppError(
    'diverged',
    `${what} went beyond 65,504, the largest number of float16, or training diverged.`,
    'Choose bf16 or fp32 as the precision, or go on from the last checkpoint with a lower learning rate.',
  );
}
