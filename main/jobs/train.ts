// The job that trains: reads records, plans the updates, runs the loop, writes curves and checkpoints into the run folder.
// It composes the engine's parts and decides nothing about numbers itself.
import { mkdirSync, statfsSync } from 'node:fs';
import type { DatasetRecord } from '../contract/datasets.ts';
import type { MetricPoint, SamplePoint, TrainSettings } from '../contract/runs.ts';
import { AppError } from '../errors.ts';
import { answer, createSpeaker, type Speaker } from '../inference/answer.ts';
import { type Prompt, promptOf, typedPrompt } from '../inference/prompt.ts';
import { log } from '../log.ts';
import { type Model, openCausalModel } from '../models/load.ts';
import { loadTokenizer, type Tokenizer } from '../tokens/tokenizer.ts';
import {
  newestCheckpoint,
  pruneCheckpoints,
  restoreCheckpoint,
  saveCheckpoint,
} from '../training/checkpoint.ts';
import { type EncodedData, encodeRecords, requireLabels } from '../training/data.ts';
import { runLoop } from '../training/loop.ts';
import { appendPoints, cutPoints, type Point } from '../training/metrics-file.ts';
import {
  intervalsOf,
  maxLengthOf,
  microBatchTokensOf,
  scheduleOf,
  trainerOptionsOf,
} from '../training/recipe.ts';
import { learningRateAt, Schedule } from '../training/schedule.ts';
import { startAdapter } from '../training/start.ts';
import { createTrainer, type Trainer, type TrainerOptions } from '../training/trainer.ts';
import { batchArrays, planOnce, planUpdates } from '../training/updates.ts';
import type { JobContext, JobRunner, JobTypes, TrainInput } from './job.ts';
import { readRecords } from './records.ts';

type Context = JobContext<'train'>;
type Result = JobTypes['train']['result'];

/** What a checkpoint carries beside weights and optimizer. */
interface Progressed {
  schedule: Schedule;
  best: { step: number; loss: number } | null;
  validationsWithoutGain: number;
}

export const train: JobRunner<'train'> = {
  kind: 'train',
  run: async (input, context) => {
    mkdirSync(input.runFolder, { recursive: true });
    context.emit('phase', { phase: 'loading', sentence: 'Reading the model and the records.' });
    const model = openCausalModel(input.modelFolder);
    const tokenizer = await loadTokenizer(input.modelFolder);
    const data = await loadData(input, model, tokenizer, context);
    const options = trainerOptionsOf(input.settings, model);
    const { lora } = options;
    const trainer = await createTrainer({
      ...options,
      initial: firstWeights(input, model, lora, context),
      maxSessions: model.parameters < 50e6 ? 24 : 6,
    });
    try {
      return await runTraining({ input, context, model, tokenizer, data, trainer, lora });
    } finally {
      await trainer.release();
    }
  },
};

/** Weights of another run to start from; undefined for the base model, and for full ones, which the model then is. */
function firstWeights(
  { startFrom, resume: resumed }: TrainInput,
  model: Model,
  lora: TrainerOptions['lora'],
  context: Context,
): TrainerOptions['initial'] {
  if (!startFrom) return undefined;
  if (!resumed) {
    const sentence = `Starts from step ${startFrom.step} of run ${startFrom.run}, with a new schedule.`;
    context.emit('message', { level: 'info', sentence });
  }
  return lora === undefined ? undefined : startAdapter(model, lora, startFrom.folder);
}

interface Parts {
  input: TrainInput;
  context: Context;
  model: Model;
  tokenizer: Tokenizer;
  data: TrainingData;
  trainer: Trainer;
  lora: TrainerOptions['lora'];
}

interface TrainingData {
  train: EncodedData;
  validation: EncodedData;
  validationRecords: DatasetRecord[];
}

async function loadData(
  input: TrainInput,
  model: Model,
  tokenizer: Tokenizer,
  context: Context,
): Promise<TrainingData> {
  const records = await readRecords(input.recordsFile);
  const maxLength = maxLengthOf(input.settings, model);
  const of = (split: DatasetRecord['split']) => records.filter((record) => record.split === split);
  const say = (share: number) =>
    context.progress({
      progress: null,
      position: `${Math.round(share * 100)} % of the records read`,
      rate: '',
      secondsLeft: null,
    });
  const training = of('train');
  const train = await encodeRecords(tokenizer, training, maxLength, say);
  requireLabels(train, training.length, maxLength);
  const validationRecords = of('validation');
  const validation = await encodeRecords(tokenizer, validationRecords, maxLength);
  const warn = (sentence: string) => context.emit('message', { level: 'warning', sentence });
  if (train.withoutLabel.length > 0)
    warn(
      `${train.withoutLabel.length} records have no trained token at length ${maxLength} and are left out.`,
    );
  if (train.refused.length > 0)
    warn(`${train.refused.length} records are left out: ${train.refused[0].sentence}`);
  const cut = train.records.filter((record) => record.truncated).length;
  if (cut > 0) warn(`${cut} of ${train.records.length} records are cut at ${maxLength} tokens.`);
  return { train, validation, validationRecords };
}

async function runTraining(parts: Parts): Promise<Result> {
  const { input, context, model, tokenizer, data, trainer } = parts;
  const { settings, runFolder } = input;
  const padId = tokenizer.padId ?? 0;
  const maxLength = maxLengthOf(settings, model);
  const microBatchTokens = microBatchTokensOf(settings, model);
  const records = data.train.records;
  const plan = planUpdates(
    records.map(({ ids }) => ids.length),
    { ...settings, maxLength, microBatchTokens },
  );
  const validationPlan = planOnce(
    data.validation.records.map(({ ids }) => ids.length),
    maxLength,
    microBatchTokens,
  );
  const progressed = resume(parts, plan.steps);
  const { schedule } = progressed;
  const totalSteps = schedule.total_steps;
  const { evalEvery, saveEvery } = intervalsOf(settings, totalSteps);
  const timer = createTimer(totalSteps, plan.stepsPerEpoch);
  let last: MetricPoint | undefined;

  const record = (train: MetricPoint[], rest: Point[] = []) => {
    appendPoints(runFolder, [...train, ...rest]);
    const validation = rest.filter((point) => 'best' in point);
    const samples = rest.filter((point): point is SamplePoint => 'prompt' in point);
    context.emit('metrics', { train, validation, samples } as never);
  };

  const validate = async (step: number) => {
    if (validationPlan.length === 0) return { improved: false, stop: false };
    let sum = 0;
    let tokens = 0;
    for (const batch of validationPlan) {
      const losses = await trainer.losses(batchArrays(data.validation.records, batch, padId));
      for (const loss of losses) sum += loss;
      tokens += losses.length;
    }
    const loss = sum / tokens;
    const improved = step > 0 && loss < (progressed.best?.loss ?? Number.POSITIVE_INFINITY);
    if (improved) progressed.best = { step, loss };
    if (step > 0) progressed.validationsWithoutGain = improved ? 0 : progressed.validationsWithoutGain + 1;
    const stop = settings.patience > 0 && progressed.validationsWithoutGain >= settings.patience;
    if (stop && step < totalSteps) {
      const sentence = `Stopped early: the validation loss did not fall in ${settings.patience} validations. The best is step ${progressed.best?.step}.`;
      context.emit('message', { level: 'info', sentence });
    }
    record([], [{ step, loss, tokens, best: improved }, ...(await samples.at(step))]);
    return { improved, stop };
  };

  const save = async (_: number, best: boolean) => {
    context.emit('phase', { phase: 'saving', sentence: 'Saving a checkpoint.' });
    const saved = await savePatiently(parts, { ...progressed });
    pruneCheckpoints(runFolder, [saved.step, ...(progressed.best === null ? [] : [progressed.best.step])]);
    context.emit('checkpoint', { step: saved.step, best, bytes: saved.bytes });
    context.emit('phase', { phase: 'running', sentence: '' });
  };

  const samples = createSamples(parts);
  context.emit('phase', { phase: 'compiling', sentence: 'Building the graphs of the first batch.' });
  if (trainer.updates === 0) await validate(0);
  context.emit('phase', { phase: 'running', sentence: '' });
  const { stopped } = await runLoop({
    trainer,
    totalSteps,
    batchesOf: (step) => plan.batchesOf(step).map((batch) => batchArrays(records, batch, padId)),
    learningRateOf: (step) => learningRateAt(schedule, step),
    onStep: (report) => {
      last = timer.point(report);
      record([last]);
      context.progress({
        progress: report.step / totalSteps,
        position: `step ${report.step} of ${totalSteps}`,
        rate: `${Math.round(last.tokensPerSecond)} tokens/s`,
        secondsLeft: last.secondsLeft,
      });
    },
    validateEvery: validationPlan.length === 0 ? 0 : evalEvery,
    validate,
    saveEvery,
    save,
    signal: context.signal,
    unlessPaused: () => context.unlessPaused(),
  });
  await samples.release();
  return {
    step: trainer.updates,
    stopped,
    bestStep: progressed.best?.step ?? null,
    trainLoss: last?.loss ?? 0,
    validationLoss: progressed.best?.loss ?? null,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  };
}

/** Restores the newest complete checkpoint, or starts anew. The stored schedule wins (RULES 7). */
function resume({ input, context, trainer, lora }: Parts, steps: number): Progressed {
  const fresh: Progressed = {
    schedule: scheduleOf(input.settings, steps),
    best: null,
    validationsWithoutGain: 0,
  };
  if (!input.resume) return fresh;
  const { found, damaged } = newestCheckpoint(input.runFolder);
  for (const folder of damaged) {
    context.emit('message', {
      level: 'warning',
      sentence: `A damaged checkpoint was put aside: ${folder}.damaged.`,
    });
  }
  cutPoints(input.runFolder, found?.step ?? -1);
  if (found === undefined) return fresh;
  const { extra } = restoreCheckpoint(found.folder, trainer, lora !== undefined);
  context.emit('message', { level: 'info', sentence: `Went on after step ${found.step}.` });
  const stored = extra as unknown as Progressed;
  return { ...stored, schedule: Schedule.parse(stored.schedule) };
}

/** Saves; a full disk pauses the run with the weights in memory until there is room, or until it is stopped. */
async function savePatiently({ input, context, trainer, model, lora }: Parts, progressed: Progressed) {
  for (let told = false; ; ) {
    try {
      return saveCheckpoint(input.runFolder, trainer, { model, lora, extra: { ...progressed } });
    } catch (thrown) {
      if (!(thrown instanceof AppError) || thrown.code !== 'disk-full' || context.signal.aborted)
        throw thrown;
      if (!told)
        context.emit('message', {
          level: 'warning',
          sentence: `${thrown.message} ${thrown.remedy} The run waits.`,
        });
      told = true;
      log('warn', 'disk-full', { free: statfsSync(input.runFolder).bavail });
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
  }
}

/** Makes metric points: speed of each step, and the time left from the recent ones. */
function createTimer(totalSteps: number, stepsPerEpoch: number) {
  const recent: number[] = [];
  return {
    point: (report: {
      step: number;
      loss: number;
      learningRate: number;
      gradNorm: number;
      tokens: number;
      seconds: number;
    }): MetricPoint => {
      recent.push(report.seconds);
      if (recent.length > 50) recent.shift();
      const usual = [...recent].sort((a, b) => a - b)[recent.length >> 1]; // the median leaves compiling steps out
      return {
        step: report.step,
        epoch: report.step / stepsPerEpoch,
        loss: report.loss,
        learningRate: report.learningRate,
        gradNorm: report.gradNorm,
        tokensPerSecond: report.tokens / report.seconds,
        residentBytes: process.memoryUsage.rss(),
        secondsLeft: recent.length < 3 ? null : (totalSteps - report.step) * usual,
        time: Date.now(),
      };
    },
  };
}

const sampleTokens = 64;

/** Greedy answers to a few prompts as the model learns, from the live weights. */
function createSamples({ input, model, tokenizer, trainer, data }: Parts) {
  let speaker: Speaker | undefined;
  let prompts: Prompt[] | undefined;
  return {
    at: async (step: number): Promise<SamplePoint[]> => {
      prompts ??= await samplePrompts(input.settings, tokenizer, data.validationRecords);
      const points: SamplePoint[] = [];
      for (const { ids, text, reference } of prompts) {
        if (ids.length >= model.shape.contextLength) continue;
        speaker ??= await createSpeaker({
          model,
          tokenizer,
          weights: trainer,
          threads: input.settings.threads,
        });
        const { text: output } = await answer(speaker, {
          promptIds: ids,
          options: { maxNewTokens: sampleTokens },
        });
        points.push({ step, prompt: text, output, reference });
      }
      return points;
    },
    release: async () => speaker?.release(),
  };
}

/** The prompts of the recipe, or those of the first validation records. */
async function samplePrompts(
  settings: TrainSettings,
  tokenizer: Tokenizer,
  validation: readonly DatasetRecord[],
): Promise<Prompt[]> {
  if (settings.samplePrompts.length > 0) {
    return Promise.all(settings.samplePrompts.map((text) => typedPrompt(tokenizer, text)));
  }
  const asked = await Promise.all(validation.slice(0, 3).map(({ content }) => promptOf(tokenizer, content)));
  return asked.filter((prompt) => prompt !== undefined);
}
