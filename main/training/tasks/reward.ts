// Reward models from preferences (Bradley and Terry 1952; Ouyang et al. 2022, https://arxiv.org/abs/2203.02155): of two
// answers the chosen one gets the higher score. loss = -log sigmoid(chosen - rejected - margin).
import type { BatchArrays } from '../trainer.ts';
import type { Task } from './task.ts';
import { layTexts, type Text } from './texts.ts';

/** The first half of the rows are chosen, the second half rejected. Inputs targets (margins) and weights [pairs]. */
export const reward: Task = {
  id: 'reward',
  label: 'The better of two answers',
  loss: ({ g, builder, result }) => {
    const scores = g.reshape(builder.logits(result, result.hidden), [-1]);
    const pairs = scores.shape[0] / 2;
    const margins = g.input('targets', [pairs]);
    const weights = g.input('weights', [pairs]);
    const lead = g.sub(g.slice(scores, 0, 0, pairs), g.slice(scores, 0, pairs, 2 * pairs));
    const x = g.sub(lead, margins);
    // -log sigmoid(x) = max(-x, 0) + log(1 + e^-|x|)
    const losses = g.add(g.relu(g.neg(x)), g.log(g.add(g.exp(g.neg(g.abs(x))), 1)));
    return { lossSum: g.reduceSum(g.mul(losses, weights), [0]), nll: losses };
  },
};

export interface PreferencePair {
  chosen: Text;
  rejected: Text;
  /** By how much the chosen answer has to lead; 0 unless given. */
  margin?: number;
}

export function preferenceBatch(
  pairs: readonly PreferencePair[],
  options: { width: number; padId: number },
): BatchArrays {
  const texts = [...pairs.map(({ chosen }) => chosen), ...pairs.map(({ rejected }) => rejected)];
  return {
    ...layTexts(texts, options),
    labelRows: new Int32Array(),
    labels: new Int32Array(),
    weights: new Float32Array(pairs.length).fill(1),
    targets: Float32Array.from(pairs, ({ margin }) => margin ?? 0),
  };
}
