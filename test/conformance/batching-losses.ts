// Conformance of losses on packed, padded and partly labelled batches, against the reference.json of a
// folder that names its model folders. How rows are filled and masked is another check's business
// (batching-rows.ts).
import { basename, join } from 'node:path';
import type { Provider } from '../../main/compiler/lowering.ts';
import type { Model } from '../../main/models/load.ts';
import { createTrainer } from '../../main/training/trainer.ts';
import { type Check, type CheckOptions, compared, type Row, skipped } from './check.ts';
import { largest, modelOf, Reference, readStored, type StoredBatch, toBatch } from './reference.ts';
import { gradientRows, logitsOf, meanLoss, plain, tolerances } from './training.ts';

interface Stored {
  model: string;
  packed?: StoredBatch & {
    loss: number;
    gradients: string[];
    separately_padded: StoredBatch & { loss: number };
  };
  assistant_only?: {
    batch: StoredBatch;
    loss: number;
    loss_on_everything: number;
    per_chat: { sum_loss: number; tokens: number }[];
  };
  padding?: {
    cases: ({ model: string; left: StoredBatch; right: StoredBatch } & Record<string, unknown>)[];
  };
  truncation?: { cut_completion?: StoredBatch & { loss: number } };
}

export const batchingLosses: Check = {
  id: 'batching losses',
  matches: (_, files) => files.includes('reference.json') && !files.includes('config.json'),
  run: runBatching,
};

async function* runBatching(folder: string, options: CheckOptions): AsyncIterable<Row> {
  const stored = readStored<Stored>(folder);
  if (stored.packed === undefined && stored.padding === undefined) return; // another family's folder
  const provider = options.provider as Provider;
  const name = basename(folder);
  const model = modelOf(join(folder, '..', stored.model));
  if ('skip' in model) yield skipped(name, 'losses', model.skip);
  else {
    yield* packed(name, model, provider, stored, new Reference(folder));
    yield* assistantOnly(name, model, provider, stored);
    yield* cut(name, model, provider, stored);
  }
  for (const [i, one] of (stored.padding?.cases ?? []).entries()) {
    const label = `${name} padding ${i} (${one.model})`;
    const padded = modelOf(join(folder, '..', one.model));
    if ('skip' in padded) yield skipped(label, 'losses', padded.skip);
    else yield* padding(label, padded, provider, one);
  }
}

async function* packed(
  name: string,
  model: Model,
  provider: Provider,
  stored: Stored,
  reference: Reference,
): AsyncIterable<Row> {
  const one = stored.packed;
  if (one === undefined) return;
  const batch = toBatch(one);
  const trainer = await createTrainer({ model, provider, ...plain });
  const expected = { loss: one.loss, reference, prefix: 'packed.grad.', names: one.gradients };
  yield* gradientRows(`${name} packed`, trainer, [batch], expected);
  await trainer.release();
  const apart = await meanLoss(model, provider, toBatch(one.separately_padded));
  const difference = Math.abs(apart - one.separately_padded.loss);
  yield compared(`${name} packed`, 'loss of the rows apart', difference, tolerances.loss);
  if (!reference.has('packed.logits')) return;
  const logits = await logitsOf(model, provider, batch);
  const vocabulary = logits.length / (batch.rows * batch.width);
  const stays = (one.segment_ids as number[][]).flat();
  const real = logits.map((value, i) => (stays[Math.floor(i / vocabulary)] < 0 ? 0 : value));
  yield compared(
    `${name} packed`,
    'logits',
    largest(real, reference.get('packed.logits')),
    tolerances.logits,
  );
}

async function* assistantOnly(
  name: string,
  model: Model,
  provider: Provider,
  stored: Stored,
): AsyncIterable<Row> {
  const one = stored.assistant_only;
  if (one === undefined) return;
  const label = `${name} assistant only`;
  const batch = toBatch(one.batch);
  const trainer = await createTrainer({ model, provider, ...plain, frozen: () => true });
  const losses = await trainer.losses(batch);
  await trainer.release();
  const sums = one.per_chat.map((_, row) =>
    losses.reduce(
      (sum, loss, i) => (Math.floor(batch.labelRows[i] / batch.width) === row ? sum + loss : sum),
      0,
    ),
  );
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  yield compared(label, 'loss', Math.abs(mean - one.loss), tolerances.loss);
  const relative = sums.map(
    (sum, row) => Math.abs(sum - one.per_chat[row].sum_loss) / one.per_chat[row].sum_loss,
  );
  yield compared(label, 'sums of each conversation', Math.max(...relative), 1e-6, 'relative');
  const { input_ids, attention_mask } = one.batch;
  const all = input_ids.map((row, r) => row.map((id, t) => (attention_mask?.[r][t] === 0 ? -100 : id)));
  const whole = await meanLoss(model, provider, toBatch({ ...one.batch, labels: all }));
  yield compared(label, 'loss on everything', Math.abs(whole - one.loss_on_everything), tolerances.loss);
}

async function* cut(
  name: string,
  model: Model,
  provider: Provider,
  { truncation }: Stored,
): AsyncIterable<Row> {
  const one = truncation?.cut_completion;
  if (one === undefined) return;
  const loss = await meanLoss(model, provider, toBatch(one));
  yield compared(`${name} cut completion`, 'loss', Math.abs(loss - one.loss), tolerances.loss);
}

/** `loss_<side>`, and `loss_<side>_without_<part>` where a part of the batch is left out. */
async function* padding(
  label: string,
  model: Model,
  provider: Provider,
  one: { left: StoredBatch; right: StoredBatch } & Record<string, unknown>,
): AsyncIterable<Row> {
  for (const [key, expected] of Object.entries(one)) {
    const [, side, without] = /^loss_(left|right)(?:_without_(\w+))?$/.exec(key) ?? [];
    if (side === undefined || typeof expected !== 'number') continue;
    const { [without as 'labels']: _, ...rest } = one[side as 'left' | 'right'];
    const loss = await meanLoss(model, provider, toBatch(rest as StoredBatch));
    yield compared(label, key.replaceAll('_', ' '), Math.abs(loss - expected), tolerances.loss);
  }
}
