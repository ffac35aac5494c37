// Runs: the recipe (every training setting), the plan made from it, and one execution with its metrics.
import { z } from 'zod';
import { call, Id, Nothing, Time, WireError } from './wire.ts';

export const LoraSettings = z.object({
  rank: z.int().min(1).max(1024),
  alpha: z.number().positive(),
  dropout: z.number().min(0).max(0.9),
  /** `all-linear`, or names of linear layers such as `q_proj`. */
  targets: z.union([z.literal('all-linear'), z.array(z.string()).min(1)]),
  /** Scale alpha / sqrt(rank) instead of alpha / rank (Kalajdzievski 2023). */
  rslora: z.boolean(),
});
export type LoraSettings = z.infer<typeof LoraSettings>;

export const OptimizerSettings = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('adamw'),
    beta1: z.number().min(0).lt(1),
    beta2: z.number().min(0).lt(1),
    eps: z.number().positive(),
  }),
  z.object({ kind: z.literal('sgd'), momentum: z.number().min(0).lt(1), nesterov: z.boolean() }),
  /** Momentum orthogonalised by Newton-Schulz for hidden matrices, AdamW for the rest (Jordan 2024). */
  z.object({
    kind: z.literal('muon'),
    momentum: z.number().min(0).lt(1),
    beta1: z.number().min(0).lt(1),
    beta2: z.number().min(0).lt(1),
    eps: z.number().positive(),
  }),
]);
export type OptimizerSettings = z.infer<typeof OptimizerSettings>;

/** The complete training configuration, as the user sets it. Step counts are derived in the plan. */
export const TrainSettings = z.object({
  version: z.literal(1),
  method: z.enum(['lora', 'full']),
  lora: LoraSettings,
  optimizer: OptimizerSettings,
  learningRate: z.number().positive(),
  weightDecay: z.number().min(0),
  /** Global gradient norm limit; 0 switches clipping off. */
  maxGradNorm: z.number().min(0),
  schedule: z.enum(['constant', 'linear', 'cosine']),
  warmupSteps: z.int().min(0),
  epochs: z.number().positive().max(1000),
  /** Records per update. Split into micro-batches by `microBatchTokens`. */
  batchSize: z.int().min(1).max(4096),
  /** Tokens (with padding) that one pass may hold; 0 = chosen by the plan. */
  microBatchTokens: z.int().min(0),
  /** Records longer than this are cut; 0 = the model's context length. */
  maxLength: z.int().min(0),
  packing: z.boolean(),
  recompute: z.enum(['off', 'selective', 'layer']),
  /** Steps between validations; 0 = about ten times a run. */
  evalEvery: z.int().min(0),
  /** Stop after this many validations without a better loss; 0 = never. */
  patience: z.int().min(0),
  checkpointEvery: z.int().min(0),
  samplePrompts: z.array(z.string()).max(8),
  threads: z.int().min(0),
  provider: z.enum(['cpu', 'webgpu', 'cuda', 'dml']),
  seed: z.int().min(0),
});
export type TrainSettings = z.infer<typeof TrainSettings>;

export const Recipe = z.object({
  projectId: Id,
  name: z.string().trim().min(1).max(120),
  versionId: Id,
  modelId: Id,
  settings: TrainSettings,
  thenEvaluate: z.boolean().default(true),
});
export type Recipe = z.infer<typeof Recipe>;

export const MemoryPart = z.object({ name: z.string(), bytes: z.int() });

export const Check = z.object({ state: z.enum(['passed', 'warning', 'failed']), sentence: z.string() });

export const Plan = z.object({
  steps: z.int(),
  stepsPerEpoch: z.int(),
  tokens: z.int(),
  trainedTokens: z.int(),
  trainableParameters: z.int(),
  totalParameters: z.int(),
  seconds: z.number(),
  /** Whether `seconds` and `peakBytes` were measured by trial steps, or predicted. */
  basis: z.enum(['predicted', 'measured']),
  peakBytes: z.int(),
  memory: z.array(MemoryPart),
  availableBytes: z.int(),
  verdict: z.enum(['fits', 'tight', 'too-large']),
  diskBytes: z.int(),
  checks: z.array(Check),
});
export type Plan = z.infer<typeof Plan>;

export const Preset = z.object({
  id: z.string(),
  label: z.string(),
  description: z.string(),
  suggested: z.boolean(),
  settings: TrainSettings,
});
export type Preset = z.infer<typeof Preset>;

/** One update. `loss` is nats per trained token, before the update. */
export const MetricPoint = z.object({
  step: z.int(),
  epoch: z.number(),
  loss: z.number(),
  learningRate: z.number(),
  gradNorm: z.number(),
  /** Tokens without padding per second, this step. */
  tokensPerSecond: z.number(),
  residentBytes: z.number(),
  secondsLeft: z.number().nullable(),
  time: Time,
});
export type MetricPoint = z.infer<typeof MetricPoint>;

export const ValidationPoint = z.object({
  step: z.int(),
  /** Nats per trained token over the whole validation split. */
  loss: z.number(),
  tokens: z.int(),
  best: z.boolean(),
});
export type ValidationPoint = z.infer<typeof ValidationPoint>;

export const SamplePoint = z.object({
  step: z.int(),
  prompt: z.string(),
  output: z.string(),
  reference: z.string().nullable(),
});
export type SamplePoint = z.infer<typeof SamplePoint>;

export const RunState = z.enum([
  'queued',
  'compiling',
  'running',
  'paused',
  'stopping',
  'stopped',
  'finished',
  'failed',
  'interrupted',
]);

export const Run = z.object({
  id: Id,
  projectId: Id,
  number: z.int(),
  name: z.string(),
  recipe: Recipe,
  state: RunState,
  jobId: Id.nullable(),
  plan: Plan.nullable(),
  step: z.int(),
  steps: z.int(),
  trainLoss: z.number().nullable(),
  validationLoss: z.number().nullable(),
  bestStep: z.int().nullable(),
  checkpointStep: z.int().nullable(),
  seconds: z.number(),
  peakBytes: z.int(),
  tokensPerSecond: z.number().nullable(),
  /** Versions of data, model, app, runtime and device. */
  lineage: z.record(z.string(), z.string()),
  error: WireError.nullable(),
  messages: z.array(z.object({ time: Time, level: z.enum(['info', 'warning']), sentence: z.string() })),
  createdAt: Time,
  startedAt: Time.nullable(),
  endedAt: Time.nullable(),
  deletedAt: Time.nullable(),
});
export type Run = z.infer<typeof Run>;

const RunRef = z.object({ projectId: Id, runId: Id });

export const runs = {
  'runs.presets': call({
    input: z.object({ projectId: Id, versionId: Id, modelId: Id }),
    output: z.array(Preset),
  }),
  'runs.plan': call({ input: Recipe, output: Plan }),
  'runs.start': call({ input: Recipe, output: Run }),
  'runs.pause': call({ input: RunRef, output: Run }),
  'runs.resume': call({ input: RunRef, output: Run }),
  /** Saves a checkpoint, keeps the best, and ends. */
  'runs.stop': call({ input: RunRef, output: Run }),
  'runs.list': call({
    input: z.object({ projectId: Id, trash: z.boolean().default(false) }),
    output: z.array(Run),
  }),
  'runs.get': call({ input: RunRef, output: Run }),
  /** All points after a step, at most `points` of them: minimum and maximum of each bucket survive. */
  'runs.metrics': call({
    input: RunRef.extend({ afterStep: z.int().default(-1), points: z.int().min(10).max(5000).default(1000) }),
    output: z.object({
      train: z.array(MetricPoint),
      validation: z.array(ValidationPoint),
      samples: z.array(SamplePoint),
    }),
  }),
  'runs.rename': call({ input: RunRef.extend({ name: z.string().trim().min(1).max(120) }), output: Run }),
  'runs.delete': call({ input: RunRef, output: Nothing }),
  'runs.restore': call({ input: RunRef, output: Run }),
};
