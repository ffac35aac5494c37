// Conformance of a real small model: losses and logits on passages, and training on a stream of tokens that
// is cut into blocks, against the parts `passage`, `story`, .., `data`, `lora` and `full` of its
// reference.json.
import { basename, join } from 'node:path';
import type { Provider } from '../../main/compiler/lowering.ts';
import { readAdapter } from '../../main/models/adapter-files.ts';
import type { Model } from '../../main/models/load.ts';
import { loadTokenizer, type Tokenizer } from '../../main/tokens/tokenizer.ts';
import { type BatchArrays, createTrainer, type Trainer } from '../../main/training/trainer.ts';
import { tensorsOf } from './adapters.ts';
import { type Check, type CheckOptions, compared, type Row, skipped } from './check.ts';
import {
  largest,
  modelOf,
  Reference,
  readStored,
  type StoredBatch,
  type StoredRun,
  toBatch,
} from './reference.ts';
import { logitsOf, meanLoss, runRows, settingsOf, tolerances } from './training.ts';

interface Passage {
  input_ids: number[];
  loss: number;
  bits_per_byte: number;
}

interface Stored {
  kind?: string;
  tokenization?: { text: string; ids: number[]; decoded: string }[];
  data?: {
    block: number;
    batch: number;
    token_ids: number[];
    held_out: StoredBatch;
    held_out_loss_before: number;
  };
  lora?: { initial_adapter: string; final_adapter: string; train: StoredRun; held_out_loss_after: number };
  full?: { train: StoredRun; held_out_loss_after: number };
  [passage: string]: unknown;
}

/** Logits of a real model are larger than those of a random one. */
const logitsTolerance = 2e-4;
const curveTolerance = 1e-3;

export const passagesCheck: Check = {
  id: 'passages',
  matches: (_, files) => files.includes('config.json') && files.includes('reference.json'),
  run: runPassages,
};

async function* runPassages(folder: string, options: CheckOptions): AsyncIterable<Row> {
  const name = basename(folder);
  const stored = readStored<Stored>(folder);
  if (stored.data === undefined) return;
  const model = modelOf(folder, stored.kind);
  if ('skip' in model) {
    yield skipped(name, 'all', model.skip);
    return;
  }
  const provider = options.provider as Provider;
  const reference = new Reference(folder);
  const tokenizer = await loadTokenizer(folder);
  yield* texts(name, tokenizer, stored);
  for (const [key, passage] of Object.entries(stored)) {
    if (!isPassage(passage)) continue;
    const bytes = Buffer.byteLength(tokenizer.decode(passage.input_ids, { skipSpecial: true }));
    yield* passageRows(`${name} ${key}`, model, provider, passage, bytes, reference, key);
  }
  const before = await meanLoss(model, provider, toBatch(stored.data.held_out));
  yield compared(name, 'held-out loss', Math.abs(before - stored.data.held_out_loss_before), tolerances.loss);
  yield* loraRun(name, model, provider, reference, stored);
  yield* fullRun(name, model, provider, stored);
}

const isPassage = (value: unknown): value is Passage =>
  typeof value === 'object' && value !== null && 'input_ids' in value && 'bits_per_byte' in value;

async function* texts(name: string, tokenizer: Tokenizer, { tokenization = [] }: Stored): AsyncIterable<Row> {
  let ids = 0;
  let decoded = 0;
  for (const item of tokenization) {
    const encoded = await tokenizer.encode(item.text, { addSpecial: true });
    if (encoded.ids.join() !== item.ids.join()) ids++;
    if (tokenizer.decode(item.ids, { skipSpecial: true }) !== item.decoded) decoded++;
  }
  yield compared(name, 'tokenizer ids', ids, 0, `${tokenization.length} compared`);
  yield compared(name, 'decoded texts', decoded, 0, `${tokenization.length} compared`);
}

async function* passageRows(
  label: string,
  model: Model,
  provider: Provider,
  passage: Passage,
  bytes: number,
  reference: Reference,
  key: string,
): AsyncIterable<Row> {
  const batch = toBatch({ input_ids: [passage.input_ids], labels: [passage.input_ids] });
  const loss = await meanLoss(model, provider, batch);
  yield compared(label, 'loss', Math.abs(loss - passage.loss), tolerances.loss);
  const bits = (loss * batch.labels.length) / Math.LN2 / bytes;
  yield compared(label, 'bits per byte', Math.abs(bits - passage.bits_per_byte), tolerances.loss);
  if (!reference.has(`${key}.logits`)) return;
  const logits = await logitsOf(model, provider, batch);
  yield compared(label, 'logits', largest(logits, reference.get(`${key}.logits`)), logitsTolerance);
}

/** Batch s holds blocks n s .. n s + n - 1 of the tokens; every token is a label. */
function blocks(data: NonNullable<Stored['data']>): BatchArrays[] {
  const { block, batch: rows, token_ids: ids } = data;
  return Array.from({ length: Math.floor(ids.length / (block * rows)) }, (_, step) => {
    const rowsOfStep = Array.from({ length: rows }, (_, row) => {
      const start = block * (rows * step + row);
      return ids.slice(start, start + block);
    });
    return toBatch({ input_ids: rowsOfStep, labels: rowsOfStep });
  });
}

async function heldOut(trainer: Trainer, { data }: Stored): Promise<number> {
  const losses = await trainer.losses(toBatch((data as NonNullable<Stored['data']>).held_out));
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

async function* loraRun(
  name: string,
  model: Model,
  provider: Provider,
  reference: Reference,
  stored: Stored,
): AsyncIterable<Row> {
  const { lora, data } = stored;
  if (lora === undefined || data === undefined) return;
  const label = `${name} lora`;
  const files = readAdapter(join(reference.folder, lora.initial_adapter));
  const initial = tensorsOf(files, model);
  const trainer = await createTrainer({
    model,
    provider,
    lora: files.config,
    initial,
    ...settingsOf(lora.train),
  });
  yield* runRows(label, trainer, lora.train, blocks(data), curveTolerance);
  const after = await heldOut(trainer, stored);
  yield compared(label, 'held-out loss', Math.abs(after - lora.held_out_loss_after), curveTolerance);
  await trainer.release();
  if (!reference.has('lora.merged_logits')) return;
  const final = tensorsOf(readAdapter(join(reference.folder, lora.final_adapter)), model);
  const passage = stored.passage as Passage;
  const batch = toBatch({ input_ids: [passage.input_ids], labels: [passage.input_ids] });
  const logits = await logitsOf(model, provider, batch, { lora: files.config, initial: final });
  yield compared(
    label,
    'merged logits',
    largest(logits, reference.get('lora.merged_logits')),
    logitsTolerance,
  );
}

async function* fullRun(name: string, model: Model, provider: Provider, stored: Stored): AsyncIterable<Row> {
  const { full, data } = stored;
  if (full === undefined || data === undefined) return;
  const trainer = await createTrainer({ model, provider, ...settingsOf(full.train) });
  yield* runRows(`${name} full`, trainer, full.train, blocks(data), curveTolerance);
  const after = await heldOut(trainer, stored);
  yield compared(`${name} full`, 'held-out loss', Math.abs(after - full.held_out_loss_after), curveTolerance);
  await trainer.release();
}
