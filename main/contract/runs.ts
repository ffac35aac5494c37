// Runs: the recipe (every training setting), the plan made from it, and one execution with its metrics.
import { z } from 'zod';
import { LossUnit, QuantizedBase, ValidationMetric } from './losses.ts';
import { call, Id, Nothing, Time, WireError } from './wire.ts';

/** Numbers of single layers by the end of their name, such as `q_proj` or `layers.0.mlp.up_proj`. */
const byLayer = <Value extends z.ZodType<number>>(value: Value) =>
  z.record(z.string().min(1), value).default({});
const names = () => z.array(z.string().min(1)).default([]);

export const LoraSettings = z.object({
  rank: z.int().min(1).max(1024),
  alpha: z.number().positive(),
  dropout: z.number().min(0).max(0.9),
  /** `all-linear`, or names of linear layers such as `q_proj`. */
  targets: z.union([z.literal('all-linear'), z.array(z.string()).min(1)]),
  /** Scale alpha / sqrt(rank) instead of alpha / rank (Kalajdzievski 2023). */
  rslora: z.boolean(),
  /** Direction by LoRA, length by a vector of its own (DoRA, Liu et al. 2024). */
  dora: z.boolean().default(false),
  /** Learning rate of B as a multiple of that of A (LoRA+, Hayou et al. 2024). */
  plusRatio: z.number().positive().max(1024).default(1),
  /** Layers that `targets` would take but that get no adapter. */
  exclude: names(),
  /** Numbers of the layers that get adapters; empty = all. */
  layers: z.array(z.int().min(0)).default([]),
  rankPattern: byLayer(z.int().min(1).max(1024)),
  alphaPattern: byLayer(z.number().positive()),
  /** Biases that are trained too: of every layer, or of those with an adapter. */
  bias: z.enum(['none', 'all', 'lora_only']).default('none'),
  /** Modules that are trained whole and saved with the adapter, such as `lm_head`. */
  modulesToSave: names(),
});
export type LoraSettings = z.infer<typeof LoraSettings>;

const share = (usual: number) => z.number().min(0).lt(1).default(usual);
const epsilon = (usual: number) => z.number().positive().default(usual);
const adamSettings = { beta1: share(0.9), beta2: share(0.999), eps: epsilon(1e-8) };

/** Each kind with its usual values, in the order of the engine's registry. */
export const OptimizerSettings = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('sgd'),
    momentum: share(0.9),
    dampening: share(0),
    nesterov: z.boolean().default(false),
  }),
  z.object({ kind: z.literal('lion'), beta1: share(0.9), beta2: share(0.99) }),
  z.object({ kind: z.literal('adagrad'), eps: epsilon(1e-10), lrDecay: z.number().min(0).default(0) }),
  z.object({
    kind: z.literal('rmsprop'),
    alpha: share(0.99),
    eps: epsilon(1e-8),
    momentum: share(0),
    centered: z.boolean().default(false),
  }),
  z.object({ kind: z.literal('adam'), ...adamSettings }),
  z.object({ kind: z.literal('adamw'), ...adamSettings }),
  /** AdamW whose moments are kept in 8 bits (Dettmers et al. 2021). */
  z.object({ kind: z.literal('adamw8bit'), ...adamSettings }),
  z.object({ kind: z.literal('amsgrad'), ...adamSettings }),
  z.object({
    kind: z.literal('adafactor'),
    eps1: epsilon(1e-30),
    eps2: epsilon(1e-3),
    clipThreshold: z.number().positive().default(1),
    decayRate: z.number().negative().default(-0.8),
    /** Momentum on the updates; 0 = none. */
    beta1: share(0),
    scaleParameter: z.boolean().default(false),
    relativeStep: z.boolean().default(false),
    warmupInit: z.boolean().default(false),
  }),
  /** Momentum orthogonalised by Newton-Schulz for hidden matrices, AdamW for the rest (Jordan 2024). */
  z.object({
    kind: z.literal('muon'),
    momentum: share(0.95),
    ...adamSettings,
    /** Learning rate of the AdamW part, as a share of that of the matrices. */
    restShare: z.number().positive().default(1),
  }),
]);
export type OptimizerSettings = z.infer<typeof OptimizerSettings>;

export const ScheduleKind = z.enum([
  'constant',
  'linear',
  'cosine',
  'cosine_with_restarts',
  'polynomial',
  'inverse_sqrt',
  'cosine_with_min_lr',
  'cosine_warmup_with_min_lr',
  'warmup_stable_decay',
]);
export type ScheduleKind = z.infer<typeof ScheduleKind>;

const rateShape = z.enum(['linear', 'cosine', '1-sqrt']);
const usual = <Value extends z.ZodType>(value: Value) => value.nullable().default(null);

/** Numbers that only some schedules read; null = the usual value of that schedule. */
export const ScheduleDetails = z.object({
  /** Waves of a cosine: half ones for most, whole ones for restarts. */
  cycles: usual(z.number().positive()),
  /** Power of a polynomial. */
  power: usual(z.number().positive()),
  /** Lowest rate, as a share of the learning rate. */
  minimum: usual(z.number().min(0).max(1)),
  /** Rate of the first step, as a share of the learning rate. */
  warmupStart: usual(z.number().min(0).max(1)),
  /** Steps in which an inverse square root falls to 1 / sqrt(2). */
  timescale: usual(z.number().positive()),
  /** Steps of the fall at the end. */
  decaySteps: usual(z.int().min(0)),
  warmupShape: rateShape.default('linear'),
  decayShape: rateShape.default('cosine'),
});
export type ScheduleDetails = z.infer<typeof ScheduleDetails>;

/** Another run of the project whose weights are the first ones, instead of the base model's. */
export const StartFrom = z.object({ runId: Id, checkpoint: z.enum(['best', 'last']).default('best') });
export type StartFrom = z.infer<typeof StartFrom>;

/**
 * The complete training configuration, as the user sets it. Step counts are derived in the plan. Fields with a default
 * came later: recipes that lack them are read as they were meant.
 */
export const TrainSettings = z.object({
  version: z.literal(1),
  method: z.enum(['lora', 'full']),
  /** What an encoder learns; automatic = found from the answers. Models that write text do not read it. */
  task: z
    .enum(['automatic', 'one-label', 'several-labels', 'number', 'labelled-words', 'masked-words'])
    .default('automatic'),
  startFrom: StartFrom.nullable().default(null),
  lora: LoraSettings,
  /** Linear weights of the frozen base in blocks of few bits, under an adapter. */
  quantization: z.enum(['none', 'int8', 'int4', 'nf4']).default('none'),
  /** Full fine-tuning of this many last layers, and of the norm and output layer behind them; 0 = all. */
  lastLayers: z.int().min(0).default(0),
  /** Full fine-tuning leaves these as they are: parts of tensor names between dots, such as `embed_tokens`. */
  freeze: names(),
  optimizer: OptimizerSettings,
  learningRate: z.number().positive(),
  weightDecay: z.number().min(0),
  /** Also decays norms and biases. */
  decayEverything: z.boolean().default(false),
  /** Global gradient norm limit; 0 switches clipping off. */
  maxGradNorm: z.number().min(0),
  /** Norm that is limited: root of the sum of squares, sum of sizes, or largest size. */
  clipNorm: z.enum(['euclidean', 'sum', 'largest']).default('euclidean'),
  schedule: ScheduleKind,
  scheduleDetails: ScheduleDetails.prefault({}),
  warmupSteps: z.int().min(0),
  epochs: z.number().positive().max(1000),
  /** Records per update. Split into micro-batches by `microBatchTokens`. */
  batchSize: z.int().min(1).max(4096),
  /** Tokens (with padding) that one pass may hold; 0 = chosen by the plan. */
  microBatchTokens: z.int().min(0),
  /** Records longer than this are cut; 0 = the model's context length. */
  maxLength: z.int().min(0),
  /** What longer records lose: their end, or the beginning of the prompt, behind BOS and system message. */
  cut: z.enum(['end', 'prompt-start']).default('end'),
  packing: z.boolean(),
  /** Share of each target that is spread over the whole vocabulary. */
  labelSmoothing: z.number().min(0).lt(1).default(0),
  /** Noise on embeddings, uniform in +-alpha / sqrt(length * width) (NEFTune, Jain et al. 2023); 0 = none. */
  neftuneAlpha: z.number().min(0).default(0),
  recompute: z.enum(['off', 'selective', 'layer']),
  /** Type of the products of the model; what is trained, and all else, is float32. */
  precision: z.enum(['fp32', 'bf16', 'fp16']).default('fp32'),
  /** Steps between validations; 0 = about ten times a run. */
  evalEvery: z.int().min(0),
  /** What the best checkpoint is chosen by, and early stopping. */
  validationMetric: ValidationMetric.default('loss'),
  /** Stop after this many validations in a row without a gain; 0 = never. */
  patience: z.int().min(0),
  /** A gain is more than this, in the unit of the measure. */
  minimumGain: z.number().min(0).default(0),
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

/** One way to keep what the backward pass needs, with what it takes; the rest of the recipe stays as it is. */
export const MemoryPolicy = z.object({
  recompute: z.enum(['off', 'selective', 'layer']),
  peakBytes: z.int(),
  seconds: z.number(),
  verdict: z.enum(['fits', 'tight', 'too-large']),
});
export type MemoryPolicy = z.infer<typeof MemoryPolicy>;

/** The changes nearest to a recipe that is too large; lengths are cut only where nothing else is enough. */
export const MemoryRemedy = z.object({
  recompute: z.enum(['off', 'selective', 'layer']),
  microBatchTokens: z.int(),
  maxLength: z.int(),
  /** Whether records are cut shorter than the recipe says, which changes what is learned. */
  cuts: z.boolean(),
  peakBytes: z.int(),
});
export type MemoryRemedy = z.infer<typeof MemoryRemedy>;

export const Check = z.object({ state: z.enum(['passed', 'warning', 'failed']), sentence: z.string() });

export const Plan = z.object({
  steps: z.int(),
  stepsPerEpoch: z.int(),
  /** Read in all epochs together, and those of them that are learned. */
  tokens: z.int(),
  trainedTokens: z.int(),
  trainableParameters: z.int(),
  totalParameters: z.int(),
  seconds: z.number(),
  peakBytes: z.int(),
  memory: z.array(MemoryPart),
  availableBytes: z.int(),
  verdict: z.enum(['fits', 'tight', 'too-large']),
  /** Checkpoints and the base in few bits. */
  diskBytes: z.int(),
  /** Of `diskBytes`: the base in few bits, which later runs use too. */
  quantizedBytes: z.int().default(0),
  checks: z.array(Check),
  /** The learning rate at evenly spread steps, the first and the last among them; empty in plans from before. */
  learningRates: z.array(z.number()).default([]),
  /** Every policy of recomputation; empty in plans from before. */
  policies: z.array(MemoryPolicy).default([]),
  /** Unit of the losses of the run; plans from before were of models that write text. */
  lossUnit: LossUnit.default('nats per token'),
  /** For plans that are too large; null where nothing fits, or nothing is wanted. */
  nearest: MemoryRemedy.nullable().default(null),
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

/** What may be another when a run goes on. */
export const ResumeChanges = z
  .object({
    epochs: z.number().positive(),
    learningRate: z.number().positive(),
    patience: z.int().min(0),
  })
  .partial();
export type ResumeChanges = z.infer<typeof ResumeChanges>;

/** One update. `loss` is in the plan's `lossUnit`, before the update. */
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
  /** Over the whole validation split, in the plan's `lossUnit`. */
  loss: z.number(),
  tokens: z.int(),
  /** By the measure of the recipe. */
  best: z.boolean(),
  /** Value of that measure, where it is not the loss. */
  score: z.number().optional(),
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
  /** Of the best validation by the measure of the recipe. */
  validationLoss: z.number().nullable(),
  /** Value of that measure then, where it is not the loss. */
  validationScore: z.number().nullable().default(null),
  bestStep: z.int().nullable(),
  checkpointStep: z.int().nullable(),
  seconds: z.number(),
  peakBytes: z.int(),
  tokensPerSecond: z.number().nullable(),
  /** Null where the base is read as it is, and until it is measured. */
  quantizedBase: QuantizedBase.nullable().default(null),
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
  /** With changes also a run that is finished. They count from the last checkpoint on, with its optimizer state. */
  'runs.resume': call({ input: RunRef.extend({ changes: ResumeChanges.default({}) }), output: Run }),
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
