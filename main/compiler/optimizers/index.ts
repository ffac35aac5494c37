// The registry of optimizers, by the `kind` of a recipe's optimizer settings.
import { adamw } from './adamw.ts';
import { muon } from './muon.ts';
import type { Optimizer } from './optimizer.ts';
import { sgd } from './sgd.ts';

export const optimizers = { adamw, sgd, muon } satisfies Record<string, Optimizer<never>>;

export type OptimizerKind = keyof typeof optimizers;

/** Options of each kind, as the optimizer's own file defines them. */
export type OptimizerChoice = {
  [Kind in OptimizerKind]: { kind: Kind } & ((typeof optimizers)[Kind] extends Optimizer<infer Options> ? Options : never);
}[OptimizerKind];

export function optimizerOf(choice: OptimizerChoice): Optimizer<OptimizerChoice> {
  return optimizers[choice.kind] as Optimizer<never> as Optimizer<OptimizerChoice>;
}
