// In what a run counts its loss, by what its model learns.
import type { LossUnit } from '../contract/losses.ts';
import type { Model } from '../models/load.ts';
import { taskTypeOf } from './tasks/index.ts';
import type { TaskType } from './tasks/task-type.ts';

const byKind = {
  CAUSAL_LM: 'nats per token',
  SEQ_2_SEQ_LM: 'nats per token',
  MASKED_LM: 'nats per masked token',
  TOKEN_CLS: 'nats per word',
  SEQ_CLS: 'nats per record',
} satisfies Record<TaskType['id'] | 'TOKEN_CLS', LossUnit>;

/** Losses with a unit of their own, whatever the kind. */
const byLoss: Partial<Record<string, LossUnit>> = {
  'multi-label': 'nats per label',
  regression: 'squared error',
};

/** The unit of the losses of a run that trains this prepared model. */
export function lossUnitOf(model: Model): LossUnit {
  const { id, loss } = taskTypeOf(model);
  return byLoss[loss.id] ?? byKind[id];
}
