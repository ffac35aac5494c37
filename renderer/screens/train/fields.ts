// Every field of TrainSettings as the "All settings" panel shows it: group, kind, choices and when it counts.
// Labels, units and help come from settings.capabilities; this file only knows the order and the kind of control.

import { type OptimizerSettings, TrainSettings } from '../../../main/contract/runs.ts';
import type { Capabilities } from '../../../main/contract/settings.ts';

export interface Choice {
  value: string;
  label: string;
}

export type FieldKind =
  | { type: 'integer' | 'number' | 'scientific' }
  | { type: 'switch' }
  | { type: 'choice'; choices: Choice[] }
  | { type: 'targets' }
  | { type: 'prompts' };

export interface Field {
  /** Path in TrainSettings, such as `lora.rank`. */
  path: string;
  /** Shown until the backend's own label has arrived. */
  label: string;
  kind: FieldKind;
  /** What 0 stands for, where 0 is not a number of anything. */
  zero?: string;
  /** The field has no effect while this is false, and is hidden. */
  when?: (settings: TrainSettings) => boolean;
}

export interface Group {
  id: string;
  label: string;
  fields: Field[];
  /** What stands at the right of a closed group. */
  summary: (settings: TrainSettings) => string;
}

const usesLora = (settings: TrainSettings): boolean => settings.method === 'lora';
const usesAdam = (settings: TrainSettings): boolean => settings.optimizer.kind !== 'sgd';
const usesMomentum = (settings: TrainSettings): boolean => settings.optimizer.kind !== 'adamw';

export const METHOD_LABELS = { lora: 'LoRA', full: 'Full fine-tuning' } as const;
export const OPTIMIZER_LABELS = { adamw: 'AdamW', sgd: 'SGD', muon: 'Muon' } as const;
export const SCHEDULE_LABELS = {
  constant: 'Constant',
  linear: 'Linear to 0',
  cosine: 'Cosine to 0',
} as const;
export const RECOMPUTE_LABELS = {
  off: 'Keep all values',
  selective: 'Compute some twice',
  layer: 'Compute layers twice',
} as const;
export const PROVIDER_LABELS = { cpu: 'Processor', webgpu: 'WebGPU', cuda: 'CUDA', dml: 'DirectML' } as const;

const choices = (labels: Record<string, string>): FieldKind => ({
  type: 'choice',
  choices: Object.entries(labels).map(([value, label]) => ({ value, label })),
});

const everySteps = (steps: number): string => (steps === 0 ? 'automatic' : `every ${steps} steps`);

export const GROUPS: Group[] = [
  {
    id: 'method',
    label: 'Method',
    summary: (settings) => METHOD_LABELS[settings.method],
    fields: [
      { path: 'method', label: 'Method', kind: choices(METHOD_LABELS) },
      { path: 'lora.rank', label: 'Rank', kind: { type: 'integer' }, when: usesLora },
      { path: 'lora.alpha', label: 'Alpha', kind: { type: 'number' }, when: usesLora },
      { path: 'lora.dropout', label: 'Dropout', kind: { type: 'number' }, when: usesLora },
      { path: 'lora.targets', label: 'Where', kind: { type: 'targets' }, when: usesLora },
      { path: 'lora.rslora', label: 'rsLoRA', kind: { type: 'switch' }, when: usesLora },
    ],
  },
  {
    id: 'optimizer',
    label: 'Optimizer',
    summary: (settings) => OPTIMIZER_LABELS[settings.optimizer.kind],
    fields: [
      { path: 'optimizer.kind', label: 'Optimizer', kind: choices(OPTIMIZER_LABELS) },
      { path: 'learningRate', label: 'Learning rate', kind: { type: 'scientific' } },
      { path: 'schedule', label: 'Schedule', kind: choices(SCHEDULE_LABELS) },
      { path: 'warmupSteps', label: 'Warm-up', kind: { type: 'integer' } },
      { path: 'weightDecay', label: 'Weight decay', kind: { type: 'number' } },
      { path: 'maxGradNorm', label: 'Clip gradients at', kind: { type: 'number' }, zero: 'never' },
    ],
  },
  {
    id: 'optimizer-details',
    label: 'Optimizer details',
    summary: ({ optimizer }) =>
      sameValue(optimizer, OPTIMIZER_DEFAULTS[optimizer.kind]) ? 'usual values' : 'own values',
    fields: [
      { path: 'optimizer.momentum', label: 'Momentum', kind: { type: 'number' }, when: usesMomentum },
      {
        path: 'optimizer.nesterov',
        label: 'Nesterov',
        kind: { type: 'switch' },
        when: (settings) => settings.optimizer.kind === 'sgd',
      },
      { path: 'optimizer.beta1', label: 'Beta 1', kind: { type: 'number' }, when: usesAdam },
      { path: 'optimizer.beta2', label: 'Beta 2', kind: { type: 'number' }, when: usesAdam },
      { path: 'optimizer.eps', label: 'Epsilon', kind: { type: 'scientific' }, when: usesAdam },
    ],
  },
  {
    id: 'batches',
    label: 'Length and batches',
    summary: (settings) =>
      `${settings.epochs} ${settings.epochs === 1 ? 'epoch' : 'epochs'}, ${settings.batchSize} a step`,
    fields: [
      { path: 'epochs', label: 'Epochs', kind: { type: 'number' } },
      { path: 'batchSize', label: 'Batch size', kind: { type: 'integer' } },
      { path: 'microBatchTokens', label: 'Tokens a pass', kind: { type: 'integer' }, zero: 'automatic' },
      { path: 'maxLength', label: 'Longest record', kind: { type: 'integer' }, zero: "the model's limit" },
      { path: 'packing', label: 'Packing', kind: { type: 'switch' } },
    ],
  },
  {
    id: 'memory',
    label: 'Device and memory',
    summary: (settings) => PROVIDER_LABELS[settings.provider],
    fields: [
      { path: 'provider', label: 'Device', kind: choices(PROVIDER_LABELS) },
      { path: 'threads', label: 'Threads', kind: { type: 'integer' }, zero: 'all cores' },
      { path: 'recompute', label: 'Recomputation', kind: choices(RECOMPUTE_LABELS) },
    ],
  },
  {
    id: 'checks',
    label: 'Checks and early stop',
    summary: (settings) => everySteps(settings.evalEvery),
    fields: [
      { path: 'evalEvery', label: 'Validate every', kind: { type: 'integer' }, zero: 'automatic' },
      { path: 'patience', label: 'Stop after', kind: { type: 'integer' }, zero: 'never' },
    ],
  },
  {
    id: 'checkpoints',
    label: 'Checkpoints',
    summary: (settings) => everySteps(settings.checkpointEvery),
    fields: [{ path: 'checkpointEvery', label: 'Save every', kind: { type: 'integer' }, zero: 'automatic' }],
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
    fields: [{ path: 'seed', label: 'Seed', kind: { type: 'integer' } }],
  },
];

export const FIELDS: Field[] = GROUPS.flatMap((group) => group.fields);

type Help = Capabilities['settingHelp'];

/** The value at a path such as `lora.rank`; undefined where the recipe has no such field. */
export function valueAt(settings: TrainSettings, path: string): unknown {
  let value: unknown = settings;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** Usual values of each optimizer, for when the user changes to it. */
export const OPTIMIZER_DEFAULTS = {
  adamw: { kind: 'adamw', beta1: 0.9, beta2: 0.999, eps: 1e-8 },
  sgd: { kind: 'sgd', momentum: 0.9, nesterov: false },
  muon: { kind: 'muon', momentum: 0.95, beta1: 0.9, beta2: 0.999, eps: 1e-8 },
} as const satisfies { [Kind in OptimizerSettings['kind']]: OptimizerSettings & { kind: Kind } };

/** A copy with one value changed. Another optimizer brings its own usual values. */
export function withValue(settings: TrainSettings, path: string, value: unknown): TrainSettings {
  if (path === 'optimizer.kind') {
    const kind = value as OptimizerSettings['kind'];
    return kind === settings.optimizer.kind ? settings : { ...settings, optimizer: OPTIMIZER_DEFAULTS[kind] };
  }
  const [outer, inner] = path.split('.') as [keyof TrainSettings, string | undefined];
  if (inner === undefined) return { ...settings, [outer]: value };
  return { ...settings, [outer]: { ...(settings[outer] as object), [inner]: value } };
}

/** Whether two values of a field are the same; lists are compared item by item. */
export function sameValue(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Fields that count now and differ from the preset. A change of optimizer is one change, not four. */
export function changedFields(settings: TrainSettings, preset: TrainSettings): Field[] {
  const otherOptimizer = settings.optimizer.kind !== preset.optimizer.kind;
  return FIELDS.filter((field) => {
    if (field.when && !field.when(settings)) return false;
    const mine = valueAt(settings, field.path);
    let base = valueAt(preset, field.path);
    if (otherOptimizer && field.path.startsWith('optimizer.') && field.path !== 'optimizer.kind')
      base = (OPTIMIZER_DEFAULTS[settings.optimizer.kind] as Record<string, unknown>)[field.path.slice(10)];
    return !sameValue(mine, base);
  });
}

/** The value that "reset" gives back. */
export function resetField(settings: TrainSettings, preset: TrainSettings, path: string): TrainSettings {
  if (path === 'optimizer.kind') return { ...settings, optimizer: preset.optimizer };
  const value = valueAt(preset, path);
  return value === undefined ? settings : withValue(settings, path, value);
}

/** Groups with only the fields that match: every word of the query occurs in label, help, path or group. */
export function findFields(query: string, settings: TrainSettings, help: Help): Group[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = (group: Group, field: Field): boolean => {
    if (field.when && !field.when(settings)) return false;
    const known = help[field.path];
    const text = [group.label, field.label, field.path, known?.label, known?.help].join(' ').toLowerCase();
    const plain = text.replaceAll('-', '');
    return words.every((word) => text.includes(word) || plain.includes(word.replaceAll('-', '')));
  };
  return GROUPS.map((group) => ({
    ...group,
    fields: group.fields.filter((field) => matches(group, field)),
  })).filter((group) => group.fields.length > 0);
}

/** Faults of all fields at once, by path; an empty object when the settings are in order. */
export function faultsOf(settings: TrainSettings): Record<string, string> {
  const result = TrainSettings.safeParse(settings);
  if (result.success) return {};
  const faults: Record<string, string> = {};
  for (const issue of result.error.issues) {
    const path = issue.path.slice(0, 2).join('.');
    const key = FIELDS.some((field) => field.path === path) ? path : String(issue.path[0]);
    faults[key] ??= sentence(issue);
  }
  return faults;
}

type Issue = NonNullable<ReturnType<typeof TrainSettings.safeParse>['error']>['issues'][number];

function sentence(issue: Issue): string {
  if (issue.code === 'invalid_union' || (issue.code === 'too_small' && issue.origin === 'array'))
    return 'Choose at least one layer.';
  if (issue.code === 'too_small')
    return `Enter ${issue.inclusive ? `${issue.minimum} or more` : `more than ${issue.minimum}`}.`;
  if (issue.code === 'too_big')
    return `Enter ${issue.inclusive ? `${issue.maximum} or less` : `less than ${issue.maximum}`}.`;
  if (issue.code === 'invalid_type')
    return issue.expected === 'int' ? 'Enter a whole number.' : 'Enter a number.';
  return 'Enter another value.';
}

/** A number as a person types it: `2e-4`, `0,05` and a true minus sign are understood; null when it is none. */
export function parseNumber(text: string): number | null {
  const plain = text
    .trim()
    .replace('−', '-')
    .replace(/^(-?\d*),(\d+(?:[eE].*)?)$/, '$1.$2');
  if (plain === '') return null;
  const value = Number(plain);
  return Number.isFinite(value) ? value : null;
}

/** How a value stands in its field. Learning rates keep the form `2.0e-4`. */
export function fieldText(kind: FieldKind, value: unknown): string {
  if (typeof value !== 'number') return value === undefined || value === null ? '' : String(value);
  if (kind.type === 'scientific' && value !== 0) {
    const [mantissa, exponent] = value.toExponential().split('e') as [string, string];
    return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}e${exponent.replace('+', '')}`;
  }
  return String(value);
}
