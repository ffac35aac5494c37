// The quantized weights of a model as the products of answers read them (compiler/packed-product.ts). What differs from
// the quantized file is written beside it once: zero points of int4 with each row in bytes of its own, codes of int8
// around 128, NF4 as codes of 8 bits, and the output layer, which keeps its precision everywhere else, in 8 bits: of a
// small model it is more than all layers in 4 bits. Knows no graph.
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { nf4Levels } from '../compiler/nf4.ts';
import { elementBytes } from '../compiler/op.ts';
import type { FilePart, PackedProducts, PackedWeight } from '../compiler/packed-product.ts';
import { log } from '../log.ts';
import type { Model } from './load.ts';
import { blockOf, type QuantizedWeight } from './quantize.ts';
import { type QuantizationKind, quantize } from './quantize-blocks.ts';
import { readBytes, readTensor, type TensorInfo } from './safetensors.ts';
import type { Part } from './weight-cache.ts';

/** What the rules below depend on is part of the name, so that a file of other rules is never read. */
const fileName = 'products-2.bin';
const alignment = 64;
/** Numbers of the output layer that are quantized at once. */
const chunkNumbers = 1 << 22;

/** A part of the further file: where it goes and what it holds, piece by piece. */
interface Written {
  part: FilePart;
  pieces(): Iterable<Uint8Array>;
}

/** What is written or checked already: of each model in memory once. */
const known = new WeakMap<Model, Promise<PackedProducts | undefined>>();

/**
 * The packed products of a quantized model, made beside its file where they are not there yet, or damaged. Undefined
 * where the model is not quantized, or where they cannot be written: graphs then unpack the weights.
 */
export function packedProductsOf(model: Model): Promise<PackedProducts | undefined> {
  const found = known.get(model) ?? make(model);
  known.set(model, found);
  return found;
}

async function make(model: Model): Promise<PackedProducts | undefined> {
  if (model.quantized === undefined) return undefined;
  const { weightsFolder, quantized, locate } = model;
  const path = join(weightsFolder, fileName);
  const file = locate(path);
  let end = 0;
  const written: Written[] = [];
  const place: Place = (bytes, pieces) => {
    const part = { file, offset: Math.ceil(end / alignment) * alignment, bytes };
    end = part.offset + bytes;
    written.push({ part, pieces });
    return part;
  };
  const weights = new Map<string, PackedWeight>();
  for (const [name, weight] of quantized.weights) {
    const stored = ({ offset, bytes }: Part): FilePart => ({ file: locate(weight.file), offset, bytes });
    weights.set(`${name}.codes`, packed[quantized.kind](weight, stored, place));
  }
  const output = outputTable(model);
  if (output !== undefined) weights.set(output.name, packedTable(output, place));
  try {
    if (written.length > 0 && !(await isWhole(path))) await write(path, written);
  } catch (error) {
    log('warn', 'packed-products-failed', { path, error });
    return undefined;
  }
  return { weights, accuracyLevel: 4 };
}

/** What the output layer of a decoder multiplies with: a matrix of its own, or the embedding. */
export function outputTable({ architecture, specs, tensors, objective }: Model): TensorInfo | undefined {
  if (objective !== 'causal-lm') return undefined;
  const own = architecture.outputModules.map((module) => tensors.get(`${module}.weight`));
  const embedding = specs.find(({ kind }) => kind === 'embedding');
  const table = own.find((info) => info !== undefined) ?? (embedding && tensors.get(embedding.name));
  return table !== undefined && blockOf(table.shape[1]) > 0 ? table : undefined;
}

function packedTable(info: TensorInfo, place: Place): PackedWeight {
  const [rows, width] = info.shape;
  const block = blockOf(width);
  const step = Math.max(1, Math.floor(chunkNumbers / width));
  function* chunks() {
    const rowBytes = width * elementBytes[info.dtype];
    for (let row = 0; row < rows; row += step) {
      const count = Math.min(step, rows - row);
      const part = { shape: [count, width], offset: info.offset + row * rowBytes, bytes: count * rowBytes };
      yield quantize('int8', readTensor({ ...info, ...part }), block);
    }
  }
  return {
    bits: 8,
    block,
    codes: place(rows * width, function* () {
      for (const { codes } of chunks()) yield codes.map((code) => code ^ 128);
    }),
    scales: place((rows * width * 4) / block, function* () {
      for (const { scales } of chunks()) yield new Uint8Array(scales.buffer);
    }),
  };
}

type Stored = (part: Part) => FilePart;
type Place = (bytes: number, pieces: () => Iterable<Uint8Array>) => FilePart;

const packed = {
  int8: (weight, stored, place) => ({
    bits: 8,
    block: weight.block,
    codes: place(weight.codes.bytes, () => [read(weight, weight.codes).map((code) => code ^ 128)]), // signed around 0
    scales: stored(weight.scales),
  }),
  int4: (weight, stored, place) => {
    const { shape, block, zeroPoints } = weight;
    const blocks = shape[1] / block;
    const own = zeroPoints as Part;
    const bytes = shape[0] * Math.ceil(blocks / 2);
    const aligned = () => [rowsOfBytes(read(weight, own), shape[0], blocks)];
    return {
      bits: 4,
      block,
      codes: stored(weight.codes),
      scales: stored(weight.scales),
      zeroPoints: blocks % 2 === 0 ? stored(own) : place(bytes, aligned),
    };
  },
  nf4: (weight, _, place) => ({
    bits: 8,
    block: weight.block,
    codes: place(weight.codes.bytes * 2, () => [nf4AsBytes(read(weight, weight.codes))]),
    scales: place(weight.scales.bytes, () => {
      const scales = new Float32Array(Uint8Array.from(read(weight, weight.scales)).buffer);
      return [new Uint8Array(scales.map((scale) => scale / nf4Steps).buffer)];
    }),
  }),
} satisfies Record<QuantizationKind, (weight: QuantizedWeight, stored: Stored, place: Place) => PackedWeight>;

function read({ file }: QuantizedWeight, part: Part): Uint8Array {
  return readBytes({ name: '', dtype: 'uint8', shape: [part.bytes], file, ...part });
}

/** Packed 4-bit numbers, `count` a row one after the other, as rows that each begin a byte. */
export function rowsOfBytes(flat: Uint8Array, rows: number, count: number): Uint8Array {
  const width = Math.ceil(count / 2);
  const result = new Uint8Array(rows * width);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < count; i++) {
      const at = row * count + i;
      const code = (at & 1) === 0 ? flat[at >> 1] & 15 : flat[at >> 1] >> 4;
      result[row * width + (i >> 1)] |= (i & 1) === 0 ? code : code << 4;
    }
  }
  return result;
}

/** Steps of 8-bit codes that 1 is made of: of those up to 127 the number that the 16 levels lie nearest to. */
const nf4Steps = stepsFor(nf4Levels);

function stepsFor(levels: Float32Array): number {
  let [best, least] = [127, Number.POSITIVE_INFINITY];
  for (let steps = 64; steps <= 127; steps += 1 / 64) {
    const error = levels.reduce((sum, x) => sum + (Math.round(x * steps) / steps - x) ** 2, 0);
    if (error < least) [best, least] = [steps, error];
  }
  return best;
}

function nf4AsBytes(codes: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(nf4Levels, (level) => 128 + Math.round(level * nf4Steps));
  const result = new Uint8Array(codes.length * 2);
  for (let i = 0; i < codes.length; i++) {
    result[2 * i] = bytes[codes[i] >> 4];
    result[2 * i + 1] = bytes[codes[i] & 15];
  }
  return result;
}

/** The digest stands beside the file, and is written before it. */
const digestOf = (path: string) => `${path}.sha256`;

async function isWhole(path: string): Promise<boolean> {
  if (!existsSync(path) || !existsSync(digestOf(path))) return false;
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(piece);
  return hash.digest('hex') === (await readFile(digestOf(path), 'utf8')).trim();
}

/** Under temporary names first, so that a file that is there is whole. */
async function write(path: string, written: readonly Written[]): Promise<void> {
  const temporary = [path, digestOf(path)].map((name) => `${name}.${process.pid}.tmp`);
  try {
    const hash = createHash('sha256');
    const file = await open(temporary[0], 'w');
    try {
      let end = 0;
      const append = async (data: Uint8Array) => {
        hash.update(data);
        await file.writeFile(data);
        end += data.length;
      };
      for (const { part, pieces } of written) {
        if (part.offset > end) await append(new Uint8Array(part.offset - end));
        for (const piece of pieces()) await append(piece);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    const digest = await open(temporary[1], 'w');
    await digest.writeFile(`${hash.digest('hex')}\n`).finally(() => digest.close());
    await rename(temporary[1], digestOf(path));
    await rename(temporary[0], path);
  } finally {
    for (const name of temporary) await rm(name, { force: true });
  }
}
