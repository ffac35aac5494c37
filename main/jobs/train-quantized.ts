// The quantized base of a run: made once into the cache with its progress as a phase of the run, and what quantization
// alone costs, measured on validation records before anything is trained.
import { dirname, join } from 'node:path';
import { log } from '../log.ts';
import type { Model } from '../models/load.ts';
import { openQuantized } from '../models/quantize.ts';
import { type BatchArrays, createTrainer, type Trainer, type TrainerOptions } from '../training/trainer.ts';
import type { JobContext, TrainInput } from './job.ts';

type Context = JobContext<'train'>;

/** The model that graphs read: quantized where the recipe says so. Its other facts stay. */
export async function openBase(input: TrainInput, model: Model, context: Context): Promise<Model> {
  const { quantization } = input.settings;
  if (quantization === 'none') return model;
  const label = quantization.toUpperCase();
  context.emit('phase', { phase: 'loading', sentence: `Quantizing the model to ${label}.` });
  const start = performance.now();
  const quantized = await openQuantized(model, quantization, cacheFolderOf(input), {
    signal: context.signal,
    onProgress: ({ share, checking }) => {
      const seconds = (performance.now() - start) / 1000;
      context.progress({
        progress: checking ? null : share,
        position: checking
          ? 'checking the quantized model'
          : `quantizing the model to ${label}: ${Math.round(share * 100)} %`,
        rate: '',
        secondsLeft: checking || share < 0.05 ? null : (seconds * (1 - share)) / share,
      });
    },
  });
  const [before, after] = [model.bytes, quantized.bytes].map(megabytes);
  const sentence =
    `The base is read as ${label}: ${after} instead of ${before}. The adapter is evaluated and used in chat over ` +
    `this base, and merged with the original weights.${answersOnTheWay(input, model) ? '' : ' No sample answers are written on the way.'}`;
  if (!input.resume) context.emit('message', { level: 'info', sentence });
  return quantized;
}

/** Below the home folder of the app, shared by all runs; a run that is alone keeps its own. */
function cacheFolderOf({ quantizedFolder, runFolder }: TrainInput): string {
  return quantizedFolder ?? join(dirname(runFolder), 'quantized');
}

/** Models whose original weights are read once more to tell what quantization costs; larger ones take too much memory. */
const comparedBytes = 600e6;
/** Validation batches that are compared. */
export const comparedBatches = 8;

export interface QuantizationCost {
  /** Nats per label. */
  originalLoss: number;
  quantizedLoss: number;
  labels: number;
}

/** Mean loss of the same batches on both sets of weights. What is trained has to be the same in both. */
export async function quantizationCost(
  original: Pick<Trainer, 'losses'>,
  quantized: Pick<Trainer, 'losses'>,
  batches: readonly BatchArrays[],
): Promise<QuantizationCost> {
  const [of, sums] = [
    [original, quantized],
    [0, 0],
  ];
  let labels = 0;
  for (const batch of batches) {
    for (const [i, trainer] of of.entries()) {
      const losses = await trainer.losses(batch);
      for (const loss of losses) sums[i] += loss;
      if (i === 0) labels += losses.length;
    }
  }
  return { originalLoss: sums[0] / labels, quantizedLoss: sums[1] / labels, labels };
}

/** Says what quantization costs before the first step; says nothing where it is not measured. */
export async function reportCost<Batch>(
  { input, model, trainer, options, context }: Parts,
  batches: readonly Batch[],
  lay: (batch: Batch) => BatchArrays,
): Promise<void> {
  const { quantization } = input.settings;
  if (quantization === 'none' || batches.length === 0 || model.bytes > comparedBytes) return;
  const original = await createTrainer({ ...options, model, maxSessions: 1 });
  try {
    const cost = await quantizationCost(original, trainer, batches.map(lay));
    const { originalLoss, quantizedLoss, labels } = cost;
    log('info', 'quantization-cost', { ...cost });
    const sentence =
      `What ${quantization.toUpperCase()} alone costs on ${labels} validation tokens: perplexity ` +
      `${Math.exp(originalLoss).toFixed(2)} with the original weights, ${Math.exp(quantizedLoss).toFixed(2)} quantized.`;
    context.emit('message', { level: 'info', sentence });
  } finally {
    await original.release();
  }
}

interface Parts {
  input: TrainInput;
  /** With the original weights. */
  model: Model;
  trainer: Trainer;
  options: TrainerOptions;
  context: Context;
}

/** Of a large model the sessions of sample answers would take more memory than its quantized base saves. */
export function answersOnTheWay({ settings }: TrainInput, model: Model): boolean {
  return settings.quantization === 'none' || model.bytes <= comparedBytes;
}

function megabytes(bytes: number): string {
  return `${Math.max(1, Math.round(bytes / 1e6))} MB`;
}
