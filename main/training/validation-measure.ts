// Which measures a validation can be judged by: the loss always, and for encoders those of their answers, which come with
// the loss from one pass. Text would have to be written first, which takes far longer than the loss.
import type { ValidationMetric } from '../contract/losses.ts';
import type { TrainSettings } from '../contract/runs.ts';
import type { Model } from '../models/load.ts';
import { problemOf, singleLabel, tokenLabels } from '../models/new-head.ts';
import { severalLabels } from './tasks/text-label-sets.ts';
import { numberProblem } from './tasks/text-numbers.ts';

/** By what an output layer says. */
const byProblem: Record<string, readonly ValidationMetric[]> = {
  [singleLabel]: ['accuracy', 'balanced-accuracy', 'f1-macro', 'f1-weighted', 'matthews', 'roc-auc'],
  [severalLabels]: ['label-sets', 'label-sets-f1-micro', 'label-sets-f1-macro'],
  [numberProblem]: ['mean-absolute-error', 'root-mean-squared-error', 'pearson', 'spearman'],
  [tokenLabels]: [
    'entities-f1',
    'entities-f1-macro',
    'entities-precision',
    'entities-recall',
    'word-accuracy',
  ],
};

/** Whether the outputs of a model for a text are few, so that losses can come with them. */
export const saysLabels = ({ objective }: Pick<Model, 'objective'>): boolean =>
  objective === 'classification' || objective === 'token-classification';

/** Measures for a model with the output layer that a run gives it. */
export function validationMetricsOf(model: Model): ValidationMetric[] {
  return ['loss', ...(saysLabels(model) ? (byProblem[problemOf(model)] ?? []) : [])];
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
