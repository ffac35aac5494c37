// A base model whose linear weights are stored in few bits, for training an adapter over it (QLoRA, Dettmers et al. 2023,
// https://arxiv.org/abs/2305.14314). Made once for each model and kind into a cache folder: one file that onnxruntime
// maps, with the other tensors as they are. Adapters are still merged into the original weights.
import { createHash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import { elementBytes } from '../compiler/op.ts';
import { sizeOf } from '../compiler/shape.ts';
import { AppError } from '../errors.ts';
import { log } from '../log.ts';
import type { TensorSpec } from './architecture.ts';
import type { Model } from './load.ts';
import { dequantize, type QuantizationKind, quantize, quantizedBytes } from './quantize-blocks.ts';
import { readBytes, readTensor, type TensorInfo } from './safetensors.ts';

/** Where a part of the file lies, in bytes. */
export interface Part {
  offset: number;
  bytes: number;
}

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

const version = 1;
const manifestName = 'manifest.json';
const weightsName = 'weights.bin';
const alignment = 64;
/** Numbers that are read and quantized at once. */
const chunkNumbers = 1 << 22;

const Manifest = z.object({ version: z.literal(version), bytes: z.int(), sha256: z.string() });

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

/** Of an output layer that the run makes and trains whole: no graph reads it from a file. */
function isOwnHead({ headModules = [] }: Model, name: string): boolean {
  return headModules.some((module) => name.startsWith(`${module}.`));
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
  let end = 0;
  const place = (bytes: number): Part => {
    const part = { offset: Math.ceil(end / alignment) * alignment, bytes };
    end = part.offset + bytes;
    return part;
  };
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
    bytes: end,
  };
}

export interface QuantizeProgress {
  /** Of the numbers, 0 to 1. */
  share: number;
  /** Whether an earlier result is being checked, which takes no computing. */
  checking: boolean;
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
  options: { signal?: AbortSignal; onProgress?: (progress: QuantizeProgress) => void } = {},
): Promise<Model> {
  mkdirSync(cacheFolder, { recursive: true });
  const root = realpathSync(cacheFolder); // links that leave the folder are refused by onnxruntime
  const folder = join(root, `${contentKey(model)}-${kind}`);
  removeLeftovers(root, basename(folder));
  if (existsSync(join(folder, manifestName))) {
    options.onProgress?.({ share: 1, checking: true });
    if (await isWhole(folder)) return planQuantized(model, kind, folder);
    log('warn', 'quantized-damaged', { folder });
  }
  const planned = planQuantized(model, kind, folder);
  const temporary = `${folder}.${process.pid}.tmp`;
  try {
    mkdirSync(temporary);
    requireSpace(temporary, planned.bytes);
    await writeWeights(model, planned, join(temporary, weightsName), options);
    rmSync(folder, { recursive: true, force: true });
    renameSync(temporary, folder);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
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

/** What the model is, from the layout of its tensors and some bytes of each. */
function contentKey(model: Model): string {
  const hash = createHash('sha256').update(`${version}`);
  for (const [name, info] of model.tensors) {
    if (isOwnHead(model, name)) continue;
    const { dtype, shape, bytes, offset } = info;
    hash.update(`${name} ${dtype} ${shape.join()}`);
    for (const at of [0, Math.floor(bytes / 2), bytes]) {
      const from = Math.max(0, Math.min(at, bytes - 2048));
      hash.update(readBytes({ ...info, offset: offset + from, bytes: Math.min(2048, bytes) }));
    }
  }
  return hash.digest('hex').slice(0, 32);
}

async function isWhole(folder: string): Promise<boolean> {
  try {
    const { bytes, sha256 } = Manifest.parse(JSON.parse(readFileSync(join(folder, manifestName), 'utf8')));
    const file = join(folder, weightsName);
    return statSync(file).size === bytes && (await sha256Of(file)) === sha256;
  } catch {
    return false;
  }
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(file, { highWaterMark: 1 << 22 })) hash.update(piece as Buffer);
  return hash.digest('hex');
}

/** What a killed process left behind, of this model and kind. */
function removeLeftovers(root: string, name: string): void {
  for (const entry of readdirSync(root)) {
    const pid = entry.startsWith(`${name}.`) ? /\.(\d+)\.tmp$/.exec(entry)?.[1] : undefined;
    if (pid === undefined || (Number(pid) !== process.pid && isRunning(Number(pid)))) continue;
    rmSync(join(root, entry), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function requireSpace(folder: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize > bytes * 1.02) return;
  const [need, free] = [bytes, bavail * bsize].map((size) => `${Math.ceil(size / 1e6)} MB`);
  throw new AppError(
    'disk-full',
    `The quantized model needs ${need} on disk, and ${free} are free.`,
    'Free some space, or train without quantization.',
  );
}

async function writeWeights(
  model: Model,
  planned: Model,
  file: string,
  { signal, onProgress }: Parameters<typeof openQuantized>[3] & object,
): Promise<void> {
  const descriptor = openSync(file, 'wx');
  const total = [...model.tensors.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  let done = 0;
  try {
    for (const [name, info] of model.tensors) {
      if (isOwnHead(model, name)) continue;
      const weight = planned.quantized?.weights.get(name);
      const parts =
        weight === undefined ? copiedParts(info, planned, name) : quantizedParts(model, info, weight);
      for (const { bytes, offset, numbers } of parts) {
        writeAt(descriptor, bytes, offset);
        done += numbers;
        onProgress?.({ share: done / total, checking: false });
        await nextTurn();
        if (signal?.aborted)
          throw new AppError('cancelled', 'Quantizing the model was cancelled.', 'Start it again.');
      }
    }
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  const manifest = { version, bytes: planned.bytes, sha256: await sha256Of(file) };
  writeFileSync(join(dirname(file), manifestName), `${JSON.stringify(manifest)}\n`, { flush: true });
}

interface Written {
  bytes: Uint8Array;
  offset: number;
  /** Numbers of the original that are done with this part. */
  numbers: number;
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

function writeAt(descriptor: number, bytes: Uint8Array, offset: number): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(descriptor, bytes, done, bytes.length - done, offset + done);
}
