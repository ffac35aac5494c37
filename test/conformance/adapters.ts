// Conformance of LoRA: first loss and gradients, the training run, the final adapter, and the logits that
// PEFT's merged model gives, against a stored case with its adapters in PEFT's format.
import { join } from 'node:path';
import type { Provider } from '../../main/compiler/lowering.ts';
import { type AdapterFiles, adapterFor, readAdapter } from '../../main/models/adapter-files.ts';
import type { Model } from '../../main/models/load.ts';
import { loraSites, savedTensors } from '../../main/models/lora.ts';
import type { Task } from '../../main/training/tasks/task.ts';
import { type BatchArrays, createTrainer } from '../../main/training/trainer.ts';
import { compared, type Row } from './check.ts';
import { largest, type Reference, type StoredLora } from './reference.ts';
import {
  finalRow,
  gradientRows,
  logitsOf,
  plain,
  runRows,
  settingsOf,
  tolerances,
  withoutPadding,
} from './training.ts';

export interface AdapterCase {
  label: string;
  model: Model;
  provider: Provider;
  /** Where the adapter folders and the reference tensors are. */
  reference: Reference;
  /** Prefix of the case's tensors, such as `lora_all`. */
  key: string;
  stored: StoredLora;
  /** The batch of the first loss and of the merged logits. */
  batch: BatchArrays;
  /** Rows of the logits that are stored: 0 is left out. */
  mask: number[][] | undefined;
  trainBatches: readonly BatchArrays[];
  task?: Task;
}

export async function* adapterRows(one: AdapterCase): AsyncIterable<Row> {
  const { label, model, provider, reference, key, stored, batch, task } = one;
  const files = readAdapter(join(reference.folder, stored.initial_adapter), model.specs);
  const base = { model, lora: files.config, provider, task, initial: tensorsOf(files, model) };
  const trainer = await createTrainer({ ...base, ...plain });
  const first = { loss: stored.loss_batch_0, reference, prefix: `${key}.grad.` };
  yield* gradientRows(label, trainer, [batch], first);
  await trainer.release();

  const runner = await createTrainer({ ...base, ...settingsOf(stored.train) });
  yield* runRows(label, runner, stored.train, one.trainBatches);
  const final = tensorsOf(readAdapter(join(reference.folder, stored.final_adapter), model.specs), model);
  const drift = stored.float64_drift?.max_abs_final_adapter ?? 0;
  yield finalRow(label, 'final adapter', runner, final, {
    tolerance: Math.max(tolerances.weights, 10 * drift),
    gradients: (name) => {
      const stored = `${key}.grad.${name}`;
      return reference.has(stored) ? reference.get(stored) : undefined;
    },
  });
  await runner.release();

  if (!reference.has(`${key}.merged_logits`)) return;
  // PEFT's merged model may be another one than the adapted model: an adapter on a tied embedding reaches both ends
  const apart = 2 * (stored.max_abs_merged_minus_unmerged_logits ?? 0);
  const logits = await logitsOf(model, provider, batch, { lora: files.config, initial: final });
  const real = withoutPadding(logits, one.mask);
  const difference = largest(real, reference.get(`${key}.merged_logits`));
  yield compared(label, 'merged logits', difference, Math.max(tolerances.logits, apart));
}

/** Tensors of an adapter by name, checked against the model. */
export function tensorsOf(files: AdapterFiles, model: Model): Map<string, Float32Array> {
  const { outputModules } = model.architecture;
  const sites = loraSites(files.config, model.specs, outputModules);
  return adapterFor(files, sites, savedTensors(files.config, sites, model.specs, outputModules));
}
