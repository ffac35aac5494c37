// The job that trains: reads records, plans the updates, runs the loop, writes curves and checkpoints into the run folder.
// It composes the engine's parts and decides nothing about numbers itself.
import { existsSync, mkdirSync, statfsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { MetricPoint, SamplePoint } from '../contract/runs.ts';
import { AppError } from '../errors.ts';
import { log } from '../log.ts';
import { requireFiniteWeights } from '../models/finite.ts';
import { type Model, openTrainable } from '../models/load.ts';
import { headIn, labelsOf, problemOf } from '../models/new-head.ts';
import { loadTokenizer, type Tokenizer } from '../tokens/tokenizer.ts';
import type { Judged } from '../training/best.ts';
import { newestCheckpoint, restoreCheckpoint, saveCheckpoint } from '../training/checkpoint.ts';
import { notANumber } from '../training/divergence.ts';
import { longestBatch } from '../training/dry-run.ts';
import { runLoop } from '../training/loop.ts';
import { createPointWriter, cutPoints, type Point } from '../training/metrics-file.ts';
import { processMemory, recentMemory } from '../training/process-memory.ts';
import {
  intervalsOf,
  maxLengthOf,
  microBatchTokensOf,
  scheduleOf,
  trainerOptionsOf,
} from '../training/recipe.ts';
import { learningRateAt, Schedule } from '../training/schedule.ts';
import { keptSessions } from '../training/session-cache.ts';
import { type StartPoint, startAdapter } from '../training/start.ts';
import { quoted } from '../training/tasks/answer-labels.ts';
import { taskTypeOf } from '../training/tasks/index.ts';
import { plannedLengths } from '../training/tasks/task-type.ts';
import { paddingId, requireRows } from '../training/token-rows.ts';
import { createTrainer, type Trainer, type TrainerOptions } from '../training/trainer.ts';
import { planUpdates, type UpdatePlan } from '../training/updates.ts';
import type { JobContext, JobRunner, JobTypes, TrainInput } from './job.ts';
import { keepCheckpoints } from './kept-checkpoints.ts';
import { readRecords } from './records.ts';
import { encodeData, ofSplit, prepareModel, type TrainingData } from './train-data.ts';
import { asOutOfMemory, tryLongest, withLeanSettings } from './train-leaner.ts';
import { openBase } from './train-quantized.ts';
import { createSamples } from './train-samples.ts';
import { watchSkipped } from './train-skipped.ts';
import { createValidator, requireMeasure } from './train-validation.ts';

type Context = JobContext<'train'>;
type Result = JobTypes['train']['result'];

/** What a checkpoint carries beside weights and optimizer. */
interface Progressed extends Judged {
  schedule: Schedule;
  /** What the schedule was made from; of checkpoints from before, the schedule itself tells all but the patience. */
  made?: { epochs: number; learningRate: number; patience: number };
}

export const train: JobRunner<'train'> = {
  kind: 'train',
  run: async (given, context) => {
    mkdirSync(given.runFolder, { recursive: true });
    context.emit('phase', { phase: 'loading', sentence: 'Reading the model and the records.' });
    const base = openTrainable(given.modelFolder);
    await requireFiniteWeights(base);
    const records = await readRecords(given.recordsFile);
    const head = join(given.runFolder, 'head.safetensors');
    const model = prepareModel(given.settings, base, ofSplit(records, 'train'), head, context);
    requireMeasure(given.settings, model);
    const tokenizer = await loadTokenizer(given.modelFolder);
    const data = await encodeData(given, records, { model, tokenizer }, context);
    requireRows(model, tokenizer, [...data.train.records, ...data.validation.records]);
    const input = withLeanSettings(given, model, plannedLengths(data.train.records), context);
    const recipe = trainerOptionsOf(input.settings, model);
    const { lora } = recipe;
    const initial = firstWeights(input, model, lora, context);
    const padId = paddingId(model, tokenizer);
    const parts = { input, model, records: data.validation.records, padId, lora, initial };
    const options = {
      ...recipe,
      model: await openBase(parts, context),
      initial,
      maxSessions: keptSessions(model),
      onCompile: (compiling: boolean) => {
        const sentence = 'Building the graphs of another shape of batches.';
        if (trainer !== undefined && trainer.updates > 0)
          context.emit(
            'phase',
            compiling ? { phase: 'compiling', sentence } : { phase: 'running', sentence: '' },
          );
      },
    };
    let trainer: Trainer | undefined;
    try {
      trainer = await createTrainer(options);
      return await runTraining({ input, context, model, tokenizer, data, trainer, options, lora });
    } catch (thrown) {
      throw asModelGone(asOutOfMemory(thrown), base);
    } finally {
      await trainer?.release();
    }
  },
};

/** The sentence of a failure whose cause is that files of the model are gone; other errors as they are. */
function asModelGone(thrown: unknown, { name, folder, tensors }: Model): unknown {
  const files = [join(folder, 'config.json'), ...[...tensors.values()].map(({ file }) => file)];
  const gone = files.find((file) => !existsSync(file));
  if (thrown instanceof AppError || gone === undefined) return thrown;
  return new AppError(
    'model-gone',
    `${basename(gone)} of "${name}" is no longer there, so the run could not go on. Its checkpoints are safe.`,
    'Put the folder of the model back, then go on from the last checkpoint.',
    { cause: thrown },
  );
}

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
  if (lora === undefined) return undefined;
  requireSameLabels(model, startFrom);
  return startAdapter(model, lora, startFrom.folder);
}

/** The outputs of a classifier mean the labels of its run, in their order. */
function requireSameLabels(model: Model, { folder, run }: StartPoint): void {
  const [mine, head] = [labelsOf(model), headIn(folder)];
  if (mine === undefined || head === null) return;
  const theirs = head.labels;
  if (head.problemType !== problemOf(model)) {
    throw new AppError(
      'start-other-task',
      `Run ${run} learned another task (${head.problemType}) than these settings ask for (${problemOf(model)}).`,
      'Start from the base model, or choose the task of that run.',
    );
  }
  if (mine.join('\n') === theirs.join('\n')) return;
  throw new AppError(
    'start-other-labels',
    `Run ${run} has the labels ${quoted(theirs)}, and these records have ${quoted(mine)}.`,
    'Start from the base model, or choose records with the same answers.',
  );
}

interface Parts {
  input: TrainInput;
  context: Context;
  model: Model;
  tokenizer: Tokenizer;
  data: TrainingData;
  trainer: Trainer;
  /** What the trainer was made with. Its `model` may be quantized; the one beside it never is. */
  options: TrainerOptions;
  lora: TrainerOptions['lora'];
}

async function runTraining(parts: Parts): Promise<Result> {
  const { input, context, model, tokenizer, data, trainer } = parts;
  const { settings, runFolder } = input;
  const padId = paddingId(model, tokenizer);
  const maxLength = maxLengthOf(settings, model);
  const microBatchTokens = microBatchTokensOf(settings, model);
  const records = data.train.records;
  const { packs, lay } = taskTypeOf(model);
  const packing = settings.packing && packs;
  const plan = planUpdates(plannedLengths(records), { ...settings, packing, maxLength, microBatchTokens });
  const validator = createValidator(settings, parts, padId);
  const { progressed, points } = resume(parts, plan);
  const { schedule } = progressed;
  const totalSteps = schedule.total_steps;
  const { evalEvery, saveEvery } = intervalsOf(settings, totalSteps);
  const timer = createTimer(totalSteps, plan.stepsPerEpoch);
  let last = points.findLast((point): point is MetricPoint => 'gradNorm' in point);
  let toldUnscored = false;

  const writePoints = createPointWriter(runFolder);
  const kept = keepCheckpoints(runFolder, trainer.updates);
  const bestStep = () => progressed.best?.step ?? null;

  const record = (train: MetricPoint[], rest: Point[] = []) => {
    writePoints([...train, ...rest]);
    const validation = rest.filter((point) => 'best' in point);
    const samples = rest.filter((point): point is SamplePoint => 'prompt' in point);
    context.emit('metrics', { train, validation, samples } as never);
  };

  const validate = async (step: number) => {
    if (!validator.has) return { improved: false, stop: false };
    const validated = await validator.measure(context.signal);
    if (validated === undefined) return { improved: false, stop: false };
    const rate = () => learningRateAt(schedule, Math.max(0, step - 1));
    if (!Number.isFinite(validated.loss)) throw notANumber(step, rate());
    if (validated.unscored !== undefined && !toldUnscored) {
      const sentence = `The validation of step ${step} is judged by nothing: ${validated.unscored}`;
      context.emit('message', { level: 'warning', sentence });
      toldUnscored = true;
    }
    const { judged, improved, stop, point, sentence } = validator.judge(progressed, step, validated);
    Object.assign(progressed, judged);
    if (stop && step < totalSteps) context.emit('message', { level: 'info', sentence });
    record([], [point, ...(await samples.at(step, context.signal))]);
    return { improved, stop };
  };

  const save = async (_: number, best: boolean) => {
    context.emit('phase', { phase: 'saving', sentence: 'Saving a checkpoint.' });
    const saved = await savePatiently(parts, { ...progressed });
    kept.saved(saved.step, bestStep());
    context.emit('checkpoint', { step: saved.step, best, bytes: saved.bytes });
    context.emit('phase', { phase: 'running', sentence: '' });
  };

  const samples = createSamples(parts);
  context.emit('phase', { phase: 'compiling', sentence: 'Building the graphs of the first batch.' });
  const longest = trainer.updates < totalSteps ? longestBatch(plan) : undefined;
  if (longest !== undefined) await tryLongest(trainer, lay(records, longest, model, padId), context);
  let ended = false;
  if (trainer.updates === 0) await validate(0);
  else if (isDue(trainer.updates, points, { evalEvery, totalSteps })) {
    const { improved, stop } = await validate(trainer.updates);
    if (improved) await save(trainer.updates, true);
    ended = stop;
  }
  context.emit('phase', { phase: 'running', sentence: '' });
  const keepSound = (thrown: unknown): never => {
    if (thrown instanceof AppError && thrown.code === 'diverged') {
      const left = kept.dropUnsound(bestStep());
      const sentence =
        left === undefined
          ? 'No checkpoint from before is sound: start again with a lower learning rate.'
          : `The checkpoint of step ${left} is the last one with a good loss; later ones were removed.`;
      context.emit('message', { level: 'warning', sentence });
      if (left !== undefined) context.emit('checkpoint', { step: left, best: left === bestStep(), bytes: 0 });
    }
    throw thrown;
  };
  const tellSkipped = watchSkipped(trainer, context);
  const { stopped } = await runLoop({
    trainer,
    totalSteps: ended ? trainer.updates : totalSteps,
    batchesOf: (step) => plan.batchesOf(step).map((batch) => lay(records, batch, model, padId, step)),
    learningRateOf: (step) => learningRateAt(schedule, step),
    onStep: (report) => {
      if (report.sound) kept.sound(report.step - 1, bestStep());
      last = timer.point(report);
      record([last]);
      tellSkipped(report.step);
      context.progress({
        progress: report.step / totalSteps,
        position: `step ${report.step} of ${totalSteps}`,
        rate: `${Math.round(last.tokensPerSecond)} tokens/s`,
        secondsLeft: last.secondsLeft,
      });
    },
    validateEvery: validator.has ? evalEvery : 0,
    validate,
    saveEvery,
    save,
    signal: context.signal,
    unlessPaused: () => context.unlessPaused(),
  })
    .catch(keepSound)
    .finally(() => samples.release());
  kept.sound(trainer.updates, bestStep());
  return {
    step: trainer.updates,
    stopped,
    bestStep: bestStep(),
    trainLoss: last?.loss ?? 0,
    validationLoss: progressed.best?.loss ?? null,
    validationScore: settings.validationMetric === 'loss' ? null : (progressed.best?.value ?? null),
    peakBytes: processMemory().peakBytes,
  };
}

interface Resumed {
  progressed: Progressed;
  /** Of the run so far. */
  points: readonly Point[];
}

/**
 * Restores the newest complete checkpoint, or starts anew. The stored schedule wins (RULES 7), unless the user changed
 * what it is made from: then the rest of the run follows a new one, as if it had been that from the start.
 */
function resume({ input, context, trainer, lora }: Parts, { steps, stepsPerEpoch }: UpdatePlan): Resumed {
  const { epochs, learningRate, patience } = input.settings;
  const made = { epochs, learningRate, patience };
  const schedule = scheduleOf(input.settings, steps);
  const fresh: Progressed = { schedule, best: null, validationsWithoutGain: 0, made };
  if (!input.resume) return { progressed: fresh, points: [] };
  const { found, damaged } = newestCheckpoint(input.runFolder);
  for (const folder of damaged) {
    context.emit('message', {
      level: 'warning',
      sentence: `A damaged checkpoint was put aside: ${folder}.damaged.`,
    });
  }
  const points = cutPoints(input.runFolder, found?.step ?? -1);
  if (found === undefined) return { progressed: fresh, points };
  const { extra } = restoreCheckpoint(found.folder, trainer, lora !== undefined);
  context.emit('message', { level: 'info', sentence: `Went on after step ${found.step}.` });
  const stored = extra as unknown as Progressed;
  const before = stored.made ?? {
    epochs: stored.schedule.total_steps === steps ? epochs : stored.schedule.total_steps / stepsPerEpoch,
    learningRate: stored.schedule.lr,
    patience,
  };
  const changes = [
    before.epochs === epochs ? '' : `${epochs} epochs instead of ${before.epochs}`,
    before.learningRate === learningRate
      ? ''
      : `learning rate ${learningRate} instead of ${before.learningRate}`,
    before.patience === patience ? '' : `patience ${patience} instead of ${before.patience}`,
  ].filter((change) => change !== '');
  if (changes.length === 0)
    return { progressed: { ...stored, schedule: Schedule.parse(stored.schedule), made }, points };
  context.emit('message', { level: 'info', sentence: `From here on with ${changes.join(', ')}.` });
  return { progressed: { ...stored, schedule, validationsWithoutGain: 0, made }, points };
}

/** Whether a run that goes on was stopped in the validation of its step. */
function isDue(
  step: number,
  points: readonly Point[],
  { evalEvery, totalSteps }: { evalEvery: number; totalSteps: number },
): boolean {
  const validated = points.some((point) => 'best' in point && point.step === step);
  return !validated && (step % evalEvery === 0 || step === totalSteps);
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
        residentBytes: recentMemory(),
        secondsLeft: recent.length < 3 ? null : (totalSteps - report.step) * usual,
        time: Date.now(),
      };
    },
  };
}
