// Conformance of training variants: label smoothing, frozen and tied embeddings, recomputation, 16-bit
// weights, accumulation, and adapters of many shapes, against the cases of a folder that name the model
// folder beside it.
import { basename, join } from 'node:path';
import type { Provider } from '../../main/compiler/lowering.ts';
import type { Model } from '../../main/models/load.ts';
import { fromFloat32, toFloat32 } from '../../main/models/safetensors.ts';
import { createTrainer, type TrainerOptions } from '../../main/training/trainer.ts';
import { adapterRows } from './adapters.ts';
import { type Check, type CheckOptions, compared, type Row, skipped } from './check.ts';
import {
  largest,
  modelOf,
  Reference,
  readStored,
  type StoredBatch,
  type StoredLora,
  type StoredModel,
  type StoredRun,
  toBatch,
} from './reference.ts';
import { finalRow, plain, runRows, settingsOf, tolerances } from './training.ts';

interface FullCase {
  model: string;
  method: 'full';
  label_smoothing?: number;
  /** What is frozen, in words: always the input embedding, with what is tied to it. */
  frozen?: string;
  loss_batch_0?: number | number[];
  global_gradient_norm?: number;
  /** Present where activations are recomputed: 0. */
  max_abs_gradient_difference?: number;
  train?: StoredRun;
}

type AccumulationCase = { model: string; method: 'full'; micro_batches: StoredBatch[][] } & Omit<
  StoredRun,
  'learning_rates'
>;

type LoraCase = { model: string; method: 'lora' } & StoredLora;

interface Stored {
  cases?: Record<string, FullCase | AccumulationCase | LoraCase>;
}

export const trainingCases: Check = {
  id: 'training cases',
  matches: (_, files) => files.includes('reference.json') && !files.includes('config.json'),
  run: runCases,
};

async function* runCases(folder: string, options: CheckOptions): AsyncIterable<Row> {
  const { cases = {} } = readStored<Stored>(folder);
  const reference = new Reference(folder);
  const provider = options.provider as Provider;
  for (const [key, one] of Object.entries(cases)) {
    const label = `${basename(folder)} ${key}`;
    const modelFolder = join(folder, '..', one.model);
    const model = modelOf(modelFolder);
    if ('skip' in model) {
      yield skipped(label, 'all', model.skip);
      continue;
    }
    const { batches, train_batches: trainBatches } = readStored<StoredModel>(modelFolder);
    if (one.method === 'lora') {
      const [batch] = batches;
      yield* adapterRows({
        label,
        model,
        provider,
        reference,
        key,
        stored: one,
        batch: toBatch(batch),
        mask: batch.attention_mask,
        trainBatches: trainBatches.map(toBatch),
      });
    } else if ('micro_batches' in one) {
      yield* accumulated(label, model, provider, one);
    } else {
      yield* fullRows(label, model, provider, reference, key, one, batches, trainBatches);
    }
  }
}

async function* accumulated(
  label: string,
  model: Model,
  provider: Provider,
  one: AccumulationCase,
): AsyncIterable<Row> {
  const run = { ...one, learning_rates: one.losses.map(() => one.lr) };
  const trainer = await createTrainer({ model, provider, ...settingsOf(run) });
  yield* runRows(
    label,
    trainer,
    run,
    one.micro_batches.map((parts) => parts.map(toBatch)),
  );
  await trainer.release();
}

async function* fullRows(
  label: string,
  model: Model,
  provider: Provider,
  reference: Reference,
  key: string,
  one: FullCase,
  batches: readonly StoredBatch[],
  trainBatches: readonly StoredBatch[],
): AsyncIterable<Row> {
  const embeddings = new Set(model.specs.flatMap(({ name, kind }) => (kind === 'embedding' ? [name] : [])));
  const base: Omit<TrainerOptions, 'optimizer' | 'weightDecay' | 'maxGradNorm'> = {
    model,
    provider,
    labelSmoothing: one.label_smoothing ?? 0,
    recompute: one.max_abs_gradient_difference === undefined ? 'off' : 'selective',
    frozen: one.frozen === undefined ? undefined : (name) => embeddings.has(name),
  };
  if (one.loss_batch_0 !== undefined || one.global_gradient_norm !== undefined) {
    const trainer = await createTrainer({ ...base, ...plain });
    const { lossSum, weight } = await trainer.accumulate(toBatch(batches[0]));
    for (const loss of [one.loss_batch_0 ?? []].flat()) {
      yield compared(label, 'loss', Math.abs(lossSum / weight - loss), tolerances.loss);
    }
    const { gradNorm } = await trainer.update(0);
    const norm = one.global_gradient_norm;
    if (norm !== undefined)
      yield compared(label, 'gradient norm', Math.abs(gradNorm - norm) / norm, 1e-5, 'relative');
    await trainer.release();
  }
  if (one.train === undefined) return;
  const runner = await createTrainer({ ...base, ...settingsOf(one.train) });
  yield* runRows(label, runner, one.train, trainBatches.map(toBatch));
  const prefix = `${key}.final.`;
  const final = new Map(reference.after(prefix).map((name) => [name, reference.get(prefix + name)]));
  if (final.size > 0) yield finalRow(label, 'final weights', runner, final);
  for (const name of reference.after(`${key}.final_as_bf16.`)) {
    const rounded = toFloat32(fromFloat32(runner.parameters.view(name), 'bfloat16'), 'bfloat16');
    const stored = reference.get(`${key}.final_as_bf16.${name}`);
    yield compared(label, 'final weights as bfloat16', oneStepOff(rounded, stored), 0, roundingNote);
  }
  await runner.release();
}

const roundingNote = 'values more than one bfloat16 step away; a difference of 1e-5 may round the other way';

/** How many values differ by more than one step of bfloat16 (8 bits of precision). */
function oneStepOff(found: Float32Array, expected: Float32Array): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  return found.filter((value, i) => largest([value], [expected[i]]) > 2 ** -7 * Math.abs(expected[i])).length;
}
