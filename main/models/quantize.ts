// A base model whose linear weights are stored in few bits, for training an adapter over it (QLoRA, Dettmers et al. 2023,
// https://arxiv.org/abs/2305.14314). Made once for each model and kind into a cache folder: one file that onnxruntime
// maps, with the other tensors as they are. Adapters are still merged into the original weights.
import { join, relative, sep } from 'node:path';
import { elementBytes } from '../compiler/op.ts';
import { sizeOf } from '../compiler/shape.ts';
import { AppError } from '../errors.ts';
import type { TensorSpec } from './architecture.ts';
import type { Model } from './load.ts';
import { dequantize, type QuantizationKind, quantize, quantizedBytes } from './quantize-blocks.ts';
import { readBytes, readTensor, type TensorInfo } from './safetensors.ts';
import {
  type CacheOptions,
  cachedFolder,
  chunkNumbers,
  createPlaces,
  ensureCached,
  isOwnHead,
  type Part,
  type Written,
  weightsName,
} from './weight-cache.ts';

/** A linear weight [out, in] in blocks along `in`; a Conv1D weight is turned first. */
export interface QuantizedWeight {
  kind: QuantizationKind;
  shape: readonly [number, number];
  block: number;
  file: string;
  codes: Part;
  /** float32. */
  scales: Part;
  /** int4 only. */
  zeroPoints: Part | undefined;
}

export interface QuantizedBase {
  kind: QuantizationKind;
  /** By tensor name. Linear weights that are not here stay as they are stored. */
  weights: ReadonlyMap<string, QuantizedWeight>;
}

/** Weights that share a scale: fewer for narrow layers. 0 = the weight is left as it is. */
export function blockOf(width: number): number {
  return width % 64 === 0 ? 64 : width % 32 === 0 ? 32 : 0;
}

/** Linear layers within the model; embeddings, norms and the output layer keep their precision. */
function isQuantized({ architecture }: Model, { name, kind, shape }: TensorSpec): boolean {
  if (kind !== 'linear' && kind !== 'conv1d') return false;
  if (architecture.outputModules.includes(name.replace(/\.weight$/, ''))) return false;
  return blockOf(kind === 'linear' ? shape[1] : shape[0]) > 0;
}

/**
 * The model as it will be once quantized, before anything is written: for plans. Its graph can be built; its
 * `bytes` are those of the file.
 */
export function planQuantized(model: Model, kind: QuantizationKind, folder = model.folder): Model {
  const file = join(folder, weightsName);
  const specs = new Map(model.specs.map((spec) => [spec.name, spec]));
  const weights = new Map<string, QuantizedWeight>();
  const tensors = new Map<string, TensorInfo>();
  const { place, end } = createPlaces();
  for (const [name, info] of model.tensors) {
    if (isOwnHead(model, name)) {
      tensors.set(name, info);
      continue;
    }
    const spec = specs.get(name);
    if (spec === undefined || !isQuantized(model, spec)) {
      tensors.set(name, { ...info, file, ...place(info.bytes) });
      continue;
    }
    tensors.set(name, info); // for modules that are trained whole, and for norms
    const [rows, width] = spec.kind === 'linear' ? spec.shape : [spec.shape[1], spec.shape[0]];
    const block = blockOf(width);
    const bytes = quantizedBytes(kind, rows * width, block);
    const [codes, scales] = [place(bytes.codes), place(bytes.scales)];
    const zeroPoints = bytes.zeroPoints === 0 ? undefined : place(bytes.zeroPoints);
    weights.set(name, { kind, shape: [rows, width], block, file, codes, scales, zeroPoints });
  }
  return {
    ...model,
    tensors,
    quantized: { kind, weights },
    weightsFolder: folder,
    locate: (other) => relative(folder, other).split(sep).join('/'),
    bytes: end(),
  };
}

/**
 * The model with its linear weights from `cacheFolder`, where they are made if they are not there yet, or damaged.
 * Interrupted work leaves nothing behind and starts again.
 * @throws AppError `disk-full`, `weights-not-finite`, `cancelled`
 */
export async function openQuantized(
  model: Model,
  kind: QuantizationKind,
  cacheFolder: string,
  options: CacheOptions = {},
): Promise<Model> {
  const folder = cachedFolder(model, cacheFolder, kind);
  const planned = planQuantized(model, kind, folder);
  const numbers = [...model.tensors.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const parts = () => partsOf(model, planned);
  const words = { what: 'Quantizing the model', without: 'train without quantization' };
  await ensureCached(folder, { bytes: planned.bytes, numbers, parts, ...words }, options);
  return planned;
}

/** A quantized weight as the numbers that it stands for, in the form of the original tensor. */
export function readQuantized(model: Model, name: string): Float32Array {
  const weight = model.quantized?.weights.get(name);
  if (weight === undefined) throw new Error(`Invariant broken: "${name}" is not quantized`);
  const { kind, block, file, shape } = weight;
  const read = (part: Part): Uint8Array =>
    readBytes({ name, dtype: 'uint8', shape: [part.bytes], file, ...part });
  const scales = new Float32Array(Uint8Array.from(read(weight.scales)).buffer);
  const zeroPoints = weight.zeroPoints && read(weight.zeroPoints);
  const numbers = dequantize(kind, { codes: read(weight.codes), scales, zeroPoints }, block);
  const conv1d = model.specs.find((spec) => spec.name === name)?.kind === 'conv1d';
  return conv1d ? turned(numbers, shape[0], shape[1]) : numbers;
}

function* partsOf(model: Model, planned: Model): Generator<Written> {
  for (const [name, info] of model.tensors) {
    if (isOwnHead(model, name)) continue;
    const weight = planned.quantized?.weights.get(name);
    if (weight === undefined) yield* copiedParts(info, planned, name);
    else yield* quantizedParts(model, info, weight);
  }
}

function* copiedParts(info: TensorInfo, planned: Model, name: string): Generator<Written> {
  const { offset } = planned.tensors.get(name) as TensorInfo;
  yield { bytes: readBytes(info), offset, numbers: sizeOf(info.shape) };
}

/** The parts of a weight, some rows at a time. */
function* quantizedParts(model: Model, info: TensorInfo, weight: QuantizedWeight): Generator<Written> {
  const { kind, block, codes, scales, zeroPoints } = weight;
  const [rows, width] = weight.shape;
  const conv1d = model.specs.find(({ name }) => name === info.name)?.kind === 'conv1d';
  const all = conv1d ? turned(readTensor(info), width, rows) : undefined;
  const step = Math.max(2, Math.floor(chunkNumbers / width / 2) * 2); // even, so that packed zero points end a byte
  const rowBytes = width * elementBytes[info.dtype];
  for (let row = 0; row < rows; row += step) {
    const count = Math.min(step, rows - row);
    const part = { shape: [count, width], offset: info.offset + row * rowBytes, bytes: count * rowBytes };
    const numbers = all?.subarray(row * width, (row + count) * width) ?? readTensor({ ...info, ...part });
    requireFinite(numbers, info.name);
    const made = quantize(kind, numbers, block);
    const firstBlock = (row * width) / block;
    const firstCode = quantizedBytes(kind, row * width, block).codes;
    const floats = new Uint8Array(made.scales.buffer);
    yield { bytes: made.codes, offset: codes.offset + firstCode, numbers: numbers.length };
    yield { bytes: floats, offset: scales.offset + firstBlock * 4, numbers: 0 };
    if (made.zeroPoints !== undefined && zeroPoints !== undefined)
      yield { bytes: made.zeroPoints, offset: zeroPoints.offset + firstBlock / 2, numbers: 0 };
  }
}

function requireFinite(numbers: Float32Array, name: string): void {
  for (let i = 0; i < numbers.length; i++) {
    const x = numbers[i];
    if (x - x === 0) continue; // infinities and NaN give NaN
    throw new AppError(
      'weights-not-finite',
      `"${name}" holds ${x}, so the model cannot be quantized.`,
      'Copy or download the model again.',
    );
  }
}

/** [rows, columns] as [columns, rows]. */
function turned(numbers: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(numbers.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      result[column * rows + row] = numbers[row * columns + column];
  return result;
}
