// Kinds of controls that fields of groups.ts have, and what the choices of the rarer ones are called.
import type { TrainSettings } from '../../../main/contract/runs.ts';

export interface Choice {
  value: string;
  label: string;
}

export type FieldKind =
  | { type: 'integer' | 'number' | 'scientific' }
  | { type: 'switch' }
  /** `devices`: only those that this computer has are offered. */
  | { type: 'choice'; choices: Choice[]; devices?: boolean }
  | { type: 'targets' }
  | { type: 'prompts' }
  /** Another run of the project, or null for the base model. */
  | { type: 'run' }
  /** Names, numbers of layers, or numbers by name, written as one line (texts.ts). */
  | { type: 'names' | 'layers' | 'numbersByName'; example: string };

export const BIAS_LABELS = {
  none: 'None',
  all: 'Of every layer',
  lora_only: 'Of layers with an adapter',
} as const;
export const CHECKPOINT_LABELS = { best: 'Best', last: 'Last' } as const;
export const NORM_LABELS = {
  euclidean: 'Euclidean length',
  sum: 'Sum of sizes',
  largest: 'Largest size',
} as const;
export const SHAPE_LABELS = { linear: 'Line', cosine: 'Cosine', '1-sqrt': '1 - square root' } as const;
export const CUT_LABELS = {
  end: 'The end',
  'prompt-start': 'The beginning of the prompt',
} as const satisfies Record<TrainSettings['cut'], string>;

export const MEASURE_LABELS = {
  loss: 'Loss',
  accuracy: 'Right labels (accuracy)',
  'balanced-accuracy': 'Right labels, labels alike',
  'f1-macro': 'Labels alike (macro F1)',
  'f1-weighted': 'Labels by frequency (weighted F1)',
  matthews: 'Agreement of labels (Matthews)',
  'roc-auc': 'Order of the scores (ROC AUC)',
  'label-sets': 'All labels right',
  'label-sets-f1-micro': 'Labels of sets (micro F1)',
  'label-sets-f1-macro': 'Labels of sets (macro F1)',
  'mean-absolute-error': 'Mean absolute error',
  'root-mean-squared-error': 'Mean squared error, its root',
  pearson: 'Pearson correlation',
  spearman: 'Spearman correlation',
  'entities-f1': 'Labelled words (entity F1)',
  'entities-f1-macro': 'Labelled words, labels alike',
  'entities-precision': 'Given labels that are right',
  'entities-recall': 'Right labels that are found',
  'word-accuracy': 'Words with the right tag',
} as const satisfies Record<TrainSettings['validationMetric'], string>;

const choicesOf = (labels: Record<string, string>): Choice[] =>
  Object.entries(labels).map(([value, label]) => ({ value, label }));

export const choices = (labels: Record<string, string>): FieldKind => ({
  type: 'choice',
  choices: choicesOf(labels),
});
/** Only those that this computer has are offered. */
export const devicesOf = (labels: Record<string, string>): FieldKind => ({
  type: 'choice',
  choices: choicesOf(labels),
  devices: true,
});
export const integer: FieldKind = { type: 'integer' };
export const number: FieldKind = { type: 'number' };
export const scientific: FieldKind = { type: 'scientific' };
export const toggle: FieldKind = { type: 'switch' };
export const names = (example: string): FieldKind => ({ type: 'names', example });
export const byName = (example: string): FieldKind => ({ type: 'numbersByName', example });
