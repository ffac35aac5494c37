// Notices a run that diverges: a loss that is no number at once, a loss far above the first one when it stays there. One
// batch of odd records is no divergence. Knows losses only; the loop asks it, the job keeps the checkpoints from before.
import { AppError } from '../errors.ts';

/** Steps in a row with such a loss that count as divergence. */
const patience = 3;

export interface DivergenceWatch {
  /**
   * Whether the weights that gave this loss are sound.
   * @throws AppError `diverged`
   */
  isSound(step: number, loss: number, learningRate: number): boolean;
}

/**
 * A loss counts as far above when it is three times the first one and more than 10 above it. Ten nats per label are e^10
 * times the perplexity; the factor is for losses of numbers, which may be large from the start.
 */
export function createDivergenceWatch(): DivergenceWatch {
  let first: number | undefined;
  let since = 0;
  let count = 0;
  return {
    isSound: (step, loss, learningRate) => {
      if (!Number.isFinite(loss)) throw notANumber(step, learningRate);
      first ??= loss;
      if (loss <= Math.max(3 * first, first + 10)) {
        count = 0;
        return true;
      }
      if (count === 0) since = step;
      count += 1;
      if (count >= patience) throw diverged(since, { loss, first }, learningRate);
      return false;
    },
  };
}

/** `step` 0 is before anything was trained. */
export function notANumber(step: number, learningRate: number): AppError {
  if (step === 0) {
    return new AppError(
      'base-loss-not-finite',
      'The loss of the model is not a number before anything is trained.',
      'Copy or download the model again, or choose another one.',
    );
  }
  return new AppError(
    'diverged',
    `Since step ${step} the loss is not a number. ${probably(learningRate)}`,
    remedy,
  );
}

function diverged(since: number, { loss, first }: { loss: number; first: number }, rate: number): AppError {
  const [now, before] = [loss, first].map((value) => Number(value.toPrecision(3)).toLocaleString('en-US'));
  return new AppError(
    'diverged',
    `Since step ${since} the loss is far above the first one: it is ${now}, and was ${before}. ${probably(rate)}`,
    remedy,
  );
}

const probably = (rate: number) => `The learning rate ${rate.toExponential(1)} is probably too high.`;

const remedy = 'Go on from the last checkpoint with a lower learning rate.';
