// The plan of a run before it starts: updates, tokens, time, memory and disk, and the checks that a careful
// person would make. Predicts from the records and the graph; starts nothing. Reads the survey, never the
// documents.

import { stateElements } from '../compiler/optimizers/index.ts';
import type { Fit } from '../contract/models.ts';
import type { MemoryPolicy, MemoryRemedy, Plan, TrainSettings } from '../contract/runs.ts';
import type { Model } from '../models/load.ts';
import { checksOf } from './checks.ts';
import { paddedLabels } from './feeds.ts';
import { lossUnitOf } from './loss-unit.ts';
import { type Prediction, predictRun, type RunOutline, trainedOf, usualAnswers } from './memory.ts';
import { baseSettings } from './presets.ts';
import type { BatchShape } from './programs.ts';
import { intervalsOf, maxLengthOf, microBatchTokensOf, optimizerChoiceOf, plannedRates } from './recipe.ts';
import { keptSessions } from './session-cache.ts';
import type { StartPoint } from './start.ts';
import { labelsAt, type SurveyedRecord } from './survey.ts';
import { type MicroBatchPlan, planOnce, planUpdates, type UpdatePlan } from './updates.ts';

export interface PlanInput {
  model: Model;
  records: readonly SurveyedRecord[];
  settings: TrainSettings;
  /** Ids that end an answer. */
  endIds: readonly number[];
  /** Bytes this run may plan with. */
  memoryBytes: number;
  /** Bytes free on the disk of the project. */
  diskBytes: number;
  /** Measured speed of products, in billions of operations per second. */
  gflops: number;
  /** The other run whose weights are the first ones. */
  startFrom?: StartPoint | null;
  /** Whether sample answers are written at validations; they are unless given. */
  answers?: boolean;
  /** Adds what the other policies of recomputation would take, and the nearest setting that fits. */
  compare?: boolean;
}

/** Share of the speed of single products that the products of a step reach (measured: 145 of 156 GFLOP/s). */
const efficiency = 0.92;
/** Seconds that one layer takes of a pass there and back beside its products, however small: some 320 operations. */
const secondsPerLayer = 0.008;
/** Seconds for each token, layer and unit of its width: some 600 bytes of values that are read and written. */
const secondsPerUnit = 6e-8;
/** Seconds to create one session, per layer. */
const createSecondsPerLayer = 0.03;
/** A forward pass is a third of a step. */
const forwardShare = 1 / 3;
/** Checkpoints on disk at once: best, newest, and the one that is being written. */
const checkpointsKept = 3;
/** Updates that the shapes of batches are taken from. */
const sampledUpdates = 64;
/** Up to this share of what is free, a plan fits with room. */
const roomy = 0.85;

export function verdictOf(peakBytes: number, availableBytes: number): Plan['verdict'] {
  if (peakBytes > availableBytes) return 'too-large';
  return peakBytes > roomy * availableBytes ? 'tight' : 'fits';
}

/** The plan of a recipe. */
export function makePlan(input: PlanInput): Plan {
  const { model, settings, memoryBytes, compare = false } = input;
  const maxLength = maxLengthOf(settings, model);
  const usable = input.records.filter(
    (record) => record.refused === null && labelsAt(record, maxLength, settings.cut) > 0,
  );
  const train = usable.filter(({ split }) => split === 'train');
  const lengths = train.map(({ length }) => Math.min(length, maxLength));
  const labels = train.map((record) => labelsAt(record, maxLength, settings.cut));
  const microBatchTokens = microBatchTokensOf(settings, model);
  const updates = planUpdates(lengths, { ...settings, maxLength, microBatchTokens });
  const trained = trainedOf(model, settings);
  const shapes = shapesOf(updates, train.length, labels);
  const largest = largestOf(shapes, model, maxLength, microBatchTokens);
  const accumulates = shapes.length > Math.min(updates.steps, updates.stepsPerEpoch, sampledUpdates);
  const outline = outlineOf(input, usable, shapes, { accumulates, maxLength, microBatchTokens });
  const step = predictRun(model, settings, trained, largest, outline);
  const states = stateElements(optimizerChoiceOf(settings), trained.pages) / trained.count; // per trained number
  const written = settings.method === 'full' ? model.parameters : trained.count; // with what is frozen
  const checkpoints = ((written + trained.count * states) * 4 + 1_000_000) * checkpointsKept;
  const quantizedBase = model.quantized === undefined ? 0 : model.bytes; // kept for the next run too
  const convertedBase = model.originals === undefined || model.quantized !== undefined ? 0 : model.bytes; // in the types of the device
  const passes = train.length === 0 ? 0 : updates.steps / updates.stepsPerEpoch;
  const sum = (list: readonly number[]) => list.reduce((total, count) => total + count, 0);
  const plan = {
    steps: updates.steps,
    stepsPerEpoch: updates.stepsPerEpoch,
    tokens: Math.round(sum(lengths) * passes),
    trainedTokens: Math.round(sum(labels) * passes),
    trainableParameters: trained.count,
    totalParameters: model.parameters,
    seconds: secondsOf(input, updates, shapes, largest, step, usable, maxLength),
    lossUnit: lossUnitOf(model),
    peakBytes: Math.round(step.peakBytes),
    memory: step.parts.map(({ name, bytes }) => ({ name, bytes: Math.round(bytes) })),
    availableBytes: memoryBytes,
    verdict: verdictOf(step.peakBytes, memoryBytes),
    diskBytes: checkpoints + quantizedBase + convertedBase,
    quantizedBytes: quantizedBase,
    learningRates: plannedRates(settings, updates.steps),
    policies: [],
    nearest: null,
  };
  const policies = compare ? policiesOf(input, plan) : [];
  const nearest =
    compare && plan.verdict === 'too-large' ? nearestFit(input, microBatchTokens, maxLength) : null;
  return { ...plan, checks: checksOf(input, plan, maxLength), policies, nearest };
}

/** What the run holds beside its largest pass. */
function outlineOf(
  { model, settings, records, answers = true }: PlanInput,
  usable: readonly SurveyedRecord[],
  shapes: readonly SeenShape[],
  { accumulates, ...sizes }: { accumulates: boolean; maxLength: number; microBatchTokens: number },
): RunOutline {
  const { maxLength, microBatchTokens } = sizes;
  const held = usable.filter(({ split }) => split === 'validation');
  const lengths = held.map(({ length }) => Math.min(length, maxLength));
  const labels = held.map((record) => labelsAt(record, maxLength, settings.cut));
  const measured = planOnce(lengths, maxLength, microBatchTokens).map((batch) => shapeOf(batch, labels));
  const prompts = settings.samplePrompts.length || Math.min(usualAnswers.prompts, held.length);
  const tokens = Math.min(model.shape.contextLength, Math.max(0, ...lengths) + usualAnswers.tokens);
  const kept = records.filter(({ split }) => split !== 'test');
  return {
    shapes: Math.max(1, distinct(shapes)),
    accumulates,
    validation:
      held.length === 0
        ? null
        : { largest: largestOf(measured, model, maxLength, microBatchTokens), shapes: distinct(measured) },
    answers: held.length === 0 || !answers ? null : { prompts, tokens },
    records: { count: records.length, tokens: kept.reduce((sum, { length }) => sum + length, 0) },
  };
}

const distinct = (shapes: readonly SeenShape[]): number =>
  new Set(shapes.map(({ rows, width, labels, segments }) => `${rows} ${width} ${labels} ${segments}`)).size;

const policies: readonly MemoryPolicy['recompute'][] = ['off', 'selective', 'layer'];

/** What each policy of recomputation takes. */
function policiesOf(input: PlanInput, own: Pick<Plan, 'peakBytes' | 'seconds' | 'verdict'>): MemoryPolicy[] {
  return policies.map((recompute) => {
    const settings = { ...input.settings, recompute };
    const same = recompute === input.settings.recompute;
    const { peakBytes, seconds, verdict } = same ? own : makePlan({ ...input, settings, compare: false });
    return { recompute, peakBytes, seconds, verdict };
  });
}

/** Shortest length that a remedy cuts records to. */
const shortest = 128;

/**
 * The first that fits: recomputation and smaller passes, which leave the result as it is, then shorter records. Null where
 * even the last is too large.
 */
function nearestFit(input: PlanInput, usualTokens: number, usualLength: number): MemoryRemedy | null {
  const own = input.settings;
  const same = { microBatchTokens: own.microBatchTokens, maxLength: own.maxLength, cuts: false };
  const ladder: Omit<MemoryRemedy, 'peakBytes'>[] = policies
    .slice(policies.indexOf(own.recompute) + 1)
    .map((policy) => ({ ...same, recompute: policy }));
  for (let tokens = usualTokens >> 1; tokens >= shortest; tokens >>= 1)
    ladder.push({ ...same, recompute: 'layer', microBatchTokens: tokens });
  const longest = input.records.reduce((most, { length }) => Math.max(most, length), 0);
  for (let length = Math.min(usualLength, longest) >> 1; length >= shortest; length >>= 1)
    ladder.push({ recompute: 'layer', microBatchTokens: shortest, maxLength: length, cuts: true });
  for (const remedy of ladder) {
    const { recompute, microBatchTokens, maxLength } = remedy;
    const { peakBytes, verdict } = makePlan({
      ...input,
      settings: { ...input.settings, recompute, microBatchTokens, maxLength },
      compare: false,
    });
    if (verdict !== 'too-large') return { ...remedy, peakBytes };
  }
  return null;
}

interface SeenShape extends BatchShape {
  /** Tokens with padding. */
  tokens: number;
}

/** Shapes of the micro-batches in the first updates, one entry each. */
function shapesOf(updates: UpdatePlan, records: number, labels: readonly number[]): SeenShape[] {
  if (records === 0) return [];
  const count = Math.min(updates.steps, updates.stepsPerEpoch, sampledUpdates);
  return Array.from({ length: count }, (_, step) =>
    updates.batchesOf(step).map((batch) => shapeOf(batch, labels)),
  ).flat();
}

function shapeOf({ rows, width }: MicroBatchPlan, labels: readonly number[]): SeenShape {
  const labelled = rows.flat().reduce((sum, { record }) => sum + labels[record], 0);
  const tokens = rows.length * width;
  const bucket = paddedLabels(Math.min(labelled, tokens), tokens);
  return { rows: rows.length, width, labels: bucket, segments: rows.some((row) => row.length > 1), tokens };
}

/** The shape whose values take most: some twenty of each unit of a token, and for each head all places that a token sees. */
function largestOf(
  shapes: readonly SeenShape[],
  { shape: { hiddenSize, headDim } }: Model,
  maxLength: number,
  microBatchTokens: number,
): BatchShape {
  const heads = hiddenSize / (headDim || 64);
  const sizeOf = ({ tokens, width }: SeenShape) => tokens * (20 * hiddenSize + heads * width);
  const width = Math.min(maxLength, 512);
  const rows = Math.max(1, Math.floor(microBatchTokens / width));
  const assumed = { rows, width, labels: rows * width, segments: false, tokens: rows * width };
  return shapes.reduce((most, shape) => (sizeOf(shape) > sizeOf(most) ? shape : most), shapes[0] ?? assumed);
}

function secondsOf(
  { model, settings, gflops }: PlanInput,
  updates: UpdatePlan,
  shapes: readonly SeenShape[],
  largest: BatchShape,
  { flops }: Prediction,
  usable: readonly SurveyedRecord[],
  maxLength: number,
): number {
  if (shapes.length === 0) return 0;
  const { layers, hiddenSize } = model.shape;
  const secondsPerToken =
    flops / (largest.rows * largest.width) / (gflops * 1e9 * efficiency) +
    layers * hiddenSize * secondsPerUnit;
  const sampled = Math.min(updates.steps, updates.stepsPerEpoch, sampledUpdates);
  const tokensPerStep = shapes.reduce((sum, { tokens }) => sum + tokens, 0) / sampled;
  const secondsPerStep =
    tokensPerStep * secondsPerToken + (shapes.length / sampled) * layers * secondsPerLayer;
  const validation = usable
    .filter(({ split }) => split === 'validation')
    .reduce((sum, { length }) => sum + Math.min(length, maxLength), 0);
  const validations = 1 + Math.ceil(updates.steps / intervalsOf(settings, updates.steps).evalEvery);
  return (
    updates.steps * secondsPerStep +
    secondsPerToken * validations * validation * forwardShare +
    Math.min(distinct(shapes), keptSessions(model)) * layers * createSecondsPerLayer
  );
}

export interface FitInput {
  model: Model;
  /** Null before a dataset is chosen. */
  records: readonly SurveyedRecord[] | null;
  memoryBytes: number;
  gflops: number;
}

/** Whether the model can be trained here, for each method, with the suggested settings. */
export function fitsOf({ model, records, memoryBytes, gflops }: FitInput): Fit[] {
  const train = records?.filter(({ split }) => split === 'train').length ?? 1000;
  const facts = { model, records: train, validation: false, fits: true };
  return (['lora', 'full'] as const).map((method) => {
    const settings: TrainSettings = { ...baseSettings(facts), method, epochs: 1 };
    const input = {
      model,
      records: records ?? [],
      settings,
      endIds: [],
      memoryBytes,
      diskBytes: Number.MAX_SAFE_INTEGER,
      gflops,
    };
    const { peakBytes, verdict, seconds } = makePlan(input);
    return {
      method,
      verdict,
      peakBytes,
      availableBytes: memoryBytes,
      secondsPerEpoch: records === null ? null : seconds,
    };
  });
}
