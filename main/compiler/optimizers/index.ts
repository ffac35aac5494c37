// The registry of optimizers, by the `kind` of a recipe's optimizer settings.
import { adafactor } from './adafactor.ts';
import { adagrad } from './adagrad.ts';
import { adam } from './adam.ts';
import { adamw } from './adamw.ts';
import { adamw8 } from './adamw8.ts';
import { amsgrad } from './amsgrad.ts';
import { lion } from './lion.ts';
import { muon } from './muon.ts';
import type { Optimizer, PageShape, StateType } from './optimizer.ts';
import { rmsprop } from './rmsprop.ts';
import { sgd } from './sgd.ts';

export const optimizers = {
  sgd,
  lion,
  adagrad,
  rmsprop,
  adam,
  adamw,
  adamw8bit: adamw8,
  amsgrad,
  adafactor,
  muon,
} satisfies Record<string, Optimizer<never>>;

export type OptimizerKind = keyof typeof optimizers;

/** Options of each kind, as the optimizer's own file defines them. */
export type OptimizerChoice = {
  [Kind in OptimizerKind]: { kind: Kind } & ((typeof optimizers)[Kind] extends Optimizer<infer Options>
    ? Options
    : never);
}[OptimizerKind];

export function optimizerOf(choice: OptimizerChoice): Optimizer<OptimizerChoice> {
  return optimizers[choice.kind] as Optimizer<never> as Optimizer<OptimizerChoice>;
}

/** Elements of a state for one page; 0 = it keeps none. */
export function stateSize(choice: OptimizerChoice, state: string, page: PageShape): number {
  return optimizerOf(choice).stateSize?.(state, page, choice) ?? page.size;
}

/** Type of a state's elements. */
export function stateType(choice: OptimizerChoice, state: string): StateType {
  return optimizerOf(choice).stateType?.(state) ?? 'float32';
}

/** Size of all states of all pages, in numbers of 4 bytes: four elements of 8 bits count as one. */
export function stateElements(choice: OptimizerChoice, pages: readonly PageShape[]): number {
  const { states } = optimizerOf(choice);
  const sizeIn4Bytes = (state: string, page: PageShape) =>
    stateSize(choice, state, page) * (stateType(choice, state) === 'uint8' ? 1 / 4 : 1);
  return pages.reduce(
    (sum, page) => sum + states.reduce((own, state) => own + sizeIn4Bytes(state, page), 0),
    0,
  );
}
