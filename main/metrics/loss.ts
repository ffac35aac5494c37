// Mean loss on the reference texts, weighted by token: (sum of nats) / (number of labels), whatever the
// batches were.
import { ratioMetric } from './metric.ts';

export const loss = ratioMetric(
  {
    id: 'loss',
    label: 'Loss on the reference',
    unit: 'nats per token',
    description: 'How surprised the model is by each token of the right answer, on average over all tokens.',
    betterWhen: 'lower',
    needs: 'logits',
  },
  ({ sum, tokens }) => ({ sum, count: tokens }),
);

/** Labels with this value are left out of every loss. */
export const ignoredLabel = -100;

/**
 * Loss of one row from its logits [positions, vocabulary]: the logits at position t are held against the
 * label at
 * t + 1, in float64. `hits` counts the labels that had the highest logit.
 */
export function lossFromLogits(
  logits: ArrayLike<number>,
  vocabulary: number,
  labels: ArrayLike<number>,
): { sum: number; tokens: number; hits: number } {
  let sum = 0;
  let tokens = 0;
  let hits = 0;
  for (let position = 0; position + 1 < labels.length; position += 1) {
    const label = labels[position + 1];
    if (label === ignoredLabel) continue;
    const start = position * vocabulary;
    let best = 0;
    for (let id = 1; id < vocabulary; id += 1) if (logits[start + id] > logits[start + best]) best = id;
    let total = 0;
    for (let id = 0; id < vocabulary; id += 1) total += Math.exp(logits[start + id] - logits[start + best]);
    sum += logits[start + best] + Math.log(total) - logits[start + label];
    tokens += 1;
    if (best === label) hits += 1;
  }
  return { sum, tokens, hits };
}
