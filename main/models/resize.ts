// More rows for tokens that were added to the tokenizer: a model whose embedding and output layer come from a
// file of their own, in the type of the base; all else stays where it is. New rows are drawn as transformers
// draws them (resize_token_embeddings with mean_resizing): around the mean of the old ones, with 1e-9 of
// their covariance.
import { parse, relative, sep } from 'node:path';
import { AppError, assert } from '../errors.ts';
import { createRandom } from '../tokens/random.ts';
import { commonFolder, type Model } from './load.ts';
import {
  fromFloat32,
  readBytes,
  readHeader,
  type TensorInfo,
  toFloat32,
  writeSafetensors,
} from './safetensors.ts';

const covarianceShare = 1e-9;

/**
 * The model with `vocabularySize` tokens; its larger tables are written to `file` (safetensors). The same
 * model where it has as many already.
 * @throws AppError when the model has more tokens than that
 */
export function resizeVocabulary(model: Model, vocabularySize: number, file: string, seed: number): Model {
  const known = model.shape.vocabularySize;
  if (vocabularySize === known) return model;
  if (vocabularySize < known) {
    throw new AppError(
      'vocabulary-smaller',
      `"${model.name}" has ${known} tokens, which cannot become ${vocabularySize} without losing some.`,
      'Keep the tokens of the model, and add new ones behind them.',
    );
  }
  if (parse(file).root !== parse(model.weightsFolder).root) {
    throw new AppError(
      'weights-other-drive',
      `"${model.name}" lies on ${parse(model.weightsFolder).root}, and the project on ${parse(file).root}.`,
      'Copy the model to the drive of the project.',
    );
  }
  const { architecture } = model;
  const config = { ...(model.config as Record<string, unknown>), vocab_size: vocabularySize };
  const specs = architecture.tensors(config);
  const grown = specs.filter(({ shape }, i) => shape.join() !== model.specs[i].shape.join());
  assert(
    grown.every(({ shape }) => shape[0] === vocabularySize),
    'only tables of tokens grow, and only by rows',
  );
  const random = createRandom(seed);
  writeSafetensors(
    file,
    grown.map(({ name, shape }) => {
      const info = model.tensors.get(name) as TensorInfo;
      return { name, dtype: info.dtype, shape, bytes: () => withRows(info, vocabularySize - known, random) };
    }),
  );
  const tensors = new Map([...model.tensors, ...readHeader(file)]);
  const weightsFolder = commonFolder([...new Set([...tensors.values()].map((info) => info.file))]);
  return {
    ...model,
    config,
    rawConfig: { ...model.rawConfig, vocab_size: vocabularySize },
    shape: architecture.shape(config),
    specs,
    tensors,
    weightsFolder,
    locate: (path) => relative(weightsFolder, path).split(sep).join('/'),
    parameters: specs.reduce((sum, { shape }) => sum + shape.reduce((size, dim) => size * dim, 1), 0),
  };
}

/** Bytes of a table [rows, ...] with more rows behind its own. */
function withRows(info: TensorInfo, added: number, random: ReturnType<typeof createRandom>): Uint8Array {
  const old = readBytes(info);
  const [rows, ...rest] = info.shape;
  const width = rest.reduce((size, dim) => size * dim, 1);
  const rowBytes = info.bytes / rows;
  const rowOf = (row: number) => toFloat32(old.subarray(row * rowBytes, (row + 1) * rowBytes), info.dtype);
  const mean = new Float64Array(width);
  for (let row = 0; row < rows; row++)
    rowOf(row).forEach((value, i) => {
      mean[i] += value / rows;
    });
  // sum of (row - mean) z / sqrt(rows), z normal, has the covariance of the rows
  const fresh = Array.from({ length: added }, () => Float64Array.from(mean));
  const spread = Math.sqrt(covarianceShare / rows);
  for (let row = 0; row < rows; row++) {
    const values = rowOf(row);
    for (const list of fresh) {
      const factor = spread * random.normal();
      values.forEach((value, i) => {
        list[i] += factor * (value - mean[i]);
      });
    }
  }
  const bytes = new Uint8Array(old.length + added * rowBytes);
  bytes.set(old);
  for (const [i, list] of fresh.entries()) {
    bytes.set(fromFloat32(Float32Array.from(list), info.dtype), old.length + i * rowBytes);
  }
  return bytes;
}
