// Says when an update of a run in float16 was left out, which lowers its loss scale (training/loss-scale.ts).
import type { Trainer } from '../training/trainer.ts';
import type { JobContext } from './job.ts';

/** To be called after each update with its number. */
export function watchSkipped(
  trainer: Pick<Trainer, 'lossScale'>,
  context: Pick<JobContext<'train'>, 'emit'>,
): (step: number) => void {
  let told = trainer.lossScale?.skipped ?? 0;
  return (step) => {
    const { skipped = 0, scale = 1 } = trainer.lossScale ?? {};
    const sentence = `Update ${step} was left out, since its gradients were too large for float16; the loss scale is now ${scale}.`;
    if (skipped > told) context.emit('message', { level: 'info', sentence });
    told = skipped;
  };
}
