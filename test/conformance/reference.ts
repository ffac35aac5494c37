// What stands in the folders of reference data about models: stored batches, runs, adapters and tensors,
// and how numbers are compared with them. The layout is told in test/reference/README.md; no case is
// known by its name.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../main/errors.ts';
import { type Model, openModel } from '../../main/models/load.ts';
import { readHeader, readTensor } from '../../main/models/safetensors.ts';
import type { BatchArrays } from '../../main/training/trainer.ts';

/** Rows as transformers takes them; -100 in `labels` is left out. */
export interface StoredBatch {
  input_ids: number[][];
  attention_mask?: number[][];
  position_ids?: number[][];
  segment_ids?: number[][];
  labels: number[][];
  /** Mean over the labels; `nan` where there is none. */
  loss?: number | 'nan';
}

/** A training run, step by step. Step s uses `train_batches[s % n]` unless the case says otherwise. */
export interface StoredRun {
  optimizer: string;
  lr: number;
  momentum?: number;
  weight_decay: number;
  betas?: [number, number];
  eps?: number;
  max_grad_norm: number;
  learning_rates: number[];
  /** Before each update. */
  losses: number[];
  grad_norms_before_clip?: number[];
  /** What has no weight decay; absent = everything has. */
  no_decay?: unknown;
}

export interface StoredLora {
  initial_adapter: string;
  final_adapter: string;
  options: Record<string, unknown>;
  loss_batch_0: number;
  train: StoredRun;
  merged_loss_batch_0: number;
  max_abs_merged_minus_unmerged_logits?: number;
  float64_drift?: { max_abs_loss: number; max_abs_final_adapter: number };
}

/** `reference.json` of a causal model. */
export interface StoredModel {
  kind?: string;
  batches: StoredBatch[];
  train_batches: StoredBatch[];
  full?: { loss_batch_0: number; gradients: string[]; global_gradient_norm: number } & Record<
    string,
    unknown
  >;
  lora?: Record<string, StoredLora>;
  packed?: StoredBatch & { gradients: string[]; loss: number };
  accumulation?: { micro_batches: StoredBatch[]; token_weighted_loss: number; gradients: string[] };
  preference?: unknown;
  kto?: unknown;
}

export function readStored<T>(folder: string, file = 'reference.json'): T {
  return JSON.parse(readFileSync(join(folder, file), 'utf8')) as T;
}

/** Kinds of models that have checks of their own (encoders.ts, seq2seq.ts). */
export const encoderKinds = ['classifier', 'masked-lm', 'reward-model'] as const;
export const pairKinds = ['seq2seq-lm'] as const;

/** `kind` of the model in a folder; undefined where nothing of it is stored. */
export function kindOf(folder: string): string | undefined {
  return existsSync(join(folder, 'reference.json')) ? readStored<{ kind?: string }>(folder).kind : undefined;
}

export function isOtherKind(folder: string): boolean {
  const kind = kindOf(folder);
  return [...encoderKinds, ...pairKinds].some((other) => other === kind);
}

/** The model of a folder, or the reason why it cannot be compared yet. */
export function modelOf(folder: string, kind = 'causal-lm'): Model | { skip: string } {
  if (kind !== 'causal-lm') return { skip: `models of kind ${kind} are not supported yet` };
  if (!existsSync(join(folder, 'config.json'))) return { skip: `there is no model at ${folder}` };
  try {
    return openModel(folder);
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== 'architecture-unsupported') throw thrown;
    return { skip: thrown.message };
  }
}

/** Tensors of `reference.safetensors`. */
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

  /** What follows `prefix` in the names that begin with it. */
  after(prefix: string): string[] {
    return [...this.header.keys()]
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length));
  }
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

/** Largest |found - expected|; NaN where one of them is NaN, infinite where the lengths differ. */
export function largest(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  return largestBeyond(found, expected, 0);
}

/** Largest |found - expected| - 1e-4 |expected|: gradients are held to 1e-5 + 1e-4 relative. */
export function largestBeyondRelative(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  return largestBeyond(found, expected, 1e-4);
}

function largestBeyond(found: ArrayLike<number>, expected: ArrayLike<number>, relative: number): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < found.length; i++) {
    const difference = Math.abs(found[i] - expected[i]) - relative * Math.abs(expected[i]);
    if (worse(difference, worst)) worst = difference;
  }
  return worst;
}

/** Whether a difference is larger than the worst so far. NaN is the worst, and stays. */
export function worse(difference: number, worst: number): boolean {
  return !Number.isNaN(worst) && !(difference <= worst);
}
