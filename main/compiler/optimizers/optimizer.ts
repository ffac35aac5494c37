// What an optimizer is to the compiler: the arrays it keeps for each parameter, numbers that change with the
// step, and the ops of one update. The results are written over their inputs, so every one of them comes from
// an elementwise op that runs after all else that reads what it overwrites (verify.ts checks it). Files are
// ordered by growing complexity in index.ts.
import type { Graph, Value } from '../graph.ts';

/** A flat array of parameters that is updated as one. */
export interface PageShape {
  /** Elements. */
  size: number;
  /** [rows, columns] of a matrix that stands alone; undefined for flat pages. */
  matrix: readonly number[] | undefined;
}

export interface UpdateCall {
  g: Graph;
  parameter: Value;
  /** Already averaged and clipped. */
  gradient: Value;
  /** Those that this page keeps, in the order of `states`. */
  states: readonly Value[];
  /** Scalars by name: `lr`, and what `scalars` returns. */
  scalars: Readonly<Record<string, Value>>;
  /** Decoupled or coupled weight decay of this parameter; 0 = none. */
  weightDecay: number;
  matrix: readonly number[] | undefined;
}

export type StateType = 'float32' | 'uint8';

export interface Optimizer<Options> {
  /** Names of all state arrays. */
  states: readonly string[];
  /** Elements of a state for one page, 0 = it keeps none; as many as the page has, unless given. */
  stateSize?(state: string, page: PageShape, options: Options): number;
  /** Type of a state's elements; float32 unless given. */
  stateType?(state: string): StateType;
  /**
   * What has a page of its own, because the update looks at its shape or size: hidden matrices, or every
   * tensor.
   */
  alone: 'nothing' | 'matrices' | 'tensors';
  /** Numbers of update `step`, counted from 1. */
  scalars(options: Options, step: number): Record<string, number>;
  /** `states` in the order of those that came. */
  update(call: UpdateCall, options: Options): { parameter: Value; states: Value[] };
}

/** parameter (1 - lr decay) */
export function decoupledDecay({ g, parameter, scalars, weightDecay }: UpdateCall): Value {
  if (weightDecay === 0) return parameter;
  return g.mul(parameter, g.sub(g.scalar(1), g.mul(scalars.lr, weightDecay)));
}

/** gradient + decay parameter: L2 regularisation. */
export function coupledDecay({ g, parameter, gradient, weightDecay }: UpdateCall): Value {
  return weightDecay === 0 ? gradient : g.add(gradient, g.mul(parameter, weightDecay));
}
