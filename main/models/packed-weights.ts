// The quantized weights of a model as the products of answers read them (compiler/packed-product.ts). What differs from
// the quantized file is written beside it once: zero points of int4 with each row in bytes of its own, codes of int8
// around 128, and NF4 as codes of 8 bits. Knows no graph.
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { nf4Levels } from '../compiler/nf4.ts';
import type { FilePart, PackedProducts, PackedWeight } from '../compiler/packed-product.ts';
import { log } from '../log.ts';
import type { Model } from './load.ts';
import type { Part, QuantizedWeight } from './quantize.ts';
import type { QuantizationKind } from './quantize-blocks.ts';
import { readBytes } from './safetensors.ts';

/** What the rules below depend on is part of the name, so that a file of other rules is never read. */
const fileName = 'products-1.bin';
const alignment = 64;

/** A part of the further file: where it goes and what it holds. */
interface Written {
  part: FilePart;
  bytes(): Uint8Array;
}

/**
 * The packed products of a quantized model, made beside its file where they are not there yet. Undefined where the model
 * is not quantized, or where they cannot be written: graphs then unpack the weights.
 */
export function packedProductsOf(model: Model): PackedProducts | undefined {
  if (model.quantized === undefined) return undefined;
  const { weightsFolder, quantized, locate } = model;
  const path = join(weightsFolder, fileName);
  const file = locate(path);
  let end = 0;
  const written: Written[] = [];
  const place = (bytes: number, make: () => Uint8Array): FilePart => {
    const part = { file, offset: Math.ceil(end / alignment) * alignment, bytes };
    end = part.offset + bytes;
    written.push({ part, bytes: make });
    return part;
  };
  const weights = new Map<string, PackedWeight>();
  for (const [name, weight] of quantized.weights) {
    const stored = ({ offset, bytes }: Part): FilePart => ({ file: locate(weight.file), offset, bytes });
    weights.set(`${name}.codes`, packed[quantized.kind](weight, stored, place));
  }
  try {
    if (written.length > 0 && (!existsSync(path) || statSync(path).size !== end)) write(path, written);
  } catch (error) {
    log('warn', 'packed-products-failed', { path, error });
    return undefined;
  }
  return { weights, accuracyLevel: 4 };
}

type Stored = (part: Part) => FilePart;
type Place = (bytes: number, make: () => Uint8Array) => FilePart;

const packed = {
  int8: (weight, stored, place) => ({
    bits: 8,
    block: weight.block,
    codes: place(weight.codes.bytes, () => read(weight, weight.codes).map((code) => code ^ 128)), // signed around 0
    scales: stored(weight.scales),
  }),
  int4: (weight, stored, place) => {
    const { shape, block, zeroPoints } = weight;
    const blocks = shape[1] / block;
    const own = zeroPoints as Part;
    const bytes = shape[0] * Math.ceil(blocks / 2);
    const aligned = () => rowsOfBytes(read(weight, own), shape[0], blocks);
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
    codes: place(weight.codes.bytes * 2, () => nf4AsBytes(read(weight, weight.codes))),
    scales: place(weight.scales.bytes, () => {
      const scales = new Float32Array(Uint8Array.from(read(weight, weight.scales)).buffer);
      return new Uint8Array(scales.map((scale) => scale / nf4Steps).buffer);
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

/** Under a temporary name first, so that a file that is there is whole. */
function write(path: string, written: readonly Written[]): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const descriptor = openSync(temporary, 'wx');
    try {
      for (const { part, bytes } of written) {
        const data = bytes();
        for (let done = 0; done < data.length; )
          done += writeSync(descriptor, data, done, data.length - done, part.offset + done);
      }
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}
