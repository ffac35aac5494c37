// A recipe's settings in the terms of the engine: adapter configuration, optimizer, schedule, and the defaults that
// settings of 0 stand for. Everything here is plain data in and out.

import type { OptimizerChoice } from '../compiler/optimizers/index.ts';
import type { ScheduleKind, TrainSettings } from '../contract/runs.ts';
import { AppError } from '../errors.ts';
import { adaptableLayers, idleNames, layerWords } from '../models/adaptable.ts';
import type { Model } from '../models/load.ts';
import { LoraConfig } from '../models/lora.ts';
import { learningRateAt, Schedule } from './schedule.ts';
import { taskTypeOf } from './tasks/index.ts';
import type { TrainerOptions } from './trainer.ts';
import { saysLabels } from './validation-measure.ts';

/** Everything that a recipe says to the trainer. Throws, with every fault named, when it does not fit the model. */
export function trainerOptionsOf(
  settings: TrainSettings,
  model: Model,
): Omit<TrainerOptions, 'initial' | 'maxSessions'> {
  const full = settings.method === 'full';
  const { loss, smooths, takesNoise } = taskTypeOf(model);
  const clipNorms = { euclidean: 2, sum: 1, largest: 'infinity' } as const;
  return {
    model,
    lora: loraOf(settings, model),
    optimizer: optimizerChoiceOf(settings),
    weightDecay: settings.weightDecay,
    decayEverything: settings.decayEverything,
    maxGradNorm: settings.maxGradNorm,
    clipNorm: clipNorms[settings.clipNorm],
    task: loss,
    labelSmoothing: smooths ? settings.labelSmoothing : 0,
    neftuneAlpha: takesNoise ? settings.neftuneAlpha : 0,
    recompute: settings.recompute,
    precision: settings.precision,
    outputs: settings.validationMetric !== 'loss' && saysLabels(model),
    provider: settings.provider,
    threads: settings.threads,
    seed: settings.seed,
    frozen: full && settings.freeze.length > 0 ? (name) => isFrozen(settings.freeze, name) : undefined,
    lastLayers: full && settings.lastLayers > 0 ? settings.lastLayers : undefined,
    loraPlusRatio: full ? undefined : settings.lora.plusRatio,
  };
}

/** Adapter of a recipe; undefined for full fine-tuning. Throws, with every fault named, when it does not fit the model. */
export function loraOf(settings: TrainSettings, model: Model): LoraConfig | undefined {
  const config = settings.method === 'lora' ? configOf(settings, model) : undefined;
  requireFit(settings, model, config);
  return config;
}

function configOf(settings: TrainSettings, model: Model): LoraConfig {
  const { lora } = settings;
  const unlessEmpty = <Item>(list: Item[]): Item[] | undefined => (list.length === 0 ? undefined : list);
  return LoraConfig.parse({
    r: lora.rank,
    lora_alpha: lora.alpha,
    lora_dropout: lora.dropout,
    target_modules: targetsOf(settings, model),
    exclude_modules: unlessEmpty(lora.exclude),
    use_rslora: lora.rslora,
    use_dora: lora.dora,
    rank_pattern: lora.rankPattern,
    alpha_pattern: lora.alphaPattern,
    layers_to_transform: unlessEmpty(lora.layers),
    bias: lora.bias,
    modules_to_save: unlessEmpty([...new Set([...lora.modulesToSave, ...(model.headModules ?? [])])]),
    task_type: taskTypeOf(model).peftTask,
  });
}

/** PEFT looks at the numbers of layers only where targets are named one by one, so the shorthand is spelled out. */
function targetsOf({ lora }: TrainSettings, { specs, architecture }: Model): string | string[] {
  if (lora.targets !== 'all-linear' || lora.layers.length === 0) return lora.targets;
  const modules = specs
    .filter(({ kind }) => kind === 'linear' || kind === 'conv1d')
    .map(({ name }) => name.replace(/\.weight$/, ''))
    .filter((module) => !architecture.outputModules.includes(module));
  return [...new Set(modules.map((module) => module.split('.').at(-1) as string))];
}

/** A part of a name between dots, such as `embed_tokens` or `layers.0.mlp`. */
function isFrozen(parts: readonly string[], name: string): boolean {
  return parts.some((part) => `.${name}.`.includes(`.${part}.`));
}

/** Names and numbers of a recipe that the model does not have would otherwise do nothing, silently. */
function requireFit(settings: TrainSettings, model: Model, config: LoraConfig | undefined): void {
  const { lora, lastLayers, freeze } = settings;
  const { layers } = model.shape;
  const modules = model.specs.map(({ name }) => name.replace(/\.[^.]+$/, ''));
  const outputs = model.architecture.outputModules;
  const has = (end: string) => [...modules, ...outputs].some((module) => module.endsWith(end));
  const faults: string[] = [];
  if (config !== undefined) {
    const beyond = lora.layers.filter((layer) => layer >= layers);
    if (beyond.length > 0)
      faults.push(`There is no layer ${beyond.join(', ')}: the model has layers 0 to ${layers - 1}.`);
    const missing = lora.modulesToSave.filter((name) => !has(name));
    if (missing.length > 0) faults.push(`The model has no module "${missing.join('", "')}".`);
    faults.push(...idleFaults(config, model, lora.layers));
  } else {
    if (lastLayers > layers)
      faults.push(`The model has ${layers} layers, so its last ${lastLayers} do not exist.`);
    const missing = freeze.filter((part) => !model.specs.some(({ name }) => isFrozen([part], name)));
    if (missing.length > 0) faults.push(`No tensor of the model has "${missing.join('", "')}" in its name.`);
    if (missing.length === 0 && model.specs.every(({ name }) => isFrozen(freeze, name)))
      faults.push('Every tensor of the model is frozen, so nothing would be trained.');
    if (settings.quantization !== 'none')
      faults.push(
        `A base in ${settings.quantization.toUpperCase()} stays as it is: it is trained with an adapter only.`,
      );
  }
  if (faults.length > 0)
    throw new AppError('settings-unfit', faults.join(' '), 'Correct them under "All settings".');
}

/** Names of an adapter's settings that reach no layer, each kind in a sentence. */
function idleFaults(config: LoraConfig, model: Model, layers: readonly number[]): string[] {
  const { specs, architecture } = model;
  const { unknown, elsewhere, patterns } = idleNames(config, specs, architecture.outputModules);
  const faults: string[] = [];
  const said = (names: readonly string[]) => `"${names.join('", "')}"`;
  if (unknown.length > 0) {
    const known = layerWords(adaptableLayers(model));
    faults.push(`The model has no layer ${said(unknown)} for an adapter. It has ${known}.`);
  }
  if (elsewhere.length > 0)
    faults.push(`No ${said(elsewhere)} is in layer ${layers.join(', ')}, so it would get no adapter.`);
  if (patterns.length > 0)
    faults.push(
      `An own rank or alpha is set for ${said(patterns)}, but no layer of that name gets an adapter.`,
    );
  return faults;
}

export function optimizerChoiceOf({ optimizer }: TrainSettings): OptimizerChoice {
  if (optimizer.kind === 'sgd' && optimizer.nesterov) return { ...optimizer, dampening: 0 }; // as torch demands
  if (optimizer.kind !== 'adafactor') return optimizer;
  const { beta1, ...rest } = optimizer;
  return beta1 === 0 ? rest : optimizer; // 0 stands for no momentum, which then takes no memory
}

type Details = TrainSettings['scheduleDetails'];

/** What each schedule takes of the details; `null` is its usual value. */
const scheduleRules: {
  [Kind in ScheduleKind]: (details: Details, settings: TrainSettings, totalSteps: number) => object;
} = {
  constant: () => ({ kind: 'constant_with_warmup' }),
  linear: () => ({}),
  cosine: ({ cycles }) => ({ num_cycles: cycles ?? 0.5 }),
  cosine_with_restarts: ({ cycles }) => ({ num_cycles: cycles ?? 1 }),
  polynomial: ({ power, minimum }, { learningRate }) => ({
    power: power ?? 1,
    lr_end: minimum === null ? Math.min(1e-7, learningRate / 10) : minimum * learningRate,
  }),
  inverse_sqrt: ({ timescale }) => ({ timescale: timescale ?? undefined }),
  cosine_with_min_lr: ({ cycles, minimum }) => ({ num_cycles: cycles ?? 0.5, min_lr_rate: minimum ?? 0.1 }),
  cosine_warmup_with_min_lr: ({ cycles, minimum, warmupStart }) => ({
    num_cycles: cycles ?? 0.5,
    min_lr_rate: minimum ?? 0.1,
    warmup_lr_rate: warmupStart ?? undefined,
  }),
  warmup_stable_decay: (
    { cycles, minimum, decaySteps, warmupShape, decayShape },
    { warmupSteps },
    total,
  ) => ({
    num_cycles: cycles ?? 0.5,
    min_lr_ratio: minimum ?? 0,
    num_decay_steps: Math.min(decaySteps ?? Math.ceil(total / 10), Math.max(0, total - warmupSteps)),
    warmup_type: warmupShape,
    decay_type: decayShape,
  }),
};

/** The schedule over all updates; a stored one (of a checkpoint) wins over a new one (RULES 7). */
export function scheduleOf(settings: TrainSettings, totalSteps: number): Schedule {
  const { learningRate, warmupSteps, schedule, scheduleDetails } = settings;
  return Schedule.parse({
    kind: schedule,
    lr: learningRate,
    warmup_steps: Math.min(warmupSteps, totalSteps),
    total_steps: totalSteps,
    ...scheduleRules[schedule](scheduleDetails, settings, totalSteps),
  });
}

const drawnRates = 120;

/** The learning rate at evenly spread updates from the first (0) to the last, for drawing. */
export function plannedRates(settings: TrainSettings, totalSteps: number): number[] {
  if (totalSteps === 0) return [];
  const schedule = scheduleOf(settings, totalSteps);
  const count = Math.min(drawnRates, totalSteps);
  return Array.from({ length: count + 1 }, (_, i) =>
    learningRateAt(schedule, Math.round((i * totalSteps) / count)),
  );
}

/** Longest record in tokens: the setting, or the model's context. */
export function maxLengthOf(settings: TrainSettings, model: Model): number {
  return settings.maxLength === 0
    ? model.shape.contextLength
    : Math.min(settings.maxLength, model.shape.contextLength);
}

/** Tokens of one micro-batch: the setting, or what keeps small models busy and large ones in memory. */
export function microBatchTokensOf(settings: TrainSettings, model: Model): number {
  if (settings.microBatchTokens > 0) return settings.microBatchTokens;
  return model.parameters < 50e6 ? 2048 : model.parameters < 500e6 ? 1024 : 512;
}

/** Updates between validations and between checkpoints: the settings, or about ten of each a run. */
export function intervalsOf(
  settings: TrainSettings,
  totalSteps: number,
): { evalEvery: number; saveEvery: number } {
  const tenth = Math.max(1, Math.round(totalSteps / 10));
  return {
    evalEvery: settings.evalEvery === 0 ? tenth : settings.evalEvery,
    saveEvery: settings.checkpointEvery === 0 ? tenth : settings.checkpointEvery,
  };
}
