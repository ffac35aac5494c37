// What an optimizer is to the compiler: the arrays it keeps for each parameter, numbers that change with the step, and
// the ops of one update. Every op of an update is elementwise in the parameter (or a matrix product on its way), and the
// results are written over their inputs.
import type { Graph, Value } from '../graph.ts';

export interface UpdateCall {
  g: Graph;
  parameter: Value;
  /** Already averaged and clipped. */
  gradient: Value;
  /** In the order of `states`. */
  states: readonly Value[];
  /** Scalars by name: `lr`, and what `scalars` returns. */
  scalars: Readonly<Record<string, Value>>;
  /** Decoupled or coupled weight decay of this parameter; 0 = none. */
  weightDecay: number;
  /** [rows, columns] of a matrix that stands alone; undefined for flat pages. */
  matrix: readonly number[] | undefined;
}

export interface Optimizer<Options> {
  /** State arrays, each as large as the parameter. */
  states: readonly string[];
  /** Whether matrices have to stand alone, because the update looks at their shape. */
  wholeMatrices: boolean;
  /** Numbers of update `step`, counted from 1. */
  scalars(options: Options, step: number): Record<string, number>;
  update(call: UpdateCall, options: Options): { parameter: Value; states: Value[] };
}
