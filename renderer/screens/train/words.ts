// The recipe in words, and the parts of the memory bar: pure text and shares from settings, plan and machine.
import type { DatasetVersion } from '../../../main/contract/datasets.ts';
import type { BaseModel } from '../../../main/contract/models.ts';
import type { Plan, TrainSettings } from '../../../main/contract/runs.ts';
import type { Machine } from '../../../main/contract/settings.ts';
import { about, bytes, integer, learningRate, percent, plural } from '../../components/format.ts';
import { MEASURE_LABELS } from './controls.ts';
import { NOISE_TASKS, OPTIMIZER_LABELS, PROVIDER_LABELS, SCHEDULE_LABELS } from './groups.ts';

export interface WordRow {
  head: string;
  text: string;
}

/** One row each for data, model, method and device; numbers of the plan are left out until it is there. */
export function recipeWords(
  settings: TrainSettings,
  version: DatasetVersion,
  model: BaseModel,
  plan: Plan | null,
  startRun: number | null = null,
): WordRow[] {
  return [
    { head: 'Data', text: dataWords(version, plan) },
    { head: 'Model', text: `${modelWords(settings, model, plan)}${startWords(settings, startRun)}` },
    { head: 'Method', text: `${methodWords(settings)} ${optimizerWords(settings, model.task)}` },
    { head: 'Length', text: lengthWords(settings, plan) },
    { head: 'Device', text: deviceWords(settings) },
  ];
}

function dataWords(version: DatasetVersion, plan: Plan | null): string {
  const records = `Dataset version ${version.number}: ${plural(version.report.records.train, 'training record')}`;
  if (!plan || plan.tokens === 0) return `${records}.`;
  const share = percent(plan.trainedTokens / plan.tokens);
  return `${records}. The whole run reads ${integer(plan.tokens)} tokens and learns from ${share} of them.`;
}

function modelWords(settings: TrainSettings, model: BaseModel, plan: Plan | null): string {
  const all = integer(model.parameters);
  if (settings.method === 'full') {
    const part = settings.lastLayers > 0 || settings.freeze.length > 0;
    if (!part) return `${model.name}. All ${all} weights are trained; the base folder stays as it is.`;
    const trained = plan ? `${integer(plan.trainableParameters)} of ${all}` : 'A part of the';
    return `${model.name}. ${trained} weights are trained; the base folder stays as it is.`;
  }
  if (!plan) return `${model.name}. The base stays as it is.`;
  const share = percent(plan.trainableParameters / Math.max(1, model.parameters));
  return `${model.name}. ${integer(plan.trainableParameters)} weights are added and trained, ${share} of the base's ${all}; the base stays as it is.`;
}

function startWords({ startFrom }: TrainSettings, startRun: number | null): string {
  if (startFrom === null) return '';
  const run = startRun === null ? 'a run that is gone' : `run ${startRun}`;
  return ` The first weights are those of the ${startFrom.checkpoint} checkpoint of ${run}.`;
}

function methodWords(settings: TrainSettings): string {
  const { lora, lastLayers, freeze } = settings;
  if (settings.method === 'full') {
    const last = lastLayers > 0 ? ` of the last ${plural(lastLayers, 'layer')}` : '';
    const frozen = freeze.length > 0 ? `, without ${joined(freeze)}` : '';
    return `Full fine-tuning${last}${frozen}.`;
  }
  const { layers, bias, modulesToSave } = lora;
  const name = lora.dora
    ? lora.rslora
      ? 'DoRA with the scale of rsLoRA'
      : 'DoRA'
    : lora.rslora
      ? 'rsLoRA'
      : 'LoRA';
  const ranks = Object.keys(lora.rankPattern).length + Object.keys(lora.alphaPattern).length;
  const parts = [
    `${name}, rank ${lora.rank}`,
    lora.targets === 'all-linear' ? 'on all linear layers' : `on ${joined(lora.targets)}`,
    layers.length > 0 ? `in ${plural(layers.length, 'block')} of the model` : '',
    lora.exclude.length > 0 ? `without ${joined(lora.exclude)}` : '',
    ranks > 0 ? 'some with a rank or alpha of their own' : '',
    lora.dropout > 0 ? `dropout ${lora.dropout}` : '',
    lora.plusRatio === 1 ? '' : `LoRA+ ratio ${lora.plusRatio}`,
    bias === 'none' ? '' : 'with biases',
    modulesToSave.length > 0 ? `${joined(modulesToSave)} trained whole` : '',
  ];
  return `${parts.filter(Boolean).join(', ')}.`;
}

function optimizerWords(settings: TrainSettings, task: BaseModel['task']): string {
  const { optimizer, schedule, warmupSteps, labelSmoothing, neftuneAlpha } = settings;
  const own = optimizer.kind === 'adafactor' && optimizer.relativeStep;
  const parts = [
    OPTIMIZER_LABELS[optimizer.kind],
    ...(own
      ? ['a learning rate of its own']
      : [
          `learning rate ${learningRate(settings.learningRate)}`,
          warmupSteps > 0 ? plural(warmupSteps, 'warm-up step') : '',
          lowered(SCHEDULE_LABELS[schedule]),
        ]),
    labelSmoothing > 0 ? `label smoothing ${labelSmoothing}` : '',
    neftuneAlpha > 0 && NOISE_TASKS.includes(task) ? `NEFTune noise ${neftuneAlpha}` : '',
  ];
  return `${parts.filter(Boolean).join(', ')}.`;
}

const lowered = (text: string): string => `${text.charAt(0).toLowerCase()}${text.slice(1)}`;

function lengthWords(settings: TrainSettings, plan: Plan | null): string {
  const epochs = `${plural(settings.epochs, 'epoch')} at ${plural(settings.batchSize, 'record')} a step`;
  const steps = plan ? `: ${plural(plan.steps, 'step')}` : '';
  const stop =
    settings.patience > 0
      ? ` Ends early after ${plural(settings.patience, 'validation')} without ${gainWords(settings)}.`
      : ' Runs to the end.';
  return `${epochs}${steps}.${stop}`;
}

function gainWords({ validationMetric, minimumGain }: TrainSettings): string {
  const byLoss = validationMetric === 'loss';
  if (byLoss && minimumGain === 0) return 'a better loss';
  const size = minimumGain > 0 ? ` of more than ${minimumGain}` : '';
  return `a gain${size} in ${byLoss ? 'the loss' : `"${MEASURE_LABELS[validationMetric]}"`}`;
}

function deviceWords(settings: TrainSettings): string {
  const half = settings.precision === 'fp32' ? '' : `, products in ${settings.precision}`;
  if (settings.provider !== 'cpu')
    return `${PROVIDER_LABELS[settings.provider]}${half}, seed ${settings.seed}.`;
  const threads = settings.threads === 0 ? 'all cores' : plural(settings.threads, 'thread');
  return `Processor, ${threads}${half}. The same recipe gives the same losses again, seed ${settings.seed}.`;
}

function joined(names: readonly string[]): string {
  return names.length > 4 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
}

export interface MemorySegment {
  name: string;
  bytes: number;
  /** Share of the whole bar, 0 to 1. */
  share: number;
  kind: 'others' | 'run' | 'left';
}

export interface MemoryBarParts {
  segments: MemorySegment[];
  /** Where the safe limit stands, 0 to 1. */
  limitShare: number;
  limitBytes: number;
  /** Negative when the run needs more than is there. */
  spareBytes: number;
  totalBytes: number;
}

/** Memory that a run takes its part of. */
export interface RunMemory extends Pick<Machine, 'memoryBytes' | 'freeMemoryBytes'> {
  of: 'this computer' | 'the graphics card';
}

/**
 * The memory that a run on `provider` takes its part of: that of its card where it is known, which is planned with as if it
 * were free, or else that of the computer.
 */
export function memoryOf(
  machine: Pick<Machine, 'memoryBytes' | 'freeMemoryBytes' | 'devices'>,
  provider: TrainSettings['provider'],
): RunMemory {
  const cards = machine.devices.filter((device) => provider !== 'cpu' && device.provider === provider);
  const card = Math.max(0, ...cards.map(({ memoryBytes }) => memoryBytes ?? 0));
  return card > 0
    ? { memoryBytes: card, freeMemoryBytes: card, of: 'the graphics card' }
    : { ...machine, of: 'this computer' };
}

/**
 * Parts of the memory bar from left to right: other programs, the parts of the run, what is left. The bar is as wide
 * as the computer's memory, or wider when the plan needs more than that.
 */
export function memoryBar(
  plan: Plan,
  machine: Pick<Machine, 'memoryBytes' | 'freeMemoryBytes'>,
): MemoryBarParts {
  const others = Math.max(0, machine.memoryBytes - machine.freeMemoryBytes);
  const run = plan.memory.reduce((sum, part) => sum + part.bytes, 0);
  const left = Math.max(0, machine.memoryBytes - others - run);
  const total = others + run + left;
  const limitBytes = others + plan.availableBytes;
  const segments: MemorySegment[] = [
    { name: 'Other programs', bytes: others, kind: 'others' as const },
    ...plan.memory.map((part) => ({ ...part, kind: 'run' as const })),
    { name: 'Left over', bytes: left, kind: 'left' as const },
  ].map((segment) => ({ ...segment, share: total > 0 ? segment.bytes / total : 0 }));
  return {
    segments,
    limitBytes,
    limitShare: total > 0 ? Math.min(1, limitBytes / total) : 1,
    spareBytes: plan.availableBytes - plan.peakBytes,
    totalBytes: total,
  };
}

/** "Fits, 3.3 GB to spare", "Tight, 0.2 GB to spare" or "Too large by 1.4 GB". */
export function verdictWords(plan: Plan): string {
  const spare = plan.availableBytes - plan.peakBytes;
  if (plan.verdict === 'too-large') return `Too large by ${bytes(Math.abs(spare))}`;
  return `${plan.verdict === 'fits' ? 'Fits' : 'Tight'}, ${bytes(Math.max(0, spare))} to spare`;
}

/** What happens when the run is over. */
export function afterwardsWords(thenEvaluate: boolean, version: DatasetVersion): string {
  const { test, validation } = version.report.records;
  if (!thenEvaluate) return 'Nothing. You can evaluate the run later.';
  if (test > 0) return `Evaluate base against tuned on ${plural(test, 'test record')}.`;
  if (validation > 0)
    return `Evaluate base against tuned on ${plural(validation, 'validation record')}, because there is no test split.`;
  return 'Nothing can be measured: this dataset version has no test records.';
}

/** Time of a preset's card: early stopping makes it an upper bound. */
export function presetTime(settings: TrainSettings, plan: Plan): string {
  const time = about(plan.seconds);
  return settings.patience > 0 ? time.replace('about', 'up to') : time;
}
