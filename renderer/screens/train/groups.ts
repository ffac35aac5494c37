// Every field of TrainSettings as the "All settings" panel shows it: group, kind, choices and when it counts.
// Labels, units and help come from settings.capabilities; this file only knows the order and the kind of control.
import type { BaseModel } from '../../../main/contract/models.ts';
import { LoraSettings, OptimizerSettings, type TrainSettings } from '../../../main/contract/runs.ts';
import {
  BIAS_LABELS,
  byName,
  CHECKPOINT_LABELS,
  CUT_LABELS,
  choices,
  devicesOf,
  type FieldKind,
  integer,
  MEASURE_LABELS,
  NORM_LABELS,
  names,
  number,
  SHAPE_LABELS,
  scientific,
  toggle,
} from './controls.ts';

export interface Field {
  /** Path in TrainSettings, such as `lora.rank`. */
  path: string;
  /** Shown until the backend's own label has arrived. */
  label: string;
  kind: FieldKind;
  /** What 0 stands for, where 0 is not a number of anything. */
  zero?: string;
  /** What an empty field stands for, where it may be empty. */
  empty?: string;
  /** The field has no effect while this is false, and is hidden. */
  when?: (settings: TrainSettings) => boolean;
  /** Kinds of models whose runs read the field; absent = all. For the others it is hidden. */
  tasks?: readonly BaseModel['task'][];
  /** Shown for every kind of model while this is true: its value would stop the run. */
  stays?: (settings: TrainSettings) => boolean;
}

export interface Group {
  id: string;
  label: string;
  fields: Field[];
  /** What stands at the right of a closed group. */
  summary: (settings: TrainSettings, task: BaseModel['task']) => string;
}

type Kind = OptimizerSettings['kind'];

export const METHOD_LABELS = { lora: 'LoRA', full: 'Full fine-tuning' } as const;
export const TASK_LABELS = {
  automatic: 'Automatic',
  'one-label': 'One label',
  'several-labels': 'Several labels',
  number: 'A number',
  'labelled-words': 'Labels of words',
  'masked-words': 'Masked words',
} as const satisfies Record<TrainSettings['task'], string>;
export const OPTIMIZER_LABELS = {
  adamw: 'AdamW',
  adamw8bit: 'AdamW, states in 8 bits',
  adam: 'Adam',
  amsgrad: 'AMSGrad',
  adafactor: 'Adafactor',
  lion: 'Lion',
  muon: 'Muon',
  sgd: 'SGD',
  rmsprop: 'RMSprop',
  adagrad: 'Adagrad',
} as const satisfies Record<Kind, string>;
export const SCHEDULE_LABELS = {
  constant: 'Constant',
  linear: 'Linear to 0',
  cosine: 'Cosine to 0',
  cosine_with_restarts: 'Cosine with restarts',
  polynomial: 'Polynomial',
  inverse_sqrt: 'Inverse square root',
  cosine_with_min_lr: 'Cosine to a lowest rate',
  cosine_warmup_with_min_lr: 'Cosine to a lowest rate, from a first rate',
  warmup_stable_decay: 'Rise, stay, fall',
} as const satisfies Record<TrainSettings['schedule'], string>;
export const PRECISION_LABELS = {
  fp32: 'float32',
  bf16: 'bfloat16',
  fp16: 'float16 with loss scaling',
} as const satisfies Record<TrainSettings['precision'], string>;

export const RECOMPUTE_LABELS = {
  off: 'Keep all values',
  selective: 'Compute some twice',
  layer: 'Compute layers twice',
} as const;
export const QUANTIZATION_LABELS = {
  none: 'No',
  int8: '8 bits',
  int4: '4 bits',
  nf4: '4 bits (NF4)',
} as const satisfies Record<TrainSettings['quantization'], string>;
export const PROVIDER_LABELS = { cpu: 'Processor', webgpu: 'WebGPU', cuda: 'CUDA', dml: 'DirectML' } as const;

/** Usual values of each optimizer, for when the user changes to it. */
export const OPTIMIZER_DEFAULTS = Object.fromEntries(
  Object.keys(OPTIMIZER_LABELS).map((kind) => [kind, OptimizerSettings.parse({ kind })]),
) as Record<Kind, OptimizerSettings>;

const usualLora = LoraSettings.parse({ rank: 1, alpha: 1, dropout: 0, targets: 'all-linear', rslora: false });
const rareLora = [
  'plusRatio',
  'layers',
  'exclude',
  'rankPattern',
  'alphaPattern',
  'bias',
  'modulesToSave',
] as const;

/** Several records share a row only where each token is predicted from those before it. */
export const PACKING_TASKS: readonly BaseModel['task'][] = ['causal'];
/** A record is a prompt with its answer only for models that go on with a text. */
export const CUT_TASKS: readonly BaseModel['task'][] = ['causal'];
/** Noise on embeddings is not defined for the two texts of an encoder-decoder. */
export const NOISE_TASKS: readonly BaseModel['task'][] = ['causal', 'encoder'];

const usesLora = (settings: TrainSettings): boolean => settings.method === 'lora';
const usesFull = (settings: TrainSettings): boolean => settings.method === 'full';

/** A field of the optimizers that have it. */
const ofOptimizer = (name: string, label: string, kind: FieldKind, zero?: string): Field => ({
  path: `optimizer.${name}`,
  label,
  kind,
  zero,
  when: ({ optimizer }) =>
    name in optimizer && !(name === 'dampening' && optimizer.kind === 'sgd' && optimizer.nesterov),
});

const cosines: TrainSettings['schedule'][] = ['cosine', 'cosine_with_min_lr', 'cosine_warmup_with_min_lr'];

/** A field of the schedules that read it. */
const ofSchedules = (
  schedules: TrainSettings['schedule'][],
  field: Omit<Field, 'when' | 'path'> & { path: string },
): Field => ({
  ...field,
  path: `scheduleDetails.${field.path}`,
  when: ({ schedule }) => schedules.includes(schedule),
});

const everySteps = (steps: number): string => (steps === 0 ? 'automatic' : `every ${steps} steps`);
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const usualOr = (usual: boolean): string => (usual ? 'usual values' : 'own values');

export const GROUPS: Group[] = [
  {
    id: 'method',
    label: 'Method',
    summary: (settings) => METHOD_LABELS[settings.method],
    fields: [
      { path: 'method', label: 'Method', kind: choices(METHOD_LABELS) },
      { path: 'task', label: 'Task', kind: choices(TASK_LABELS), tasks: ['encoder'] },
      { path: 'lora.rank', label: 'Rank', kind: integer, when: usesLora },
      { path: 'lora.alpha', label: 'Alpha', kind: number, when: usesLora },
      { path: 'lora.dropout', label: 'Dropout', kind: number, when: usesLora },
      { path: 'lora.targets', label: 'Where', kind: { type: 'targets' }, when: usesLora },
      { path: 'lora.rslora', label: 'rsLoRA', kind: toggle, when: usesLora },
      { path: 'lora.dora', label: 'DoRA', kind: toggle, when: usesLora },
      { path: 'lastLayers', label: 'Last layers', kind: integer, zero: 'all', when: usesFull },
    ],
  },
  {
    id: 'method-details',
    label: 'Method details',
    summary: ({ method, lora, freeze }) =>
      usualOr(
        method === 'full' ? freeze.length === 0 : rareLora.every((name) => same(lora[name], usualLora[name])),
      ),
    fields: [
      { path: 'lora.plusRatio', label: 'LoRA+ ratio', kind: number, when: usesLora },
      {
        path: 'lora.layers',
        label: 'Layers',
        kind: { type: 'layers', example: 'all; or 0-3, 8' },
        when: usesLora,
      },
      { path: 'lora.exclude', label: 'Except', kind: names('none; or o_proj'), when: usesLora },
      { path: 'lora.rankPattern', label: 'Own ranks', kind: byName('down_proj = 4'), when: usesLora },
      { path: 'lora.alphaPattern', label: 'Own alphas', kind: byName('down_proj = 8'), when: usesLora },
      { path: 'lora.bias', label: 'Biases', kind: choices(BIAS_LABELS), when: usesLora },
      { path: 'lora.modulesToSave', label: 'Train whole', kind: names('none; or lm_head'), when: usesLora },
      { path: 'freeze', label: 'Freeze', kind: names('none; or embed_tokens'), when: usesFull },
    ],
  },
  {
    id: 'start',
    label: 'First weights',
    summary: ({ startFrom }) => (startFrom === null ? 'base model' : 'another run'),
    fields: [
      { path: 'startFrom', label: 'Start from', kind: { type: 'run' } },
      {
        path: 'startFrom.checkpoint',
        label: 'Its checkpoint',
        kind: choices(CHECKPOINT_LABELS),
        when: ({ startFrom }) => startFrom !== null,
      },
    ],
  },
  {
    id: 'optimizer',
    label: 'Optimizer',
    summary: (settings) => OPTIMIZER_LABELS[settings.optimizer.kind],
    fields: [
      { path: 'optimizer.kind', label: 'Optimizer', kind: choices(OPTIMIZER_LABELS) },
      { path: 'learningRate', label: 'Learning rate', kind: scientific },
      { path: 'schedule', label: 'Schedule', kind: choices(SCHEDULE_LABELS) },
      { path: 'warmupSteps', label: 'Warm-up', kind: integer },
      { path: 'weightDecay', label: 'Weight decay', kind: number },
      { path: 'maxGradNorm', label: 'Clip gradients at', kind: number, zero: 'never' },
    ],
  },
  {
    id: 'schedule-details',
    label: 'Schedule details',
    summary: ({ scheduleDetails: { warmupShape, decayShape, ...rest } }) =>
      usualOr(
        warmupShape === 'linear' &&
          decayShape === 'cosine' &&
          Object.values(rest).every((value) => value === null),
      ),
    fields: [
      ofSchedules([...cosines, 'cosine_with_restarts'], {
        path: 'cycles',
        label: 'Cycles',
        kind: number,
        empty: 'usual',
      }),
      ofSchedules(['polynomial'], { path: 'power', label: 'Power', kind: number, empty: 'line' }),
      ofSchedules(['polynomial', 'cosine_with_min_lr', 'cosine_warmup_with_min_lr', 'warmup_stable_decay'], {
        path: 'minimum',
        label: 'Lowest rate',
        kind: number,
        empty: 'usual',
      }),
      ofSchedules(['cosine_warmup_with_min_lr'], {
        path: 'warmupStart',
        label: 'First rate',
        kind: number,
        empty: 'usual',
      }),
      ofSchedules(['inverse_sqrt'], {
        path: 'timescale',
        label: 'Timescale',
        kind: integer,
        empty: 'warm-up',
      }),
      ofSchedules(['warmup_stable_decay'], {
        path: 'decaySteps',
        label: 'Fall',
        kind: integer,
        empty: 'a tenth',
      }),
      ofSchedules(['warmup_stable_decay'], {
        path: 'warmupShape',
        label: 'Shape of the rise',
        kind: choices(SHAPE_LABELS),
      }),
      ofSchedules(['warmup_stable_decay'], {
        path: 'decayShape',
        label: 'Shape of the fall',
        kind: choices(SHAPE_LABELS),
      }),
    ],
  },
  {
    id: 'optimizer-details',
    label: 'Optimizer details',
    summary: ({ optimizer, decayEverything, clipNorm }) =>
      usualOr(
        same(optimizer, OPTIMIZER_DEFAULTS[optimizer.kind]) && !decayEverything && clipNorm === 'euclidean',
      ),
    fields: [
      ofOptimizer('momentum', 'Momentum', number, 'none'),
      ofOptimizer('nesterov', 'Nesterov', toggle),
      ofOptimizer('dampening', 'Dampening', number, 'none'),
      ofOptimizer('beta1', 'Beta 1', number, 'none'),
      ofOptimizer('beta2', 'Beta 2', number),
      ofOptimizer('alpha', 'Smoothing', number),
      ofOptimizer('centered', 'Centred', toggle),
      ofOptimizer('eps', 'Epsilon', scientific),
      ofOptimizer('lrDecay', 'Rate decay', scientific, 'none'),
      ofOptimizer('relativeStep', 'Own rate', toggle),
      ofOptimizer('warmupInit', 'Slow start', toggle),
      ofOptimizer('scaleParameter', 'Scale by weights', toggle),
      ofOptimizer('clipThreshold', 'Clip updates at', number),
      ofOptimizer('decayRate', 'Memory decay', number),
      ofOptimizer('eps1', 'Least square', scientific),
      ofOptimizer('eps2', 'Least scale', scientific),
      ofOptimizer('restShare', 'Rate of the rest', number),
      { path: 'decayEverything', label: 'Decay everything', kind: toggle },
      {
        path: 'clipNorm',
        label: 'Length as',
        kind: choices(NORM_LABELS),
        when: ({ maxGradNorm }) => maxGradNorm > 0,
      },
    ],
  },
  {
    id: 'batches',
    label: 'Length and batches',
    summary: (settings) =>
      `${settings.epochs} ${settings.epochs === 1 ? 'epoch' : 'epochs'}, ${settings.batchSize} a step`,
    fields: [
      { path: 'epochs', label: 'Epochs', kind: number },
      { path: 'batchSize', label: 'Batch size', kind: integer },
      { path: 'microBatchTokens', label: 'Tokens a pass', kind: integer, zero: 'automatic' },
      { path: 'maxLength', label: 'Longest record', kind: integer, zero: "the model's limit" },
      { path: 'cut', label: 'What is cut', kind: choices(CUT_LABELS), tasks: CUT_TASKS },
      { path: 'packing', label: 'Packing', kind: toggle, tasks: PACKING_TASKS },
    ],
  },
  {
    id: 'regularisation',
    label: 'Against learning by heart',
    summary: ({ labelSmoothing, neftuneAlpha }, task) =>
      labelSmoothing > 0 || (neftuneAlpha > 0 && NOISE_TASKS.includes(task)) ? 'on' : 'off',
    fields: [
      { path: 'labelSmoothing', label: 'Label smoothing', kind: number, zero: 'none' },
      {
        path: 'neftuneAlpha',
        label: 'NEFTune noise',
        kind: number,
        zero: 'none',
        tasks: NOISE_TASKS,
      },
    ],
  },
  {
    id: 'memory',
    label: 'Device and memory',
    summary: (settings) => PROVIDER_LABELS[settings.provider],
    fields: [
      { path: 'provider', label: 'Device', kind: devicesOf(PROVIDER_LABELS) },
      { path: 'threads', label: 'Threads', kind: integer, zero: 'all cores' },
      {
        path: 'quantization',
        label: 'Base in few bits',
        kind: choices(QUANTIZATION_LABELS),
        when: usesLora,
      },
      { path: 'precision', label: 'Precision', kind: choices(PRECISION_LABELS) },
      { path: 'recompute', label: 'Recomputation', kind: choices(RECOMPUTE_LABELS) },
    ],
  },
  {
    id: 'checks',
    label: 'Checks and early stop',
    summary: (settings) => everySteps(settings.evalEvery),
    fields: [
      { path: 'evalEvery', label: 'Validate every', kind: integer, zero: 'automatic' },
      {
        path: 'validationMetric',
        label: 'Judged by',
        kind: choices(MEASURE_LABELS),
        tasks: ['encoder'],
        stays: ({ validationMetric }) => validationMetric !== 'loss',
      },
      { path: 'patience', label: 'Stop after', kind: integer, zero: 'never' },
      {
        path: 'minimumGain',
        label: 'Least gain',
        kind: number,
        zero: 'any',
        when: ({ patience }) => patience > 0,
      },
    ],
  },
  {
    id: 'checkpoints',
    label: 'Checkpoints',
    summary: (settings) => everySteps(settings.checkpointEvery),
    fields: [{ path: 'checkpointEvery', label: 'Save every', kind: integer, zero: 'automatic' }],
  },
  {
    id: 'samples',
    label: 'Samples while training',
    summary: ({ samplePrompts: { length } }) =>
      length === 0 ? 'from validation' : `${length} ${length === 1 ? 'prompt' : 'prompts'}`,
    fields: [{ path: 'samplePrompts', label: 'Prompts', kind: { type: 'prompts' } }],
  },
  {
    id: 'seed',
    label: 'Seed and repeatability',
    summary: (settings) => String(settings.seed),
    fields: [{ path: 'seed', label: 'Seed', kind: integer }],
  },
];

export const FIELDS: Field[] = GROUPS.flatMap((group) => group.fields);
