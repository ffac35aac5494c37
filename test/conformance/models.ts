// Conformance of causal models: logits, losses, gradients, training runs, adapters, merged weights and greedy ids
// against reference.json and reference.safetensors of a model folder. Tolerances are those of test/reference/README.md.
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Provider } from '../../main/compiler/lowering.ts';
import type { OptimizerChoice } from '../../main/compiler/optimizers/index.ts';
import { AppError } from '../../main/errors.ts';
import { type Model, openModel } from '../../main/models/load.ts';
import { adapterFor, loraSites, readAdapter } from '../../main/models/lora.ts';
import { readHeader, readTensor } from '../../main/models/safetensors.ts';
import { compileLogits } from '../../main/training/programs.ts';
import { createSession } from '../../main/training/session.ts';
import {
  type BatchArrays,
  createTrainer,
  type Trainer,
  type TrainerOptions,
} from '../../main/training/trainer.ts';
import { type Check, type CheckOptions, compared, type Row, skipped } from './check.ts';

export interface StoredBatch {
  input_ids: number[][];
  attention_mask?: number[][];
  position_ids?: number[][];
  segment_ids?: number[][];
  labels: number[][];
  loss?: number;
}

export interface StoredRun {
  optimizer: string;
  lr: number;
  momentum?: number;
  weight_decay: number;
  betas?: [number, number];
  eps?: number;
  max_grad_norm: number;
  learning_rates: number[];
  losses: number[];
  grad_norms_before_clip?: number[];
  no_decay?: string[];
}

/** A stored batch as the trainer takes it: labels shifted by one, padding told by segments. */
export function toBatch(stored: StoredBatch): BatchArrays {
  const rows = stored.input_ids.length;
  const width = stored.input_ids[0].length;
  const labelRows: number[] = [];
  const labels: number[] = [];
  stored.labels.forEach((row, r) => {
    for (let t = 1; t < width; t++) {
      if (row[t] === -100) continue;
      labelRows.push(r * width + t - 1);
      labels.push(row[t]);
    }
  });
  const segments = stored.segment_ids ?? stored.attention_mask;
  const positions = stored.position_ids ?? stored.input_ids.map((row) => row.map((_, t) => t));
  return {
    rows,
    width,
    inputIds: Int32Array.from(stored.input_ids.flat()),
    positionIds: Int32Array.from(positions.flat()),
    ...(segments === undefined ? {} : { segmentIds: Int32Array.from(segments.flat()) }),
    labelRows: Int32Array.from(labelRows),
    labels: Int32Array.from(labels),
    weights: Float32Array.from(labels, () => 1),
  };
}

export function largest(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < found.length; i++) {
    const difference = Math.abs(found[i] - expected[i]);
    if (!(difference <= worst)) worst = difference; // NaN is kept
  }
  return worst;
}

/** Largest |found - expected| - 1e-4 |expected|: gradients are held to 1e-5 + 1e-4 relative. */
export function largestBeyondRelative(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < found.length; i++) {
    const difference = Math.abs(found[i] - expected[i]) - 1e-4 * Math.abs(expected[i]);
    if (!(difference <= worst)) worst = difference;
  }
  return worst;
}

export class Reference {
  readonly folder: string;
  private readonly header;

  constructor(folder: string) {
    this.folder = folder;
    const file = join(folder, 'reference.safetensors');
    this.header = existsSync(file) ? readHeader(file) : new Map();
  }

  get(name: string): Float32Array {
    const info = this.header.get(name);
    if (info === undefined) throw new Error(`reference.safetensors has no "${name}"`);
    return readTensor(info);
  }

  has(name: string): boolean {
    return this.header.has(name);
  }

  names(prefix: string): string[] {
    return [...this.header.keys()].filter((name) => name.startsWith(prefix));
  }
}

export function optimizerOfRun(run: StoredRun): OptimizerChoice {
  if (run.optimizer === 'sgd') return { kind: 'sgd', momentum: run.momentum ?? 0 };
  const [beta1, beta2] = run.betas ?? [0.9, 0.999];
  return { kind: 'adamw', beta1, beta2, eps: run.eps ?? 1e-8 };
}

/** Trains as a stored run says; `batches[s % n]` is one step, or a list of micro-batches. */
export async function follow(
  trainer: Trainer,
  run: StoredRun,
  batches: readonly (BatchArrays | BatchArrays[])[],
): Promise<{ losses: number[]; gradNorms: number[] }> {
  const losses: number[] = [];
  const gradNorms: number[] = [];
  for (let step = 0; step < run.losses.length; step++) {
    let sum = 0;
    let weight = 0;
    for (const batch of [batches[step % batches.length]].flat()) {
      const part = await trainer.accumulate(batch);
      sum += part.lossSum;
      weight += part.weight;
    }
    losses.push(sum / weight);
    gradNorms.push((await trainer.update(run.learning_rates[step])).gradNorm);
  }
  return { losses, gradNorms };
}

const lossTolerance = 1e-5;
const gradientTolerance = 1e-5;

export const causalModels: Check = {
  id: 'causal models',
  matches: (_, files) => files.includes('config.json') && files.includes('reference.json'),
  run: runCausalModel,
};

async function* runCausalModel(folder: string, { provider }: CheckOptions): AsyncIterable<Row> {
  const name = basename(folder);
  const stored = JSON.parse(readFileSync(join(folder, 'reference.json'), 'utf8'));
  if (stored.batches === undefined) return;
  if (stored.kind !== undefined && stored.kind !== 'causal-lm') {
    yield skipped(name, 'all', `models of kind ${stored.kind} are not supported yet`);
    return;
  }
  let model: Model;
  try {
    model = openModel(folder);
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== 'architecture-unsupported') throw thrown;
    yield skipped(name, 'all', thrown.message);
    return;
  }
  const reference = new Reference(folder);
  const context: Context = { name, model, stored, reference, provider: provider as Provider };
  yield* forward(context);
  yield* full(context);
  yield* adapters(context);
  if (stored.packed !== undefined) yield* packed(context);
  if (stored.accumulation !== undefined) yield* accumulation(context);
  for (const later of ['preference', 'kto']) {
    if (stored[later] !== undefined) yield skipped(name, later, 'preference losses come later');
  }
}

export interface Context {
  name: string;
  model: Model;
  // biome-ignore lint/suspicious/noExplicitAny: the layout is stored JSON, told in test/reference/README.md
  stored: any;
  reference: Reference;
  provider: Provider;
}

const plain = { optimizer: { kind: 'sgd', momentum: 0 } as const, weightDecay: 0, maxGradNorm: 0 };

export async function logitsOf(
  context: Context,
  batch: BatchArrays,
  options: Partial<TrainerOptions> = {},
): Promise<Float32Array> {
  const trainer = await createTrainer({
    model: context.model,
    ...plain,
    provider: context.provider,
    frozen: () => options.lora === undefined,
    ...options,
  });
  const program = compileLogits(
    { rows: batch.rows, width: batch.width, labels: 1, segments: batch.segmentIds !== undefined },
    {
      model: context.model,
      pages: trainer.pages,
      sites: trainer.sites,
      provider: context.provider,
      recompute: 'off',
      dropout: 0,
      labelSmoothing: 0,
    },
  );
  const session = await createSession(program, { weightsFolder: context.model.weightsFolder });
  const { logits } = await session.run({
    ids: batch.inputIds,
    positions: batch.positionIds,
    ...(batch.segmentIds === undefined ? {} : { segments: batch.segmentIds }),
    ...trainer.parameters.named('p'),
  });
  await session.release();
  await trainer.release();
  return logits as Float32Array;
}

/** Padded places are stored as zeros: they are not compared. */
function withoutPadding(logits: Float32Array, mask: number[] | undefined): Float32Array {
  if (mask === undefined) return logits;
  const width = logits.length / mask.length;
  return logits.map((value, i) => (mask[Math.floor(i / width)] === 0 ? 0 : value));
}

async function* forward(context: Context): AsyncIterable<Row> {
  const { name, stored, reference } = context;
  const tolerance = name.startsWith('stories') ? 2e-4 : 1e-4;
  for (const [i, batch] of (stored.batches as StoredBatch[]).entries()) {
    const logits = await logitsOf(context, toBatch(batch));
    const real = withoutPadding(logits, batch.attention_mask?.flat());
    yield compared(
      `${name} batch ${i}`,
      'logits',
      largest(real, reference.get(`batch.${i}.logits`)),
      tolerance,
    );
    const trainer = await createTrainer({
      model: context.model,
      ...plain,
      provider: context.provider,
      frozen: () => true,
    });
    const losses = await trainer.losses(toBatch(batch));
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    yield compared(`${name} batch ${i}`, 'loss', Math.abs(mean - (batch.loss as number)), lossTolerance);
    await trainer.release();
  }
}

async function* full({ name, model, stored, reference, provider }: Context): AsyncIterable<Row> {
  if (stored.full === undefined) return;
  const label = `${name} full`;
  const trainer = await createTrainer({ model, ...plain, provider });
  const { lossSum, weight } = await trainer.accumulate(toBatch(stored.batches[0]));
  yield compared(label, 'loss', Math.abs(lossSum / weight - stored.full.loss_batch_0), lossTolerance);
  for (const parameter of stored.full.gradients as string[]) {
    const found = trainer.gradients.view(parameter).map((value) => value / weight);
    const expected = reference.get(`full.grad.${parameter}`);
    yield compared(label, `gradient ${parameter}`, largestBeyondRelative(found, expected), gradientTolerance);
  }
  const { gradNorm } = await trainer.update(0);
  const expectedNorm = stored.full.global_gradient_norm as number;
  yield compared(label, 'gradient norm', Math.abs(gradNorm - expectedNorm) / expectedNorm, 1e-5);
  await trainer.release();

  for (const key of ['adamw', 'adamw_no_decay_on_norms', 'sgd']) {
    const run = stored.full[key] as StoredRun | undefined;
    if (run === undefined) continue;
    const runner = await createTrainer({
      model,
      optimizer: optimizerOfRun(run),
      weightDecay: run.weight_decay,
      decayEverything: run.no_decay === undefined,
      maxGradNorm: run.max_grad_norm,
      provider,
    });
    const batches = (stored.train_batches as StoredBatch[]).map(toBatch);
    const { losses, gradNorms } = await follow(runner, run, batches);
    yield compared(`${name} full ${key}`, 'step losses', largest(losses, run.losses), 2e-4);
    if (run.grad_norms_before_clip !== undefined) {
      yield compared(
        `${name} full ${key}`,
        'gradient norms',
        largest(gradNorms, run.grad_norms_before_clip),
        1e-3,
      );
    }
    for (const tensor of reference.names(`full.${key}.final.`)) {
      const found = runner.parameters.view(tensor.slice(`full.${key}.final.`.length));
      yield compared(
        `${name} full ${key}`,
        `final ${tensor.split('.final.')[1]}`,
        largest(found, reference.get(tensor)),
        1e-5,
      );
    }
    await runner.release();
  }
}

async function* adapters(context: Context): AsyncIterable<Row> {
  const cases = (context.stored.lora ?? {}) as Record<string, StoredLora>;
  for (const [key, stored] of Object.entries(cases)) yield* adapterCase(context, key, stored);
}

export interface StoredLora {
  initial_adapter: string;
  final_adapter: string;
  options: Record<string, unknown>;
  loss_batch_0: number;
  train: StoredRun;
  merged_loss_batch_0: number;
}

async function* adapterCase(context: Context, key: string, stored: StoredLora): AsyncIterable<Row> {
  const { name, model, reference, provider } = context;
  const label = `${name} ${key}`;
  const initial = readAdapter(join(reference.folder, stored.initial_adapter));
  if (initial.config.use_dora) {
    yield skipped(label, 'all', 'DoRA is not supported yet');
    return;
  }
  const sites = loraSites(initial.config, model.specs, model.architecture.outputModules);
  const base = { model, lora: initial.config, provider, initial: adapterFor(initial, sites) };
  const trainer = await createTrainer({ ...base, ...plain });
  const { lossSum, weight } = await trainer.accumulate(toBatch(context.stored.batches[0]));
  yield compared(label, 'loss', Math.abs(lossSum / weight - stored.loss_batch_0), lossTolerance);
  let worst = 0;
  for (const tensor of reference.names(`${key}.grad.`)) {
    const found = trainer.gradients.view(tensor.slice(`${key}.grad.`.length)).map((value) => value / weight);
    worst = Math.max(worst, largestBeyondRelative(found, reference.get(tensor)));
  }
  yield compared(label, 'gradients', worst, gradientTolerance);
  await trainer.release();

  const run = stored.train;
  const runner = await createTrainer({
    ...base,
    optimizer: optimizerOfRun(run),
    weightDecay: run.weight_decay,
    maxGradNorm: run.max_grad_norm,
  });
  const batches = (context.stored.train_batches as StoredBatch[]).map(toBatch);
  const { losses, gradNorms } = await follow(runner, run, batches);
  yield compared(label, 'step losses', largest(losses, run.losses), 2e-4);
  yield compared(label, 'gradient norms', largest(gradNorms, run.grad_norms_before_clip ?? []), 1e-3);
  const final = adapterFor(readAdapter(join(reference.folder, stored.final_adapter)), sites);
  let drift = 0;
  for (const [tensor, expected] of final)
    drift = Math.max(drift, largest(runner.parameters.view(tensor), expected));
  yield compared(label, 'final adapter', drift, 1e-5);
  await runner.release();

  if (reference.has(`${key}.merged_logits`)) {
    const batch = context.stored.batches[0] as StoredBatch;
    const logits = await logitsOf(context, toBatch(batch), { lora: initial.config, initial: final });
    const real = withoutPadding(logits, batch.attention_mask?.flat());
    yield compared(label, 'merged logits', largest(real, reference.get(`${key}.merged_logits`)), 1e-4);
  }
}

async function* packed({ name, model, stored, reference, provider }: Context): AsyncIterable<Row> {
  const trainer = await createTrainer({ model, ...plain, provider });
  const { lossSum, weight } = await trainer.accumulate(toBatch(stored.packed));
  yield compared(`${name} packed`, 'loss', Math.abs(lossSum / weight - stored.packed.loss), lossTolerance);
  for (const parameter of stored.packed.gradients as string[]) {
    const found = trainer.gradients.view(parameter).map((value) => value / weight);
    const expected = reference.get(`packed.grad.${parameter}`);
    yield compared(
      `${name} packed`,
      `gradient ${parameter}`,
      largestBeyondRelative(found, expected),
      gradientTolerance,
    );
  }
  await trainer.release();
}

async function* accumulation({ name, model, stored, reference, provider }: Context): AsyncIterable<Row> {
  const { micro_batches: parts, token_weighted_loss: expectedLoss, gradients } = stored.accumulation;
  const trainer = await createTrainer({ model, ...plain, provider });
  let sum = 0;
  let weight = 0;
  for (const part of parts as StoredBatch[]) {
    const done = await trainer.accumulate(toBatch(part));
    sum += done.lossSum;
    weight += done.weight;
  }
  yield compared(`${name} accumulation`, 'loss', Math.abs(sum / weight - expectedLoss), lossTolerance);
  for (const parameter of gradients as string[]) {
    const found = trainer.gradients.view(parameter).map((value) => value / weight);
    const expected = reference.get(`accumulation.grad.${parameter}`);
    yield compared(
      `${name} accumulation`,
      `gradient ${parameter}`,
      largestBeyondRelative(found, expected),
      gradientTolerance,
    );
  }
  await trainer.release();
}
