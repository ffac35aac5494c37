// More rows for tokens that were added to the tokenizer: a model folder whose embedding and output layer come from a file
// of their own, in the type of the base; the other files are shared with the base (hard links, or copies where those are
// not possible). New rows are drawn as transformers draws them (resize_token_embeddings with mean_resizing): around the
// mean of the old ones, with 1e-9 of their covariance. Knows no tokenizer.
import { constants, copyFileSync, linkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError, assert } from '../errors.ts';
import { createRandom } from '../tokens/random.ts';
import type { TensorSpec } from './architecture.ts';
import type { Model } from './load.ts';
import { type NewRow, newRowsMetadata } from './new-rows.ts';
import {
  fromFloat32,
  readBytes,
  readHeader,
  type TensorInfo,
  toFloat32,
  writeSafetensors,
} from './safetensors.ts';
import { randomWeights } from './scratch.ts';

const covarianceShare = 1e-9;
/** Of a table that is larger, every few rows stand for the covariance: some seconds at most. */
const mostProducts = 4e9;

/**
 * Writes the weights and config.json of the model with `rows` rows into `folder`, which is there and has none yet. Rows of
 * `newRows` are drawn, whether the base has them (as padding) or not; every row that the base lacks has to be among them.
 * @throws AppError when the model has more rows than that
 */
export function writeResized(
  model: Model,
  rows: number,
  folder: string,
  { newRows, seed }: { newRows: readonly NewRow[]; seed: number },
): void {
  const known = model.shape.vocabularySize;
  if (rows < known) {
    throw new AppError(
      'vocabulary-smaller',
      `"${model.name}" has ${known} tokens, which cannot become ${rows} without losing some.`,
      'Keep the tokens of the model, and add new ones behind them.',
    );
  }
  const drawn = newRows.map(({ id }) => id);
  const tables = tablesOf(model, rows);
  const files = [...new Set([...model.tensors.values()].map(({ file }) => file))];
  const shard = (index: number): string => {
    const part = (n: number) => String(n).padStart(5, '0');
    return `model-${part(index + 1)}-of-${part(files.length + 1)}.safetensors`;
  };
  const map: Record<string, string> = {};
  const rawNames = new Map<string, string>();
  const { rename = (name: string) => name } = model.architecture;
  for (const [index, file] of files.entries()) {
    for (const name of readHeader(file).keys()) {
      map[name] = shard(index);
      rawNames.set(rename(name), name);
    }
    share(file, join(folder, shard(index)));
  }
  const random = createRandom(seed);
  const own = shard(files.length); // the last by name: programs that read whole files see it last
  writeSafetensors(
    join(folder, own),
    tables.map(({ name, shape }) => {
      const info = model.tensors.get(name) as TensorInfo;
      const stored = rawNames.get(name) ?? name;
      map[stored] = own;
      return { name: stored, dtype: info.dtype, shape, bytes: () => withRows(info, rows, drawn, random) };
    }),
    newRowsMetadata(
      [...(model.newRows ?? []), ...newRows],
      model.untrained ? randomWeights : { format: 'pt' },
    ),
  );
  const json = (name: string, value: unknown) =>
    writeFileSync(join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
  const total = [...files, join(folder, own)].reduce((sum, file) => sum + statSync(file).size, 0);
  json('model.safetensors.index.json', { metadata: { total_size: total }, weight_map: map });
  json('config.json', { ...model.rawConfig, vocab_size: rows });
}

/** Tensors with a row for each token, in the size that they get. */
function tablesOf(model: Model, rows: number): TensorSpec[] {
  const { architecture, config } = model;
  // one row more than asked for shows them all, also where no row is missing
  const sized = (count: number) =>
    architecture.tensors({ ...(config as Record<string, unknown>), vocab_size: count });
  const wider = sized(model.shape.vocabularySize + 1);
  const tables = sized(rows).filter((_, i) => wider[i].shape.join() !== model.specs[i].shape.join());
  assert(
    tables.every(({ shape }) => shape[0] === rows),
    'only tables of tokens grow, and only by rows',
  );
  return tables;
}

/** One file under two names where the file system can, else a copy. */
function share(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
  }
}

/** Bytes of a table [rows, ...] that has `total` rows, those of `drawn` new. */
function withRows(
  info: TensorInfo,
  total: number,
  drawn: readonly number[],
  random: ReturnType<typeof createRandom>,
): Uint8Array {
  const old = readBytes(info);
  const [rows, ...rest] = info.shape;
  const width = rest.reduce((size, dim) => size * dim, 1);
  const rowBytes = info.bytes / rows;
  const skipped = new Set(drawn);
  assert(
    Array.from({ length: total - rows }, (_, i) => rows + i).every((row) => skipped.has(row)),
    'every row that is added is drawn',
  );
  const learned = Array.from({ length: rows }, (_, row) => row).filter((row) => !skipped.has(row));
  const rowOf = (row: number) => toFloat32(old.subarray(row * rowBytes, (row + 1) * rowBytes), info.dtype);
  const mean = new Float64Array(width);
  for (const row of learned)
    rowOf(row).forEach((value, i) => {
      mean[i] += value / learned.length;
    });
  // sum of (row - mean) z / sqrt(rows), z normal, has the covariance of the rows
  const fresh = drawn.map(() => Float64Array.from(mean));
  const step = Math.ceil((learned.length * width * drawn.length) / mostProducts);
  const sampled = learned.filter((_, i) => i % Math.max(1, step) === 0);
  const spread = Math.sqrt(covarianceShare / sampled.length);
  for (const row of sampled) {
    const values = rowOf(row);
    for (const list of fresh) {
      const factor = spread * random.normal();
      values.forEach((value, i) => {
        list[i] += factor * (value - mean[i]);
      });
    }
  }
  const bytes = new Uint8Array(total * rowBytes);
  bytes.set(old);
  for (const [i, list] of fresh.entries())
    bytes.set(fromFloat32(Float32Array.from(list), info.dtype), drawn[i] * rowBytes);
  return bytes;
}
