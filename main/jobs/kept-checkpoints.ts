// Which checkpoints of a run stay: the newest and the best, and until the next loss shows that the newest is sound, the
// one before. After a divergence what is left is sound.
import { pruneCheckpoints } from '../training/checkpoint.ts';

export interface KeptCheckpoints {
  /** A checkpoint was saved at `step`. */
  saved(step: number, best: number | null): void;
  /** The weights after `step` updates gave a good loss. */
  sound(step: number, best: number | null): void;
  /** Drops what is not known to be sound; the newest that is left, or undefined. */
  dropUnsound(best: number | null): number | undefined;
}

/** `resumed`: the step that the run goes on from, 0 = from the start. */
export function keepCheckpoints(runFolder: string, resumed: number): KeptCheckpoints {
  let steps = resumed === 0 ? [] : [resumed];
  let soundUntil = resumed;
  const prune = (keep: number[], best: number | null) => {
    steps = keep;
    pruneCheckpoints(runFolder, [...keep, ...(best === null ? [] : [best])]);
  };
  const soundOnes = () => steps.filter((step) => step <= soundUntil).slice(-1);
  return {
    saved: (step, best) => {
      steps.push(step);
      if (best === step) soundUntil = step; // its validation loss is the lowest
      prune([...new Set([...soundOnes(), step])], best);
    },
    sound: (step, best) => {
      soundUntil = Math.max(soundUntil, step);
      const unsound = steps.filter((one) => one > soundUntil);
      if (soundOnes().length + unsound.length < steps.length) prune([...soundOnes(), ...unsound], best);
    },
    dropUnsound: (best) => {
      prune(soundOnes(), best);
      return steps.at(-1) ?? best ?? undefined;
    },
  };
}
