// Classifiers of whole texts: batches for one label of many (cross-entropy, with weights of classes), and the losses for
// several labels at once and for numbers. Knows no tokenizer.
import type { Graph, Value } from '../../compiler/graph.ts';
import type { BatchArrays } from '../trainer.ts';
import type { Loss, LossCall, Task } from './task.ts';
import { layTexts, type Text } from './texts.ts';

/** Sum over all elements of weight * loss; inputs targets and weights [rows, outputs]. */
function elementwise(
  { g, builder, result }: LossCall,
  lossOf: (g: Graph, logits: Value, targets: Value) => Value,
): Loss {
  const logits = builder.logits(result, result.hidden); // [rows, outputs]
  const targets = g.input('targets', logits.shape);
  const weights = g.input('weights', logits.shape);
  const losses = lossOf(g, logits, targets);
  return { lossSum: g.reduceSum(g.mul(losses, weights), [0, 1]), nll: g.reshape(losses, [-1]) };
}

/** Each label is true or false on its own: binary cross-entropy, max(z, 0) - z y + log(1 + e^-|z|). */
export const multiLabel: Task = {
  id: 'multi-label',
  label: 'Any number of labels',
  problemType: 'multi_label_classification',
  loss: (call) =>
    elementwise(call, (g, z, y) => {
      const rest = g.log(g.add(g.exp(g.neg(g.abs(z))), 1));
      return g.add(g.sub(g.relu(z), g.mul(z, y)), rest);
    }),
};

/** Numbers: squared error. */
export const regression: Task = {
  id: 'regression',
  label: 'A number',
  problemType: 'regression',
  loss: (call) =>
    elementwise(call, (g, z, y) => {
      const difference = g.sub(z, y);
      return g.mul(difference, difference);
    }),
};

/** A batch in which each text has one class; `classWeights` make some classes count more. */
export function classBatch(
  texts: readonly (Text & { label: number })[],
  options: { width: number; padId: number; classWeights?: readonly number[] },
): BatchArrays {
  const labels = Int32Array.from(texts, ({ label }) => label);
  return {
    ...layTexts(texts, options),
    labelRows: Int32Array.from(texts, (_, row) => row),
    labels,
    weights: Float32Array.from(labels, (label) => options.classWeights?.[label] ?? 1),
  };
}

/** A batch in which each text has a number per output: 0 or 1 for labels, the number itself in a regression. */
export function targetBatch(
  texts: readonly (Text & { targets: readonly number[] })[],
  options: { width: number; padId: number },
): BatchArrays {
  const targets = Float32Array.from(texts.flatMap((text) => text.targets));
  return {
    ...layTexts(texts, options),
    labelRows: new Int32Array(),
    labels: new Int32Array(),
    weights: new Float32Array(targets.length).fill(1),
    targets,
  };
}
