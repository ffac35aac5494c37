// What is measured on records before and while a run learns: units of losses, and what a base in few bits costs.
import { z } from 'zod';

/** What a loss counts, and per what it is averaged. */
export const LossUnit = z.enum([
  'nats per token',
  'nats per masked token',
  'nats per word',
  'nats per record',
  'nats per label',
  'squared error',
]);
export type LossUnit = z.infer<typeof LossUnit>;

/** A base in few bits: what it saves, and what it alone costs, before anything is learned. */
export const QuantizedBase = z.object({
  kind: z.enum(['int8', 'int4', 'nf4']),
  originalBytes: z.int(),
  bytes: z.int(),
  /** Mean losses of the same validation records; null where they were not measured. */
  cost: z
    .object({
      unit: LossUnit,
      original: z.number(),
      quantized: z.number(),
      /** What the means are over. */
      labels: z.int(),
      /** Validation records that were measured, and how many there are. */
      records: z.int(),
      of: z.int(),
    })
    .nullable(),
  /** All of it in one line. */
  sentence: z.string(),
});
export type QuantizedBase = z.infer<typeof QuantizedBase>;

/**
 * What validations are judged by: the loss, or a measure of the answers of a classifier or of labelled words, which come
 * with it. The names are those of evaluations.
 */
export const ValidationMetric = z.enum([
  'loss',
  'accuracy',
  'balanced-accuracy',
  'f1-macro',
  'f1-weighted',
  'matthews',
  'roc-auc',
  'label-sets',
  'label-sets-f1-micro',
  'label-sets-f1-macro',
  'mean-absolute-error',
  'root-mean-squared-error',
  'pearson',
  'spearman',
  'entities-f1',
  'entities-f1-macro',
  'entities-precision',
  'entities-recall',
  'word-accuracy',
]);
export type ValidationMetric = z.infer<typeof ValidationMetric>;
