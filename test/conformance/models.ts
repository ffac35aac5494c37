// Conformance of causal models: logits, losses, gradients, training runs, adapters, packing and
// accumulation against reference.json and reference.safetensors of a model folder.
import { basename } from 'node:path';
import type { Provider } from '../../main/compiler/lowering.ts';
import type { Model } from '../../main/models/load.ts';
import { createTrainer } from '../../main/training/trainer.ts';
import { adapterRows } from './adapters.ts';
import { type Check, type CheckOptions, compared, type Row, skipped } from './check.ts';
import {
  isOtherKind,
  largest,
  modelOf,
  Reference,
  readStored,
  type StoredModel,
  type StoredRun,
  toBatch,
} from './reference.ts';
import {
  finalRow,
  gradientRows,
  logitsOf,
  meanLoss,
  plain,
  runRows,
  settingsOf,
  tolerances,
  withoutPadding,
} from './training.ts';

export const causalModels: Check = {
  id: 'causal models',
  matches: (folder, files) =>
    files.includes('config.json') && files.includes('reference.json') && !isOtherKind(folder),
  run: runCausalModel,
};

interface Context {
  name: string;
  model: Model;
  stored: StoredModel;
  reference: Reference;
  provider: Provider;
}

async function* runCausalModel(folder: string, options: CheckOptions): AsyncIterable<Row> {
  const name = basename(folder);
  const stored = readStored<StoredModel>(folder);
  const model = modelOf(folder, stored.kind);
  if ('skip' in model) {
    yield skipped(name, 'all', model.skip);
    return;
  }
  if (stored.batches === undefined) return; // passages.ts has what is stored of a real model
  const reference = new Reference(folder);
  const provider = options.provider as Provider;
  const context: Context = { name, model, stored, reference, provider };
  yield* forward(context);
  yield* full(context);
  for (const [key, lora] of Object.entries(stored.lora ?? {})) {
    const { batches, train_batches: trainBatches } = stored;
    yield* adapterRows({
      label: `${name} ${key}`,
      model,
      provider,
      reference,
      key,
      stored: lora,
      batch: toBatch(batches[0]),
      mask: batches[0].attention_mask,
      trainBatches: trainBatches.map(toBatch),
    });
  }
  yield* packed(context);
  yield* accumulation(context);
  if (stored.preference !== undefined)
    yield skipped(name, 'preference', 'preference losses are not supported yet');
  if (stored.kto !== undefined) yield skipped(name, 'kto', 'the KTO loss is not supported yet');
}

async function* forward({ name, model, stored, reference, provider }: Context): AsyncIterable<Row> {
  for (const [i, batch] of stored.batches.entries()) {
    const label = `${name} batch ${i}`;
    const key = `batch.${i}.logits`; // of some batches the loss alone is stored
    if (reference.has(key)) {
      const logits = await logitsOf(model, provider, toBatch(batch));
      const real = withoutPadding(logits, batch.attention_mask);
      yield compared(label, 'logits', largest(real, reference.get(key)), tolerances.logits);
    }
    const mean = await meanLoss(model, provider, toBatch(batch));
    yield compared(label, 'loss', Math.abs(mean - Number(batch.loss)), tolerances.loss);
  }
}

async function* full({ name, model, stored, reference, provider }: Context): AsyncIterable<Row> {
  if (stored.full === undefined) return;
  const { loss_batch_0, gradients, global_gradient_norm, ...runs } = stored.full;
  const label = `${name} full`;
  const trainer = await createTrainer({ model, ...plain, provider });
  const first = { loss: loss_batch_0, reference, prefix: 'full.grad.', names: gradients };
  yield* gradientRows(label, trainer, [toBatch(stored.batches[0])], first);
  const { gradNorm } = await trainer.update(0);
  const difference = Math.abs(gradNorm - global_gradient_norm) / global_gradient_norm;
  yield compared(label, 'gradient norm', difference, 1e-5, 'relative');
  await trainer.release();

  for (const [key, run] of Object.entries(runs) as [string, StoredRun][]) {
    if (run?.losses === undefined) continue;
    const runner = await createTrainer({ model, ...settingsOf(run), provider });
    yield* runRows(`${label} ${key}`, runner, run, stored.train_batches.map(toBatch));
    const prefix = `full.${key}.final.`;
    const final = new Map(reference.after(prefix).map((tensor) => [tensor, reference.get(prefix + tensor)]));
    if (final.size > 0) {
      const gradientsOf = (tensor: string) =>
        reference.has(`full.grad.${tensor}`) ? reference.get(`full.grad.${tensor}`) : undefined;
      yield finalRow(`${label} ${key}`, 'final weights', runner, final, { gradients: gradientsOf });
    }
    await runner.release();
  }
}

async function* packed({ name, model, stored, reference, provider }: Context): AsyncIterable<Row> {
  if (stored.packed === undefined) return;
  const { loss, gradients: names } = stored.packed;
  const trainer = await createTrainer({ model, ...plain, provider });
  const expected = { loss, reference, prefix: 'packed.grad.', names };
  yield* gradientRows(`${name} packed`, trainer, [toBatch(stored.packed)], expected);
  await trainer.release();
}

async function* accumulation({ name, model, stored, reference, provider }: Context): AsyncIterable<Row> {
  if (stored.accumulation === undefined) return;
  const { micro_batches: parts, token_weighted_loss: loss, gradients: names } = stored.accumulation;
  const trainer = await createTrainer({ model, ...plain, provider });
  const expected = { loss, reference, prefix: 'accumulation.grad.', names };
  yield* gradientRows(`${name} accumulation`, trainer, parts.map(toBatch), expected);
  await trainer.release();
}
