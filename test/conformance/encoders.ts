// Conformance of models that give labels or scores: classifiers with their losses, masked language models, and reward
// models, against reference.json and reference.safetensors of a model folder.
import { basename } from 'node:path';
import type { Provider } from '../../main/compiler/lowering.ts';
import type { Model } from '../../main/models/load.ts';
import { classBatch, multiLabel, regression, targetBatch } from '../../main/training/tasks/classification.ts';
import { taskForProblem } from '../../main/training/tasks/index.ts';
import { placeBatch } from '../../main/training/tasks/masked.ts';
import { preferenceBatch, reward } from '../../main/training/tasks/reward.ts';
import type { Task } from '../../main/training/tasks/task.ts';
import type { Text } from '../../main/training/tasks/texts.ts';
import { type BatchArrays, createTrainer, type TrainerOptions } from '../../main/training/trainer.ts';
import { adapterRows } from './adapters.ts';
import { type Check, type CheckOptions, compared, type Row } from './check.ts';
import {
  encoderKinds,
  kindOf,
  largest,
  modelOf,
  Reference,
  readStored,
  type StoredLora,
  type StoredRun,
} from './reference.ts';
import {
  gradientRows,
  logitsOf,
  plain,
  runRows,
  settingsOf,
  tolerances,
  withoutPadding,
} from './training.ts';

/** Rows of texts; `labels` is one number per row, or one per place with -100 where nothing is to be told. */
export interface StoredTexts {
  input_ids: number[][];
  attention_mask: number[][];
  token_type_ids?: number[][];
}

interface StoredLabelled extends StoredTexts {
  labels: (number | number[])[];
  loss: number;
  /** Classes; 0 and 1 where there may be several; numbers in a regression. */
  predictions?: (number | number[])[];
}

interface StoredEncoder {
  kind: string;
  problem_type?: string;
  batches: StoredLabelled[];
  train_batches: StoredLabelled[];
  full: { loss_batch_0: number; gradients: string[]; adamw?: StoredRun };
  other_losses_batch_0?: Record<string, unknown> & {
    multi_label?: { labels: number[][]; loss: number };
    class_weights?: { weights: number[]; loss: number };
  };
  lora?: Record<string, StoredLora>;
}

interface StoredReward {
  chosen: StoredTexts;
  rejected: StoredTexts;
  chosen_rewards: number[];
  rejected_rewards: number[];
  loss: number;
  margins: number[];
  loss_with_margins: number;
  gradients: string[];
  full_adamw: StoredRun;
  lora_all: Omit<StoredLora, 'loss_batch_0'> & { loss: number };
}

export const encoders: Check = {
  id: 'encoders and classifiers',
  matches: (folder, files) =>
    files.includes('config.json') && encoderKinds.some((kind) => kind === kindOf(folder)),
  run: runEncoder,
};

interface Context {
  name: string;
  model: Model;
  reference: Reference;
  provider: Provider;
}

async function* runEncoder(folder: string, options: CheckOptions): AsyncIterable<Row> {
  const model = modelOf(folder);
  if ('skip' in model) throw new Error(model.skip);
  const reference = new Reference(folder);
  const context: Context = {
    name: basename(folder),
    model,
    reference,
    provider: options.provider as Provider,
  };
  if (kindOf(folder) === 'reward-model') yield* rewards(context, readStored<StoredReward>(folder));
  else yield* labelled(context, readStored<StoredEncoder>(folder));
}

/** Texts without their padding. */
export function textsOf({
  input_ids: ids,
  attention_mask: mask,
  token_type_ids: types,
}: StoredTexts): Text[] {
  return ids.map((row, r) => {
    const real = (list: number[]) => list.filter((_, place) => mask[r][place] === 1);
    return { ids: real(row), types: types && real(types[r]) };
  });
}

export const widthOf = (texts: readonly StoredTexts[]) =>
  Math.max(...texts.flatMap(({ input_ids: ids }) => ids.map((row) => row.length)));

function batchOf(stored: StoredLabelled, model: Model, classWeights?: number[]): BatchArrays {
  const options = { width: widthOf([stored]), padId: padOf(model), classWeights };
  const texts = textsOf(stored);
  const { labels } = stored;
  if (labels.every((label) => typeof label === 'number')) {
    return classBatch(
      texts.map((text, row) => ({ ...text, label: labels[row] as number })),
      options,
    );
  }
  return placeBatch(
    texts.map((text, row) => ({ ...text, labels: labels[row] as number[] })),
    options,
  );
}

/** A batch of numbers to be met, one or more per text. */
function targetsOf(stored: StoredTexts, labels: readonly (number | number[])[], model: Model): BatchArrays {
  return targetBatch(
    textsOf(stored).map((text, row) => ({ ...text, targets: [labels[row]].flat() })),
    { width: widthOf([stored]), padId: padOf(model) },
  );
}

const padOf = ({ rawConfig }: Model) => Number(rawConfig.pad_token_id ?? 0);

async function* labelled(context: Context, stored: StoredEncoder): AsyncIterable<Row> {
  const { name, model, provider, reference } = context;
  const task = stored.problem_type === undefined ? undefined : taskForProblem(stored.problem_type);
  const meets = task === multiLabel || task === regression;
  const toBatch = (one: StoredLabelled) => (meets ? targetsOf(one, one.labels, model) : batchOf(one, model));
  /** Where there is an output for each place, those of padding are stored as 0. */
  const maskOf = ({ labels, attention_mask: mask }: StoredLabelled) =>
    !meets && typeof labels[0] !== 'number' ? mask : undefined;
  for (const [i, one] of stored.batches.entries()) {
    const label = `${name} batch ${i}`;
    const batch = toBatch(one);
    const logits = withoutPadding(await logitsOf(model, provider, batch), maskOf(one));
    yield compared(label, 'logits', largest(logits, reference.get(`batch.${i}.logits`)), tolerances.logits);
    yield await lossRow(context, label, 'loss', batch, one.loss, { task });
    if (one.predictions !== undefined) {
      yield predictionRow(label, logits, one.predictions, task);
    }
  }
  const batch = toBatch(stored.batches[0]);
  const trainBatches = stored.train_batches.map(toBatch);
  const { loss_batch_0: loss, gradients: names, adamw } = stored.full;
  const trainer = await createTrainer({ model, ...plain, provider, task });
  yield* gradientRows(`${name} full`, trainer, [batch], { loss, reference, prefix: 'full.grad.', names });
  await trainer.release();
  if (adamw !== undefined) {
    const runner = await createTrainer({ model, ...settingsOf(adamw), provider, task });
    yield* runRows(`${name} full adamw`, runner, adamw, trainBatches);
    await runner.release();
  }
  yield* otherLosses(context, stored);
  for (const [key, lora] of Object.entries(stored.lora ?? {})) {
    const mask = maskOf(stored.batches[0]);
    const label = `${name} ${key}`;
    yield* adapterRows({
      label,
      model,
      provider,
      reference,
      key,
      stored: lora,
      batch,
      mask,
      trainBatches,
      task,
    });
  }
}

/** What the logits say, in the form in which it is stored. */
function predictionRow(
  label: string,
  logits: Float32Array,
  expected: readonly (number | number[])[],
  task: Task | undefined,
): Row {
  if (task === regression) {
    return compared(label, 'predictions', largest(logits, expected.flat()), tolerances.logits);
  }
  if (task === multiLabel) {
    const mine = logits.map((value) => (value > 0 ? 1 : 0));
    return compared(label, 'predictions', largest(mine, expected.flat()), 0);
  }
  const classes = logits.length / expected.length;
  const mine = expected.map((_, row) => {
    const scores = logits.subarray(row * classes, (row + 1) * classes);
    return scores.indexOf(Math.max(...scores));
  });
  return compared(label, 'predictions', largest(mine, expected.flat()), 0);
}

async function lossRow(
  { model, provider }: Context,
  label: string,
  quantity: string,
  batch: BatchArrays,
  expected: number,
  options: Partial<TrainerOptions> = {},
): Promise<Row> {
  const trainer = await createTrainer({ model, ...plain, provider, ...options });
  const { lossSum, weight } = await trainer.accumulate(batch);
  await trainer.release();
  return compared(label, quantity, Math.abs(lossSum / weight - expected), tolerances.loss);
}

async function* otherLosses(context: Context, stored: StoredEncoder): AsyncIterable<Row> {
  const { name, model } = context;
  const others = stored.other_losses_batch_0 ?? {};
  const [first] = stored.batches;
  for (const [key, value] of Object.entries(others)) {
    const smoothing = /^label_smoothing_(.+)$/.exec(key);
    if (smoothing !== null) {
      const options = { labelSmoothing: Number(smoothing[1]) };
      yield await lossRow(context, name, key, batchOf(first, model), value as number, options);
    } else if (key === 'class_weights' && others.class_weights !== undefined) {
      const { weights, loss } = others.class_weights;
      yield await lossRow(context, name, 'loss with class weights', batchOf(first, model, weights), loss);
    } else if (key === 'multi_label' && others.multi_label !== undefined) {
      const { labels, loss } = others.multi_label;
      yield await lossRow(context, name, 'multi-label loss', targetsOf(first, labels, model), loss, {
        task: multiLabel,
      });
    } else {
      throw new Error(`The loss "${key}" of ${name} is not known.`);
    }
  }
}

async function* rewards(context: Context, stored: StoredReward): AsyncIterable<Row> {
  const { name, model, provider, reference } = context;
  const [chosen, rejected] = [textsOf(stored.chosen), textsOf(stored.rejected)];
  const pairs = (margins?: number[]) =>
    preferenceBatch(
      chosen.map((text, i) => ({ chosen: text, rejected: rejected[i], margin: margins?.[i] })),
      { width: widthOf([stored.chosen, stored.rejected]), padId: padOf(model) },
    );
  const batch = pairs();
  const scores = await logitsOf(model, provider, batch);
  const expected = [...stored.chosen_rewards, ...stored.rejected_rewards];
  yield compared(name, 'rewards', largest(scores, expected), tolerances.logits);
  const withMargins = pairs(stored.margins);
  const task = reward;
  yield await lossRow(context, name, 'loss with margins', withMargins, stored.loss_with_margins, { task });

  const { loss, gradients: names } = stored;
  const trainer = await createTrainer({ model, ...plain, provider, task });
  yield* gradientRows(`${name} full`, trainer, [batch], { loss, reference, prefix: 'full.grad.', names });
  await trainer.release();
  const runner = await createTrainer({ model, ...settingsOf(stored.full_adamw), provider, task });
  yield* runRows(`${name} full adamw`, runner, stored.full_adamw, [batch]);
  await runner.release();
  yield* adapterRows({
    label: `${name} lora_all`,
    model,
    provider,
    reference,
    key: 'lora_all',
    stored: { ...stored.lora_all, loss_batch_0: stored.lora_all.loss },
    batch,
    mask: undefined,
    trainBatches: [batch],
    task,
  });
}
