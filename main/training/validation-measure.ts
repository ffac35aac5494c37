// Which measures a validation can be judged by: the loss always, and for classifiers of texts those of their answers, which
// come with the loss from one pass. Text would have to be written first, which takes far longer than the loss.
import { ValidationMetric } from '../contract/losses.ts';
import type { TrainSettings } from '../contract/runs.ts';
import type { Model } from '../models/load.ts';
import { taskTypeOf } from './tasks/index.ts';

/** Measures for a model with the output layer that a run gives it. */
export function validationMetricsOf(model: Model): ValidationMetric[] {
  if (model.objective !== 'classification') return ['loss'];
  const measures: readonly string[] = taskTypeOf(model).measures ?? [];
  return ValidationMetric.options.filter((metric) => metric === 'loss' || measures.includes(metric));
}

/** Why a recipe's measure does not suit what the model learns, in a sentence; undefined where it does. */
export function measureFault(
  { validationMetric }: Pick<TrainSettings, 'validationMetric'>,
  model: Model,
): string | undefined {
  const known = validationMetricsOf(model);
  if (known.includes(validationMetric)) return undefined;
  const others = known.length === 1 ? 'the loss only' : `one of: ${known.join(', ')}`;
  return `Validations cannot be judged by "${validationMetric}": what this run learns is judged by ${others}.`;
}
