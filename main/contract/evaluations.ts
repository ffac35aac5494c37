// Evaluations: measurements of base and tuned model on one dataset version, stored with every prediction.
import { z } from 'zod';
import { SamplingOptions } from './chat.ts';
import { Split } from './datasets.ts';
import { call, Id, Page, Time, WireError } from './wire.ts';

export const Interval = z.object({ value: z.number(), low: z.number(), high: z.number() });

export const MetricResult = z.object({
  metricId: z.string(),
  label: z.string(),
  unit: z.string(),
  description: z.string(),
  betterWhen: z.enum(['higher', 'lower']),
  count: z.int(),
  base: Interval,
  tuned: Interval,
  difference: Interval,
  verdict: z.enum(['better', 'worse', 'no-clear-change']),
});
export type MetricResult = z.infer<typeof MetricResult>;

export const Prediction = z.object({
  recordId: Id,
  prompt: z.string(),
  reference: z.string(),
  place: z.string(),
  base: z.object({ output: z.string(), lossSum: z.number(), lossTokens: z.int(), stopped: z.boolean() }),
  tuned: z.object({ output: z.string(), lossSum: z.number(), lossTokens: z.int(), stopped: z.boolean() }),
  /** Per-record scores of the tuned model by metric id. */
  scores: z.record(z.string(), z.number()),
});
export type Prediction = z.infer<typeof Prediction>;

export const Evaluation = z.object({
  id: Id,
  projectId: Id,
  runId: Id,
  versionId: Id,
  split: Split,
  state: z.enum(['queued', 'running', 'finished', 'failed', 'cancelled']),
  jobId: Id.nullable(),
  records: z.int(),
  done: z.int(),
  results: z.array(MetricResult),
  /** One sentence: "Run 7 is better than the base on 3 of 4 measures." */
  verdict: z.string().nullable(),
  leaks: z.int(),
  settings: z.record(z.string(), z.unknown()),
  seconds: z.number(),
  error: WireError.nullable(),
  createdAt: Time,
});
export type Evaluation = z.infer<typeof Evaluation>;

const EvaluationRef = z.object({ projectId: Id, evaluationId: Id });

export const evaluations = {
  'evaluations.start': call({
    input: z.object({
      projectId: Id,
      runId: Id,
      split: Split.default('test'),
      /** Records measured; 0 = all. */
      limit: z.int().min(0).default(0),
      metricIds: z.array(z.string()).default([]),
      maxNewTokens: z.int().min(1).max(4096).default(128),
      /** As in chat: encoder-decoders only, 1 = token by token. */
      beams: SamplingOptions.shape.beams,
      lengthPenalty: SamplingOptions.shape.lengthPenalty,
    }),
    output: Evaluation,
  }),
  'evaluations.list': call({
    input: z.object({ projectId: Id, runId: Id.nullable().default(null) }),
    output: z.array(Evaluation),
  }),
  'evaluations.get': call({ input: EvaluationRef, output: Evaluation }),
  'evaluations.predictions': call({
    input: EvaluationRef.extend({
      sort: z.enum(['worst', 'best', 'most-improved', 'order']).default('worst'),
      metricId: z.string().nullable().default(null),
      ...Page,
    }),
    output: z.object({ predictions: z.array(Prediction), total: z.int() }),
  }),
};
