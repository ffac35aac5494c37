// A recipe's settings in the terms of the engine: adapter configuration, optimizer, schedule, and the defaults that
// settings of 0 stand for. Everything here is plain data in and out.
import type { TrainSettings } from '../contract/runs.ts';
import type { OptimizerChoice } from '../compiler/optimizers/index.ts';
import type { Model } from '../models/load.ts';
import { LoraConfig } from '../models/lora.ts';
import { Schedule } from './schedule.ts';

/** Adapter of a recipe; undefined for full fine-tuning. */
export function loraOf(settings: TrainSettings): LoraConfig | undefined {
  if (settings.method !== 'lora') return undefined;
  const { rank, alpha, dropout, targets, rslora } = settings.lora;
  return LoraConfig.parse({
    r: rank,
    lora_alpha: alpha,
    lora_dropout: dropout,
    target_modules: targets,
    use_rslora: rslora,
    bias: 'none',
    task_type: 'CAUSAL_LM',
  });
}

export function optimizerChoiceOf(settings: TrainSettings): OptimizerChoice {
  return settings.optimizer;
}

/** The schedule over all updates; a stored one (of a checkpoint) wins over a new one (RULES 7). */
export function scheduleOf(settings: TrainSettings, totalSteps: number): Schedule {
  const { learningRate, warmupSteps, schedule } = settings;
  const kind = schedule === 'constant' ? 'constant_with_warmup' : schedule;
  return Schedule.parse({ kind, lr: learningRate, warmup_steps: Math.min(warmupSteps, totalSteps), total_steps: totalSteps });
}

/** Longest record in tokens: the setting, or the model's context. */
export function maxLengthOf(settings: TrainSettings, model: Model): number {
  return settings.maxLength === 0 ? model.shape.contextLength : Math.min(settings.maxLength, model.shape.contextLength);
}

/** Tokens of one micro-batch: the setting, or what keeps small models busy and large ones in memory. */
export function microBatchTokensOf(settings: TrainSettings, model: Model): number {
  if (settings.microBatchTokens > 0) return settings.microBatchTokens;
  return model.parameters < 50e6 ? 2048 : model.parameters < 500e6 ? 1024 : 512;
}

/** Updates between validations and between checkpoints: the settings, or about ten of each a run. */
export function intervalsOf(settings: TrainSettings, totalSteps: number): { evalEvery: number; saveEvery: number } {
  const tenth = Math.max(1, Math.round(totalSteps / 10));
  return {
    evalEvery: settings.evalEvery === 0 ? tenth : settings.evalEvery,
    saveEvery: settings.checkpointEvery === 0 ? tenth : settings.checkpointEvery,
  };
}
