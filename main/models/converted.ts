// Weights of a frozen base in the types that a device reads without help: products of halves get theirs in half, and what
// a graphics card has no bfloat16 for becomes float32; else the processor would cast each weight anew in every pass, and
// send it there. Made once for each model into a cache folder. What is trained still starts from the original.
import { dirname, relative, sep } from 'node:path';
import type { Provider } from '../compiler/lowering.ts';
import { elementBytes } from '../compiler/op.ts';
import { halfOf, isHalf, type Precision } from '../compiler/precision.ts';
import { sizeOf } from '../compiler/shape.ts';
import { AppError } from '../errors.ts';
import type { TensorSpec } from './architecture.ts';
import type { Model } from './load.ts';
import { fromFloat32, readTensor, type TensorInfo } from './safetensors.ts';
import {
  type CacheOptions,
  cachedFolder,
  chunkNumbers,
  createPlaces,
  ensureCached,
  isOwnHead,
  type Written,
  weightsName,
} from './weight-cache.ts';

export interface ReadBy {
  provider: Provider;
  precision: Precision;
}

/** The type in which a device reads a weight. Lookups keep what the file has, as torch.autocast does. */
function typeFor(
  { provider, precision }: ReadBy,
  { kind }: TensorSpec,
  { dtype }: TensorInfo,
): TensorInfo['dtype'] {
  if (provider === 'cpu') return dtype; // casts in place
  const half = halfOf[precision];
  if (half !== undefined) {
    const rounded =
      kind === 'linear' || kind === 'conv1d' || (kind === 'embedding' && half === 'float16' && isHalf(dtype));
    if (rounded || dtype === half) return half;
  }
  return provider === 'cuda' ? dtype : 'float32';
}

/** Weights that graphs read from files in another type than theirs, by name. */
function changedTypes(model: Model, by: ReadBy): Map<string, TensorInfo['dtype']> {
  const types = new Map<string, TensorInfo['dtype']>();
  for (const spec of model.specs) {
    const info = model.tensors.get(spec.name);
    if (info === undefined || isOwnHead(model, spec.name) || model.quantized?.weights.has(spec.name))
      continue;
    types.set(spec.name, typeFor(by, spec, info));
  }
  const changes = [...types].some(([name, dtype]) => model.tensors.get(name)?.dtype !== dtype);
  return changes ? types : new Map();
}

/** The model as its weights will lie in memory, before anything is written: for plans. Itself where nothing changes. */
export function planConverted(model: Model, by: ReadBy, folder = model.folder): Model {
  const types = changedTypes(model, by);
  if (types.size === 0) return model;
  const { place, end } = createPlaces();
  const file = `${folder}/${weightsName}`;
  const tensors = new Map(model.tensors);
  for (const [name, dtype] of types) {
    const info = model.tensors.get(name) as TensorInfo;
    tensors.set(name, { ...info, dtype, file, ...place(sizeOf(info.shape) * elementBytes[dtype]) });
  }
  const root = dirname(folder);
  return {
    ...model,
    tensors,
    originals: model.tensors,
    weightsFolder: root,
    locate: (other) => relative(root, other).split(sep).join('/'),
    bytes: end() + (model.quantized === undefined ? 0 : model.bytes),
  };
}

/** Where weights stay on the device, they are made float32 on their way there (training/device-weights.ts). */
const widensUploads = ({ provider, precision }: ReadBy): boolean =>
  provider === 'webgpu' && precision === 'fp32';

/**
 * The model with its weights from `cacheFolder` in the types that a device reads. They are made if they are not there
 * yet, or damaged. A quantized model has to be in the same cache folder.
 * @throws AppError `disk-full`, `weights-beyond-half`, `cancelled`
 */
export async function openConverted(
  model: Model,
  by: ReadBy,
  cacheFolder: string,
  options: CacheOptions = {},
): Promise<Model> {
  const types = changedTypes(model, by);
  if (types.size === 0 || widensUploads(by)) return model;
  const quantized = model.quantized === undefined ? '' : `-beside-${model.quantized.kind}`;
  const folder = cachedFolder(model, cacheFolder, `${by.provider}-${by.precision}${quantized}`);
  const planned = planConverted(model, by, folder);
  const infos = [...types.keys()].map((name) => planned.tensors.get(name) as TensorInfo);
  const form = {
    bytes: Math.max(...infos.map(({ offset, bytes }) => offset + bytes)),
    numbers: infos.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    parts: () => partsOf(model, planned, [...types.keys()]),
    what: 'Converting the weights for the device',
    without: 'train on the processor',
  };
  await ensureCached(folder, form, options);
  return planned;
}

function* partsOf(model: Model, planned: Model, names: readonly string[]): Generator<Written> {
  for (const name of names) {
    const from = model.tensors.get(name) as TensorInfo;
    const to = planned.tensors.get(name) as TensorInfo;
    const size = sizeOf(from.shape);
    for (let start = 0; start < size; start += chunkNumbers) {
      const count = Math.min(chunkNumbers, size - start);
      const width = elementBytes[from.dtype];
      const part = { ...from, shape: [count], offset: from.offset + start * width, bytes: count * width };
      const numbers = readTensor(part);
      if (to.dtype === 'float16') requireRange(numbers, name);
      const bytes = fromFloat32(numbers, to.dtype);
      yield { bytes, offset: to.offset + start * elementBytes[to.dtype], numbers: count };
    }
  }
}

/** Largest number that float16 rounds to a finite one. */
const largest = 65519;

function requireRange(numbers: Float32Array, name: string): void {
  for (let i = 0; i < numbers.length; i++) {
    if (Math.abs(numbers[i]) <= largest) continue;
    throw new AppError(
      'weights-beyond-half',
      `"${name}" holds ${numbers[i]}, and float16 ends at 65,504.`,
      'Choose fp32 as the precision.',
    );
  }
}
