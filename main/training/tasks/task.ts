// What is learned from a batch: the loss on top of a model, and the inputs that it declares. Losses are sums; the trainer
// divides by the weights of a whole update.
import type { Graph, Value } from '../../compiler/graph.ts';
import type { ForwardResult } from '../../models/architecture.ts';
import type { ModelBuilder } from '../../models/builder.ts';

export interface LossCall {
  g: Graph;
  builder: ModelBuilder;
  result: ForwardResult;
  /** Labelled rows, padded. */
  labels: number;
  labelSmoothing: number;
  /** False builds no gradient (validation). */
  differentiable: boolean;
}

export interface Loss {
  /** Sum of weight * loss, a scalar. */
  lossSum: Value;
  /** Loss of each label, without its weight. */
  nll: Value;
}

/** A loss. Registered in `index.ts`. */
export interface Task {
  id: string;
  label: string;
  /** `problem_type` of a classifier's config.json that asks for it. */
  problemType?: string;
  loss(call: LossCall): Loss;
}
