// What a base in few bits alone costs, before anything is learned: the loss of the same few validation records over the
// original weights and over the quantized ones, in the measure of the task. Both are read part by part, so that it takes
// little memory whatever the size of the model. Knows nothing of how a base is made.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LossUnit, QuantizedBase } from '../contract/losses.ts';
import type { TrainSettings } from '../contract/runs.ts';
import { log } from '../log.ts';
import type { Model } from '../models/load.ts';
import { initialAdapter, type LoraConfig } from '../models/lora.ts';
import { bitsOf, type QuantizationKind } from '../models/quantize-blocks.ts';
import { readTensor, type TensorInfo } from '../models/safetensors.ts';
import type { TrainingRecord } from '../training/data.ts';
import { lossesInParts, type OnTop } from '../training/loss-in-parts.ts';
import { lossUnitOf } from '../training/loss-unit.ts';
import { layoutPages, PagedArrays } from '../training/parameters.ts';
import { maxLengthOf } from '../training/recipe.ts';
import { taskTypeOf } from '../training/tasks/index.ts';
import { plannedLengths } from '../training/tasks/task-type.ts';
import { trainedTensors } from '../training/trained.ts';
import { planOnce } from '../training/updates.ts';
import type { JobContext, TrainInput } from './job.ts';

type Cost = NonNullable<QuantizedBase['cost']>;

/** Multiplications of the passes over one set of weights: about half a minute on two cores. */
const work = 1e12;
/** Tokens that say enough. */
const mostTokens = 4096;
/** Tokens with padding of one batch. At 1.1 B one passes in about 10 s on two cores, with 0.87 GB at peak. */
const batchTokens = 256;
/** No further batch is begun that would end after so long. */
const mostMs = 90_000;

export interface CostInput {
  original: Model;
  quantized: Model;
  settings: TrainSettings;
  /** Encoded validation records. */
  records: readonly TrainingRecord[];
  padId: number;
  /** What the run starts with on top of the base; the same over both. */
  onTop?: OnTop;
  signal?: AbortSignal;
  /** Gets the share done, 0 to 1. */
  onProgress?: (share: number) => void;
}

/** Null where there is nothing to measure on, or the work was cut off before the first batch. */
export async function quantizationCost(input: CostInput): Promise<Cost | null> {
  const { original, quantized, settings, padId, onTop, signal, onProgress } = input;
  const records = input.records.filter(({ labels }) => labels > 0);
  const chosen = someOf(records, original.parameters);
  const plans = planOnce(plannedLengths(chosen), maxLengthOf(settings, original), batchTokens);
  const batches = plans.map((plan) => taskTypeOf(original).lay(chosen, plan, original, padId));
  const options = { onTop, threads: settings.threads };
  const start = performance.now();
  let measured = 0;
  let labels = 0;
  let passes = 0;
  const sums = { original: 0, quantized: 0 };
  const pass = async (of: keyof typeof sums, batch: (typeof batches)[number]) => {
    const losses = await lossesInParts(of === 'original' ? original : quantized, batch, options);
    for (const loss of losses) sums[of] += loss;
    passes += 1;
    onProgress?.(passes / (2 * batches.length));
    return losses.length;
  };
  for (const [i, batch] of batches.entries()) {
    const spent = performance.now() - start;
    if (signal?.aborted || (i > 0 && spent + spent / i > mostMs)) break;
    labels += await pass('original', batch);
    await pass('quantized', batch);
    measured += plans[i].rows.length;
  }
  if (labels === 0) return null;
  const means = { original: sums.original / labels, quantized: sums.quantized / labels };
  if (!Number.isFinite(means.original) || !Number.isFinite(means.quantized)) return null;
  return { unit: lossUnitOf(original), ...means, labels, records: measured, of: records.length };
}

/** Records spread evenly over all of them: as many as a pass over a model of this size has time for. */
function someOf(records: readonly TrainingRecord[], parameters: number): TrainingRecord[] {
  const tokens = plannedLengths(records).reduce((sum, length) => sum + length, 0);
  const share = Math.min(mostTokens, work / parameters) / Math.max(1, tokens);
  const count = Math.min(records.length, Math.max(1, Math.round(share * records.length)));
  return Array.from({ length: Math.min(count, records.length) }, (_, i) => {
    return records[Math.floor((i * records.length) / count)];
  });
}

const score = (loss: number): string => loss.toPrecision(4);
const perplexity = (loss: number): string => Math.exp(loss).toFixed(2);

/** How a mean loss is told, by its unit. */
const measures = {
  'nats per token': { label: 'perplexity', text: perplexity },
  'nats per masked token': { label: 'perplexity of masked tokens', text: perplexity },
  'nats per word': { label: 'label loss per word', text: score },
  'nats per record': { label: 'label loss', text: score },
  'nats per label': { label: 'loss per label', text: score },
  'squared error': { label: 'squared error', text: score },
} satisfies Record<LossUnit, { label: string; text: (loss: number) => string }>;

/**
 * "Base in 4 bits (NF4): 0.45 GB instead of 2.2 GB; perplexity 12.31 instead of 11.98 on 40 validation records." What is
 * measured with an output layer that is new says little, and is said to.
 */
export function costSentence(
  base: Omit<QuantizedBase, 'sentence'>,
  {
    newHead = false,
    why = 'for lack of validation records',
  }: { newHead?: boolean /** Nothing was measured. */; why?: string } = {},
): string {
  const { kind, bytes, originalBytes, cost } = base;
  const saved = `Base in ${bitsOf[kind]}: ${sizeText(bytes)} instead of ${sizeText(originalBytes)}`;
  if (cost === null) return `${saved}; what that costs was not measured, ${why}.`;
  const { label, text } = measures[cost.unit];
  const { records, of } = cost;
  const on = `${records < of ? `${records} of ${of}` : of} validation ${of === 1 ? 'record' : 'records'}`;
  const head = newHead ? ', with an output layer that has learned nothing yet' : '';
  return `${saved}; ${label} ${text(cost.quantized)} instead of ${text(cost.original)} on ${on}${head}.`;
}

export function sizeText(bytes: number): string {
  if (bytes >= 1e8) return `${Number((bytes / 1e9).toPrecision(2))} GB`;
  return `${Number(Math.max(0.1, bytes / 1e6).toPrecision(2))} MB`;
}

/** What the validation of a run needs, and what it starts with. */
export interface CostParts {
  input: TrainInput;
  /** With the original weights. */
  model: Model;
  /** Encoded validation records. */
  records: readonly TrainingRecord[];
  padId: number;
  lora: LoraConfig | undefined;
  initial: ReadonlyMap<string, Float32Array> | undefined;
}

/**
 * Measures the quantized base of a run, once: keeps what it is in the run's folder and tells it. A run that goes on has
 * it already.
 */
export async function reportCost(
  { input, model, records, padId, lora, initial }: CostParts,
  quantized: Model,
  kind: QuantizationKind,
  context: JobContext<'train'>,
): Promise<void> {
  const file = join(input.runFolder, 'quantized-base.json');
  if (input.resume && existsSync(file)) return;
  const position = `measuring what ${kind.toUpperCase()} costs`;
  const measure = quantizationCost({
    original: model,
    quantized,
    settings: input.settings,
    records,
    padId,
    onTop: onTopOf(model, lora, initial),
    signal: context.signal,
    onProgress: (progress) => context.progress({ progress, position, rate: '', secondsLeft: null }),
  });
  // a run does not fail for what it can do without
  const cost = await measure.catch((error: unknown) => {
    log('warn', 'quantization-cost-failed', { error });
    return undefined;
  });
  if (context.signal.aborted) return;
  const base = { kind, originalBytes: model.bytes, bytes: quantized.bytes, cost: cost ?? null };
  const newHead = model.headModules !== undefined && !input.startFrom;
  const why = cost === undefined ? 'since the measurement failed (the log says why)' : undefined;
  const sentence = costSentence(base, { newHead, why });
  log('info', 'quantization-cost', { ...base });
  writeFileSync(file, JSON.stringify({ ...base, sentence }, null, 2));
  context.emit('quantized', { ...base, sentence });
}

/**
 * What a run starts with over either base: the adapter of another run, or only the modules that are trained whole, such as
 * a new output layer; an adapter of its own changes nothing yet.
 */
function onTopOf(model: Model, lora: CostParts['lora'], initial: CostParts['initial']): OnTop | undefined {
  if (lora === undefined) return undefined;
  const { sites, saved, specs } = trainedTensors({ model, lora });
  const own = new Set(saved.map(({ name }) => name));
  const used = initial === undefined ? specs.filter(({ name }) => own.has(name)) : specs;
  const values =
    initial ?? initialAdapter([], saved, 0, (name) => readTensor(model.tensors.get(name) as TensorInfo));
  const pages = layoutPages(used, 'nothing');
  const parameters = new PagedArrays(pages);
  for (const { name } of used) {
    const first = values.get(name);
    if (first !== undefined) parameters.view(name).set(first);
  }
  return { pages, sites: initial === undefined ? [] : sites, parameters };
}
