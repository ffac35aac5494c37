// Conformance of encoder-decoders: logits, losses, gradients, training runs, adapters and greedy texts, against
// reference.json and reference.safetensors of a model folder.
import { basename } from 'node:path';
import type { Provider } from '../../main/compiler/lowering.ts';
import { greedyTargets } from '../../main/inference/targets.ts';
import type { Model } from '../../main/models/load.ts';
import { pairBatch } from '../../main/training/tasks/seq2seq.ts';
import { type BatchArrays, createTrainer } from '../../main/training/trainer.ts';
import { adapterRows } from './adapters.ts';
import { type Check, type CheckOptions, compared, type Row } from './check.ts';
import { type StoredTexts, textsOf, widthOf } from './encoders.ts';
import {
  kindOf,
  largest,
  modelOf,
  pairKinds,
  Reference,
  readStored,
  type StoredLora,
  type StoredRun,
} from './reference.ts';
import {
  gradientRows,
  logitsOf,
  meanLoss,
  plain,
  runRows,
  settingsOf,
  tolerances,
  withoutPadding,
} from './training.ts';

interface StoredPairs extends StoredTexts {
  decoder_input_ids: number[][];
  /** -100 is left out. */
  labels: number[][];
  loss?: number;
}

interface StoredPairModel {
  batches: StoredPairs[];
  train_batches: StoredPairs[];
  full: { loss_batch_0: number; gradients: string[]; adamw?: StoredRun };
  greedy?: { of_batch: number; new_tokens: number[][]; max_new_tokens: number; min_top1_top2_gap: number };
  lora?: Record<string, StoredLora>;
}

export const encoderDecoders: Check = {
  id: 'encoder-decoders',
  matches: (folder, files) =>
    files.includes('config.json') && pairKinds.some((kind) => kind === kindOf(folder)),
  run: runPairs,
};

/** The batch that our own shifting makes; it has to give the stored `decoder_input_ids`. */
function batchOf(stored: StoredPairs, model: Model): BatchArrays {
  const padId = Number(model.rawConfig.pad_token_id ?? 0);
  const startId = model.architecture.decoderStart?.(model.config) ?? padId;
  const pairs = textsOf(stored).map((text, row) => ({
    ...text,
    target: stored.labels[row].filter((label) => label !== -100),
  }));
  return pairBatch(pairs, { width: widthOf([stored]), targetWidth: stored.labels[0].length, padId, startId });
}

async function* runPairs(folder: string, options: CheckOptions): AsyncIterable<Row> {
  const model = modelOf(folder);
  if ('skip' in model) throw new Error(model.skip);
  const name = basename(folder);
  const provider = options.provider as Provider;
  const reference = new Reference(folder);
  const stored = readStored<StoredPairModel>(folder);
  const maskOf = ({ labels }: StoredPairs) =>
    labels.map((row) => row.map((label) => (label === -100 ? 0 : 1)));
  for (const [i, one] of stored.batches.entries()) {
    const label = `${name} batch ${i}`;
    const batch = batchOf(one, model);
    const shifted = largest(batch.targetIds ?? [], one.decoder_input_ids.flat());
    yield compared(label, 'decoder inputs', shifted, 0);
    const logits = withoutPadding(await logitsOf(model, provider, batch), maskOf(one));
    yield compared(label, 'logits', largest(logits, reference.get(`batch.${i}.logits`)), tolerances.logits);
    const mean = await meanLoss(model, provider, batch);
    yield compared(label, 'loss', Math.abs(mean - Number(one.loss)), tolerances.loss);
  }
  const batch = batchOf(stored.batches[0], model);
  const trainBatches = stored.train_batches.map((one) => batchOf(one, model));
  const { loss_batch_0: loss, gradients: names, adamw } = stored.full;
  const trainer = await createTrainer({ model, ...plain, provider });
  yield* gradientRows(`${name} full`, trainer, [batch], { loss, reference, prefix: 'full.grad.', names });
  await trainer.release();
  if (adamw !== undefined) {
    const runner = await createTrainer({ model, ...settingsOf(adamw), provider });
    yield* runRows(`${name} full adamw`, runner, adamw, trainBatches);
    await runner.release();
  }
  if (stored.greedy !== undefined) yield await greedyRow(name, model, provider, stored, stored.greedy);
  for (const [key, lora] of Object.entries(stored.lora ?? {})) {
    const label = `${name} ${key}`;
    const mask = maskOf(stored.batches[0]);
    yield* adapterRows({ label, model, provider, reference, key, stored: lora, batch, mask, trainBatches });
  }
}

/** Greedy texts of the sources, which no end token stops. */
async function greedyRow(
  name: string,
  model: Model,
  provider: Provider,
  stored: StoredPairModel,
  greedy: NonNullable<StoredPairModel['greedy']>,
): Promise<Row> {
  const sources = textsOf(stored.batches[greedy.of_batch]);
  const tuned = { model, weights: undefined, lora: undefined };
  const options = { provider, eosIds: [], maxNewTokens: greedy.max_new_tokens };
  const found = await greedyTargets(tuned, sources, options);
  const note = `closest call ${greedy.min_top1_top2_gap}`;
  return compared(name, 'greedy ids', largest(found.flat(), greedy.new_tokens.flat()), 0, note);
}
