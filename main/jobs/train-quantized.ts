// The base of a run as its graphs read it, quantized or in the types of its device: made once into the cache with its
// progress as a phase of the run, and measured before anything is trained.
import { dirname, join } from 'node:path';
import type { TrainSettings } from '../contract/runs.ts';
import { openConverted, planConverted } from '../models/converted.ts';
import type { Model } from '../models/load.ts';
import { openQuantized, planQuantized } from '../models/quantize.ts';
import { bitsOf } from '../models/quantize-blocks.ts';
import type { CacheOptions } from '../models/weight-cache.ts';
import type { JobContext, TrainInput } from './job.ts';
import { type CostParts, reportCost, sizeText } from './quantization-cost.ts';

type Context = JobContext<'train'>;

/** The model that graphs read: quantized where the recipe says so, and as its device wants it. Its other facts stay. */
export async function openBase(parts: CostParts, context: Context): Promise<Model> {
  const { input, model } = parts;
  if (trainsAll(input.settings)) return model;
  const base = await quantizedBase(parts, context);
  const options = {
    signal: context.signal,
    onProgress: progressOf('converting the weights', 'converted weights', context),
  };
  return openConverted(base, input.settings, cacheFolderOf(input), options);
}

/** The same before anything is written, for plans. */
export function plannedBase(model: Model, settings: TrainSettings): Model {
  if (trainsAll(settings)) return model;
  const { quantization } = settings;
  return planConverted(quantization === 'none' ? model : planQuantized(model, quantization), settings);
}

/** What a base in few bits saves, and when one knows what it costs, for plans; null where it is read as it is. */
export function plannedSentence(model: Model, settings: TrainSettings, validated: boolean): string | null {
  const { quantization } = settings;
  if (quantization === 'none' || trainsAll(settings)) return null;
  const { bytes } = planQuantized(model, quantization);
  const cost = validated
    ? 'is measured at the start, on validation records'
    : 'cannot be measured, for lack of validation records';
  return (
    `The base is read in ${bitsOf[quantization]}: ${sizeText(bytes)} instead of ${sizeText(model.bytes)}. ` +
    `What that costs ${cost}.`
  );
}

/** Then graphs read no weight from a file. */
const trainsAll = ({ method, lastLayers, freeze }: TrainSettings) =>
  method === 'full' && lastLayers === 0 && freeze.length === 0;

/** Shows how far the making of weights is. */
function progressOf(what: string, made: string, context: Context): CacheOptions['onProgress'] {
  const start = performance.now();
  let told = '';
  return ({ share, checking }) => {
    const sentence = checking ? `Checking the ${made}.` : `${what[0].toUpperCase()}${what.slice(1)}.`;
    if (sentence !== told) context.emit('phase', { phase: 'loading', sentence });
    told = sentence;
    const seconds = (performance.now() - start) / 1000;
    context.progress({
      progress: checking ? null : share,
      position: checking ? `checking the ${made}` : `${what}: ${Math.round(share * 100)} %`,
      rate: '',
      secondsLeft: checking || share < 0.05 ? null : (seconds * (1 - share)) / share,
    });
  };
}

async function quantizedBase(parts: CostParts, context: Context): Promise<Model> {
  const { input, model } = parts;
  const { quantization } = input.settings;
  if (quantization === 'none') return model;
  const label = quantization.toUpperCase();
  const onProgress = progressOf(`quantizing the model to ${label}`, 'quantized model', context);
  const options = { signal: context.signal, onProgress };
  const quantized = await openQuantized(model, quantization, cacheFolderOf(input), options);
  await reportCost(parts, quantized, quantization, context);
  const without = answersOnTheWay(input, model) ? '' : ' No sample answers are written on the way.';
  const sentence = `The adapter is evaluated and used in chat over the base in ${bitsOf[quantization]}.${without}`;
  if (!input.resume) context.emit('message', { level: 'info', sentence });
  return quantized;
}

/** Below the home folder of the app, shared by all runs; a run that is alone keeps its own. */
function cacheFolderOf({ quantizedFolder, runFolder }: TrainInput): string {
  return quantizedFolder ?? join(dirname(runFolder), 'quantized');
}

/** Models of more bytes write no sample answers beside their quantized base. */
const answeringBytes = 600e6;

/** Of a large model the sessions of sample answers would take more memory than its quantized base saves. */
export function answersOnTheWay({ settings }: Pick<TrainInput, 'settings'>, model: Model): boolean {
  return settings.quantization === 'none' || model.bytes <= answeringBytes;
}
