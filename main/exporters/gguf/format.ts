// The GGUF container, version 3 (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md): its writer, and
// the types that writer and reader share. Knows nothing of models, names or what blocks hold.
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { sizeOf } from '../../compiler/shape.ts';
import { assert } from '../../errors.ts';

/** Types of metadata values, with their numbers in the file. */
export const valueTypes = {
  UINT8: 0,
  INT8: 1,
  UINT16: 2,
  INT16: 3,
  UINT32: 4,
  INT32: 5,
  FLOAT32: 6,
  BOOL: 7,
  STRING: 8,
  ARRAY: 9,
  UINT64: 10,
  INT64: 11,
  FLOAT64: 12,
} as const;
export type ValueType = keyof typeof valueTypes;

/** A metadata value. 64-bit integers are bigint; arrays hold values of the type `of`. */
export type GgufValue =
  | { type: Exclude<ValueType, 'ARRAY'>; value: number | bigint | boolean | string }
  | { type: 'ARRAY'; of: ValueType; value: readonly unknown[] };

/** Types of tensors: number in the file, values and bytes of a block. */
export const blockTypes = {
  F32: { id: 0, values: 1, bytes: 4 },
  F16: { id: 1, values: 1, bytes: 2 },
  Q4_0: { id: 2, values: 32, bytes: 18 },
  Q4_1: { id: 3, values: 32, bytes: 20 },
  Q5_0: { id: 6, values: 32, bytes: 22 },
  Q5_1: { id: 7, values: 32, bytes: 24 },
  Q8_0: { id: 8, values: 32, bytes: 34 },
  Q2_K: { id: 10, values: 256, bytes: 84 },
  Q3_K: { id: 11, values: 256, bytes: 110 },
  Q4_K: { id: 12, values: 256, bytes: 144 },
  Q5_K: { id: 13, values: 256, bytes: 176 },
  Q6_K: { id: 14, values: 256, bytes: 210 },
  IQ4_NL: { id: 20, values: 32, bytes: 18 },
  IQ4_XS: { id: 23, values: 256, bytes: 136 },
  BF16: { id: 30, values: 1, bytes: 2 },
} as const;
export type BlockType = keyof typeof blockTypes;

export interface GgufTensor {
  name: string;
  type: BlockType;
  /** [out, in], as in the other formats; the file has it the other way round (`ne`). */
  shape: readonly number[];
  /** From the start of the file, in bytes. */
  offset: number;
  bytes: number;
}

export interface GgufTensorToWrite {
  name: string;
  type: BlockType;
  shape: readonly number[];
  /** Called once, when its turn comes, so that one tensor at a time is in memory. */
  bytes(): Uint8Array | Promise<Uint8Array>;
}

export const magic = 0x46554747; // "GGUF"
export const defaultAlignment = 32;

/** Bytes of a tensor. The last dimension holds whole blocks. */
export function tensorBytes(type: BlockType, shape: readonly number[]): number {
  const { values, bytes } = blockTypes[type];
  return (sizeOf(shape) / values) * bytes;
}

export const aligned = (offset: number, alignment = defaultAlignment): number =>
  Math.ceil(offset / alignment) * alignment;

/** Writes a file under a temporary name, syncs and renames it. Tensors are streamed in the order given. */
export async function writeGguf(
  file: string,
  metadata: ReadonlyMap<string, GgufValue>,
  tensors: readonly GgufTensorToWrite[],
): Promise<void> {
  const header = headerBytes(metadata, tensors);
  const temporary = `${file}.tmp`;
  const descriptor = openSync(temporary, 'w');
  try {
    writePadded(descriptor, header);
    for (const tensor of tensors) {
      const bytes = await tensor.bytes();
      assert(bytes.length === tensorBytes(tensor.type, tensor.shape), `"${tensor.name}" has all its bytes`);
      writePadded(descriptor, bytes);
    }
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, file);
}

function headerBytes(
  metadata: ReadonlyMap<string, GgufValue>,
  tensors: readonly GgufTensorToWrite[],
): Buffer {
  const parts: Buffer[] = [
    scalar('UINT32', magic),
    scalar('UINT32', 3),
    scalar('UINT64', tensors.length),
    scalar('UINT64', metadata.size),
  ];
  for (const [key, value] of metadata) {
    parts.push(scalar('STRING', key), scalar('UINT32', valueTypes[value.type]));
    if (value.type === 'ARRAY') {
      parts.push(scalar('UINT32', valueTypes[value.of]), scalar('UINT64', value.value.length));
      for (const item of value.value) parts.push(scalar(value.of, item));
    } else {
      parts.push(scalar(value.type, value.value));
    }
  }
  let offset = 0;
  for (const { name, type, shape } of tensors) {
    parts.push(scalar('STRING', name), scalar('UINT32', shape.length));
    for (const dim of shape.toReversed()) parts.push(scalar('UINT64', dim));
    parts.push(scalar('UINT32', blockTypes[type].id), scalar('UINT64', offset));
    offset += aligned(tensorBytes(type, shape));
  }
  return Buffer.concat(parts);
}

/** Little-endian bytes of one value. */
function scalar(type: ValueType, value: unknown): Buffer {
  if (type === 'STRING') {
    const text = Buffer.from(value as string);
    return Buffer.concat([scalar('UINT64', text.length), text]);
  }
  const bytes = Buffer.alloc(8);
  const number = value as number;
  switch (type) {
    case 'UINT8':
      bytes.writeUInt8(number);
      return bytes.subarray(0, 1);
    case 'INT8':
      bytes.writeInt8(number);
      return bytes.subarray(0, 1);
    case 'BOOL':
      bytes.writeUInt8(value === true ? 1 : 0);
      return bytes.subarray(0, 1);
    case 'UINT16':
      bytes.writeUInt16LE(number);
      return bytes.subarray(0, 2);
    case 'INT16':
      bytes.writeInt16LE(number);
      return bytes.subarray(0, 2);
    case 'UINT32':
      bytes.writeUInt32LE(number);
      return bytes.subarray(0, 4);
    case 'INT32':
      bytes.writeInt32LE(number);
      return bytes.subarray(0, 4);
    case 'FLOAT32':
      bytes.writeFloatLE(number);
      return bytes.subarray(0, 4);
    case 'FLOAT64':
      bytes.writeDoubleLE(number);
      return bytes;
    case 'UINT64':
      bytes.writeBigUInt64LE(BigInt(value as bigint));
      return bytes;
    case 'INT64':
      bytes.writeBigInt64LE(BigInt(value as bigint));
      return bytes;
    default:
      throw new Error('Invariant broken: arrays of metadata are flat');
  }
}

function writePadded(descriptor: number, bytes: Uint8Array): void {
  writeAll(descriptor, bytes);
  writeAll(descriptor, new Uint8Array(aligned(bytes.length) - bytes.length));
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, Math.min(bytes.length - done, 1 << 30));
  }
}
