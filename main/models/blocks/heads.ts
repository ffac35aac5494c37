// What stands on top of a model: the class in config.json names what its output layer predicts. Shared by all families
// whose checkpoints come with several heads.
import { z } from 'zod';
import type { Value } from '../../compiler/graph.ts';
import type { ForwardResult, Objective } from '../architecture.ts';
import type { ModelBuilder } from '../builder.ts';

/** Names of the labels by their numbers; a name may be a number too. */
export const IdToLabel = z.record(z.string(), z.union([z.string(), z.number().transform(String)]));

/** Fields of config.json that tell of the head. */
export const headFields = {
  architectures: z.array(z.string()).nullish(),
  num_labels: z.int().positive().nullish(),
  id2label: IdToLabel.nullish(),
};

export interface HeadConfig {
  architectures?: readonly string[] | null;
  num_labels?: number | null;
  id2label?: Readonly<Record<string, string>> | null;
}

const endings: readonly [RegExp, Objective][] = [
  [/ForSequenceClassification$/, 'classification'],
  [/ForTokenClassification$/, 'token-classification'],
  [/ForMaskedLM$|ForPreTraining$/, 'masked-lm'],
];

/** What the class named in `architectures` predicts; `otherwise` where it names none of these. */
export function objectiveOf(config: HeadConfig, otherwise: Objective): Objective {
  const name = config.architectures?.[0] ?? '';
  return endings.find(([ending]) => ending.test(name))?.[1] ?? otherwise;
}

/** Outputs of a classifier: 2 unless told otherwise, as in transformers. */
export function labelCount(config: HeadConfig): number {
  const named = Object.keys(config.id2label ?? {}).length;
  return config.num_labels ?? (named > 0 ? named : 2);
}

/** First place of each row: rows [batch * width, hidden] -> [batch, hidden]. */
export function firstPlaces(b: ModelBuilder, rows: Value): Value {
  const starts = Int32Array.from({ length: b.batch }, (_, row) => row * b.width);
  return b.g.gather(rows, b.g.constant(starts, [b.batch]));
}

/** The classifier of a decoder: `score`, without a bias, reads the last token of each row. */
export function lastPlaces(b: ModelBuilder, rows: Value): ForwardResult {
  return { hidden: b.g.gather(rows, b.input('ends')), head: { module: 'score', weight: 'score.weight' } };
}

/** A linear output layer with weight and bias of its own. */
export function linearHead(hidden: Value, module: string): ForwardResult {
  return { hidden, head: { module, weight: `${module}.weight`, bias: `${module}.bias` } };
}
