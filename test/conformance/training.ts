// Training as stored runs say it, for the checks that need it: one gradient, whole runs, logits and
// losses. Tolerances are those of test/reference/README.md.
import type { Provider } from '../../main/compiler/lowering.ts';
import type { OptimizerChoice } from '../../main/compiler/optimizers/index.ts';
import type { Model } from '../../main/models/load.ts';
import { readTensor, type TensorInfo } from '../../main/models/safetensors.ts';
import { frozenTypes } from '../../main/training/device-weights.ts';
import { declaredFeeds, prepare } from '../../main/training/feeds.ts';
import { compileLogits } from '../../main/training/programs.ts';
import { createSession } from '../../main/training/session.ts';
import {
  type BatchArrays,
  createTrainer,
  type Trainer,
  type TrainerOptions,
} from '../../main/training/trainer.ts';
import { compared, type Row } from './check.ts';
import { largest, largestBeyondRelative, type Reference, type StoredRun, worse } from './reference.ts';

export const tolerances = {
  logits: 1e-4,
  loss: 1e-5,
  gradient: 1e-5,
  stepLosses: 2e-4,
  gradNorms: 1e-3,
  weights: 1e-5,
} as const;

/** Settings of a trainer that only computes gradients or losses. */
export const plain = { optimizer: { kind: 'sgd', momentum: 0 }, weightDecay: 0, maxGradNorm: 0 } as const;

/** Trainer settings of a stored run. */
export function settingsOf(
  run: StoredRun,
): Pick<TrainerOptions, 'optimizer' | 'weightDecay' | 'maxGradNorm' | 'decayEverything'> {
  return {
    optimizer: optimizerOfRun(run),
    weightDecay: run.weight_decay,
    maxGradNorm: run.max_grad_norm,
    decayEverything: run.no_decay === undefined,
  };
}

function optimizerOfRun(run: StoredRun): OptimizerChoice {
  if (run.optimizer === 'sgd') return { kind: 'sgd', momentum: run.momentum ?? 0 };
  const [beta1, beta2] = run.betas ?? [0.9, 0.999];
  return { kind: 'adamw', beta1, beta2, eps: run.eps ?? 1e-8 };
}

export interface Followed {
  losses: number[];
  gradNorms: number[];
}

/** Trains as a stored run says; `batches[s % n]` is one step, or a list of micro-batches. */
export async function follow(
  trainer: Trainer,
  learningRates: readonly number[],
  batches: readonly (BatchArrays | BatchArrays[])[],
): Promise<Followed> {
  const losses: number[] = [];
  const gradNorms: number[] = [];
  for (const [step, rate] of learningRates.entries()) {
    let sum = 0;
    let weight = 0;
    for (const batch of [batches[step % batches.length]].flat()) {
      const part = await trainer.accumulate(batch);
      sum += part.lossSum;
      weight += part.weight;
    }
    losses.push(sum / weight);
    gradNorms.push((await trainer.update(rate)).gradNorm);
  }
  await trainer.download();
  return { losses, gradNorms };
}

/** Trains as `run` says, and compares losses and gradient norms. The caller releases the trainer. */
export async function* runRows(
  label: string,
  trainer: Trainer,
  run: StoredRun,
  batches: readonly (BatchArrays | BatchArrays[])[],
  lossTolerance: number = tolerances.stepLosses,
): AsyncIterable<Row> {
  const { losses, gradNorms } = await follow(
    trainer,
    run.learning_rates.slice(0, run.losses.length),
    batches,
  );
  yield compared(label, 'step losses', largest(losses, run.losses), lossTolerance);
  const norms = run.grad_norms_before_clip;
  if (norms === undefined) return;
  const relative = gradNorms.map((norm, step) => Math.abs(norm - norms[step]) / Math.max(1, norms[step]));
  yield compared(label, 'gradient norms', Math.max(...relative), tolerances.gradNorms);
}

/** Accumulates batches, and compares mean loss and the gradients that `prefix` holds for `names`. */
export async function* gradientRows(
  label: string,
  trainer: Trainer,
  batches: readonly BatchArrays[],
  stored: { loss: number; reference: Reference; prefix: string; names?: readonly string[] },
): AsyncIterable<Row> {
  let sum = 0;
  let weight = 0;
  for (const batch of batches) {
    const part = await trainer.accumulate(batch);
    sum += part.lossSum;
    weight += part.weight;
  }
  await trainer.download();
  yield compared(label, 'loss', Math.abs(sum / weight - stored.loss), tolerances.loss);
  let worst = 0;
  let where = '';
  const names = stored.names ?? stored.reference.after(stored.prefix);
  for (const name of names) {
    const found = trainer.gradients.view(name).map((value) => value / weight);
    const difference = largestBeyondRelative(found, stored.reference.get(`${stored.prefix}${name}`));
    if (!worse(difference, worst)) continue;
    worst = difference;
    where = name;
  }
  if (names.length === 0) return;
  const note = `${names.length} tensors, beyond 1e-4 relative${where === '' ? '' : `; worst ${where}`}`;
  yield compared(label, 'gradients', worst, tolerances.gradient, note);
}

/**
 * Compares trained tensors with stored ones. Elements whose gradient is nothing but rounding noise are
 * left out: Adam turns it into steps of the size of the rate.
 */
export function finalRow(
  label: string,
  quantity: string,
  trainer: Trainer,
  expected: ReadonlyMap<string, Float32Array>,
  options: { tolerance?: number; gradients?: (name: string) => Float32Array | undefined } = {},
): Row {
  let worst = 0;
  let where = '';
  for (const [name, values] of expected) {
    const gradient = options.gradients?.(name);
    if (gradient?.every((value) => Math.abs(value) <= 1e-7)) continue; // noise everywhere
    const real = (list: Float32Array) =>
      gradient === undefined
        ? list
        : list.filter((_, i) => gradient[i] === 0 || Math.abs(gradient[i]) > 1e-7);
    const difference = largest(real(trainer.parameters.view(name)), real(values));
    if (!worse(difference, worst)) continue;
    worst = difference;
    where = name;
  }
  return compared(label, quantity, worst, options.tolerance ?? tolerances.weights, where && `worst ${where}`);
}

/** Logits [rows * width, vocabulary] of one batch, under the adapter or weights that `options` name. */
export async function logitsOf(
  model: Model,
  provider: Provider,
  batch: BatchArrays,
  options: Partial<TrainerOptions> = {},
): Promise<Float32Array> {
  const trainer = await createTrainer({
    model,
    ...plain,
    provider,
    frozen: () => options.lora === undefined,
    ...options,
  });
  const { shape, feeds } = prepare(batch);
  // as in training: not every device reads the types of the files
  const given = provider === 'cpu' ? new Map() : frozenTypes(model, trainer.pages, 'fp32');
  const program = compileLogits(shape, {
    model,
    given,
    pages: trainer.pages,
    sites: trainer.sites,
    provider,
    recompute: 'off',
    dropout: 0,
    labelSmoothing: 0,
  });
  const session = await createSession(program, { weightsFolder: model.weightsFolder });
  const { logits } = await session.run({
    ...declaredFeeds(program, feeds),
    ...trainer.parameters.named('p'),
    ...Object.fromEntries(
      [...given.keys()].map((name) => [`w:${name}`, readTensor(model.tensors.get(name) as TensorInfo)]),
    ),
  });
  await session.release();
  await trainer.release();
  return logits as Float32Array;
}

/** Padded places are stored as zeros: they are not compared. */
export function withoutPadding(logits: Float32Array, mask: number[][] | undefined): Float32Array {
  if (mask === undefined) return logits;
  const flat = mask.flat();
  const width = logits.length / flat.length;
  return logits.map((value, i) => (flat[Math.floor(i / width)] === 0 ? 0 : value));
}

/** Mean loss of a batch without gradients. */
export async function meanLoss(
  model: Model,
  provider: Provider,
  batch: BatchArrays,
  options: Partial<TrainerOptions> = {},
): Promise<number> {
  const trainer = await createTrainer({
    model,
    ...plain,
    provider,
    frozen: () => options.lora === undefined,
    ...options,
  });
  const losses = await trainer.losses(batch);
  await trainer.release();
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}
