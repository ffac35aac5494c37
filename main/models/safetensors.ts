// Reads and writes safetensors (https://github.com/huggingface/safetensors, "Format"): an 8-byte little-endian header
// size, a JSON header, then the bytes of the tensors. Tensors are found here and read by reference; nothing is loaded.
import { closeSync, fstatSync, fsyncSync, openSync, readSync, renameSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import { z } from 'zod';
import type { DType } from '../compiler/op.ts';
import { elementBytes } from '../compiler/op.ts';
import { sizeOf } from '../compiler/shape.ts';
import { AppError } from '../errors.ts';

/** Where one tensor lies. */
export interface TensorInfo {
  name: string;
  dtype: DType;
  shape: readonly number[];
  /** Absolute path, with links resolved by whoever opened it. */
  file: string;
  /** From the start of the file, in bytes. */
  offset: number;
  bytes: number;
}

const dtypes: Readonly<Record<string, DType>> = {
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I32: 'int32',
  I64: 'int64',
  U8: 'uint8',
  BOOL: 'bool',
};

const Header = z.record(
  z.string(),
  z.union([
    z.object({
      dtype: z.string(),
      shape: z.array(z.int().min(0)),
      data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
    }),
    z.record(z.string(), z.string()),
  ]),
);

const Metadata = z.looseObject({ __metadata__: z.record(z.string(), z.string()).optional() });

const maxHeaderBytes = 100_000_000; // the limit of the reference implementation

/** Tensors of one file. Throws an AppError where the file is cut, or its header does not fit its size. */
export function readHeader(file: string): Map<string, TensorInfo> {
  const name = basename(file);
  const descriptor = openSync(file, 'r');
  try {
    const size = fstatSync(descriptor).size;
    const length = size >= 8 ? Number(readAt(descriptor, 0, 8).readBigUInt64LE()) : Number.POSITIVE_INFINITY;
    if (length > Math.min(size - 8, maxHeaderBytes))
      throw damaged(name, 'its header does not fit into the file');
    const header = Header.safeParse(parseJson(readAt(descriptor, 8, length).toString('utf8'), name));
    if (!header.success) throw damaged(name, 'its header has another form than the format says');
    const tensors = new Map<string, TensorInfo>();
    for (const [tensor, entry] of Object.entries(header.data)) {
      if (tensor === '__metadata__' || typeof entry.dtype !== 'string' || !Array.isArray(entry.data_offsets))
        continue;
      const dtype = dtypes[entry.dtype];
      const shape = entry.shape as number[];
      const [start, end] = entry.data_offsets as [number, number];
      if (dtype === undefined) {
        throw new AppError(
          'weights-dtype',
          `"${tensor}" in ${name} is stored as ${entry.dtype}, which Tunesmith cannot train.`,
          'Choose a copy of the model in float32, float16 or bfloat16.',
        );
      }
      if (8 + length + end > size) {
        const percent = Math.floor((100 * size) / (8 + length + lastByte(header.data)));
        throw damaged(name, `it is ${percent} % complete`);
      }
      if (end - start !== sizeOf(shape) * elementBytes[dtype]) {
        throw damaged(name, `"${tensor}" [${shape.join(', ')}] does not have the bytes that its shape needs`);
      }
      tensors.set(tensor, {
        name: tensor,
        dtype,
        shape,
        file,
        offset: 8 + length + start,
        bytes: end - start,
      });
    }
    return tensors;
  } finally {
    closeSync(descriptor);
  }
}

/** What a file says of itself (`__metadata__`); empty where it says nothing. */
export function readMetadata(file: string): Readonly<Record<string, string>> {
  const name = basename(file);
  const descriptor = openSync(file, 'r');
  try {
    const length = Number(readAt(descriptor, 0, 8).readBigUInt64LE());
    if (length > Math.min(fstatSync(descriptor).size - 8, maxHeaderBytes)) return {};
    const header = parseJson(readAt(descriptor, 8, length).toString('utf8'), name);
    return Metadata.safeParse(header).data?.__metadata__ ?? {};
  } finally {
    closeSync(descriptor);
  }
}

/** A tensor's numbers as float32 (from float16, bfloat16 or float32). */
export function readTensor(info: TensorInfo): Float32Array<ArrayBuffer> {
  const descriptor = openSync(info.file, 'r');
  try {
    const bytes = readAt(descriptor, info.offset, info.bytes);
    return toFloat32(bytes, info.dtype);
  } finally {
    closeSync(descriptor);
  }
}

/** A tensor's bytes as they are stored. */
export function readBytes(info: TensorInfo): Buffer {
  const descriptor = openSync(info.file, 'r');
  try {
    return readAt(descriptor, info.offset, info.bytes);
  } finally {
    closeSync(descriptor);
  }
}

export function toFloat32(bytes: Uint8Array, dtype: DType): Float32Array<ArrayBuffer> {
  const aligned = Uint8Array.from(bytes).buffer; // a Buffer may start anywhere in its pool
  if (dtype === 'float32') return new Float32Array(aligned);
  if (dtype === 'bfloat16') {
    const words = new Uint16Array(aligned);
    const bits = new Uint32Array(words.length);
    for (let i = 0; i < words.length; i++) bits[i] = words[i] << 16;
    return new Float32Array(bits.buffer);
  }
  if (dtype === 'float16') return Float32Array.from(new Float16Array(aligned));
  throw new Error(`Invariant broken: weights are floating point, not ${dtype}`);
}

/** float32 numbers as bytes of `dtype`, rounded to nearest even. */
export function fromFloat32(numbers: Float32Array, dtype: DType): Uint8Array {
  if (dtype === 'float32') return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  if (dtype === 'float16') return new Uint8Array(Float16Array.from(numbers).buffer);
  if (dtype === 'bfloat16') {
    const bits = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
    const words = new Uint16Array(numbers.length);
    for (let i = 0; i < bits.length; i++) {
      const x = bits[i];
      const notNumber = (x & 0x7fffffff) > 0x7f800000;
      words[i] = notNumber ? (x >>> 16) | 0x40 : (x + 0x7fff + ((x >>> 16) & 1)) >>> 16;
    }
    return new Uint8Array(words.buffer);
  }
  throw new Error(`Invariant broken: weights are floating point, not ${dtype}`);
}

export interface TensorToWrite {
  name: string;
  dtype: DType;
  shape: readonly number[];
  /** Called once, when its turn comes, so that one tensor at a time is in memory. */
  bytes(): Uint8Array;
}

/** Writes a file under a temporary name, syncs and renames it. Tensors are streamed in the order given. */
export function writeSafetensors(
  file: string,
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>> = { format: 'pt' },
): void {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const { name, dtype, shape } of tensors) {
    const bytes = sizeOf(shape) * elementBytes[dtype];
    const label = Object.keys(dtypes).find((key) => dtypes[key] === dtype);
    header[name] = { dtype: label, shape, data_offsets: [offset, offset + bytes] };
    offset += bytes;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')]);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(padded.length));
  const temporary = `${file}.tmp`;
  const descriptor = openSync(temporary, 'w');
  try {
    writeAll(descriptor, size);
    writeAll(descriptor, padded);
    for (const tensor of tensors) writeAll(descriptor, tensor.bytes());
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, file);
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done, bytes.length - done);
}

function readAt(descriptor: number, offset: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(length);
  for (let done = 0; done < length; ) {
    const count = readSync(descriptor, buffer, done, Math.min(length - done, 1 << 30), offset + done);
    if (count === 0) throw new Error('The file ended before its last byte.');
    done += count;
  }
  return buffer;
}

function lastByte(header: z.infer<typeof Header>): number {
  return Math.max(
    0,
    ...Object.values(header).map((entry) =>
      Array.isArray(entry.data_offsets) ? Number(entry.data_offsets[1]) : 0,
    ),
  );
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw damaged(name, 'its header is not JSON');
  }
}

function damaged(name: string, why: string): AppError {
  return new AppError(
    'weights-damaged',
    `${name} is damaged or cut: ${why}.`,
    'Copy or download the model again.',
  );
}
