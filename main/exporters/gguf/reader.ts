// Reads GGUF files, versions 2 and 3: metadata, and where each tensor lies. Every count and size is held
// against the size of the file before anything is set aside for it, so that a damaged file is refused with a
// sentence. Knows nothing of models.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { AppError } from '../../errors.ts';
import {
  aligned,
  type BlockType,
  blockTypes,
  defaultAlignment,
  type GgufTensor,
  type GgufValue,
  magic,
  tensorBytes,
  type ValueType,
  valueTypes,
} from './format.ts';

export interface GgufFile {
  file: string;
  version: number;
  alignment: number;
  /** First byte of the tensors. */
  dataOffset: number;
  metadata: Map<string, GgufValue>;
  tensors: Map<string, GgufTensor>;
}

const valueNames = new Map(Object.entries(valueTypes).map(([name, id]) => [id as number, name as ValueType]));
const blockNames = new Map(
  Object.entries(blockTypes).map(([name, { id }]) => [id as number, name as BlockType]),
);

/** Least bytes that a value takes, to hold the length of an array against the rest of the file. */
const leastBytes: Readonly<Record<ValueType, number>> = {
  UINT8: 1,
  INT8: 1,
  BOOL: 1,
  UINT16: 2,
  INT16: 2,
  UINT32: 4,
  INT32: 4,
  FLOAT32: 4,
  UINT64: 8,
  INT64: 8,
  FLOAT64: 8,
  STRING: 8,
  ARRAY: 12,
};

/** @throws AppError `gguf-damaged`, `gguf-unsupported` */
export function readGguf(file: string): GgufFile {
  const descriptor = openSync(file, 'r');
  try {
    return readHeader(file, new Cursor(descriptor, basename(file)));
  } finally {
    closeSync(descriptor);
  }
}

/** Bytes of one tensor as they are stored. */
export function readGgufBytes({ file }: GgufFile, { offset, bytes }: GgufTensor): Buffer<ArrayBuffer> {
  const descriptor = openSync(file, 'r');
  try {
    return readAt(descriptor, offset, bytes);
  } finally {
    closeSync(descriptor);
  }
}

function readHeader(file: string, cursor: Cursor): GgufFile {
  if (cursor.size < 24 || cursor.uint32() !== magic)
    throw cursor.damaged('it does not begin as GGUF files do');
  const version = cursor.uint32();
  if (version !== 2 && version !== 3) {
    throw new AppError(
      'gguf-unsupported',
      `${cursor.name} is GGUF version ${version}; Tunesmith reads versions 2 and 3.`,
      'Choose a file of a newer converter.',
    );
  }
  const tensorCount = cursor.count('tensors', 24);
  const entryCount = cursor.count('metadata entries', 13);
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < entryCount; i++) {
    const key = cursor.text();
    if (metadata.has(key)) throw cursor.damaged(`it names "${key}" twice`);
    metadata.set(key, cursor.value(cursor.valueType(), key));
  }
  const alignment = Number(metadata.get('general.alignment')?.value ?? defaultAlignment);
  if (!Number.isInteger(alignment) || alignment < 1 || alignment > 1 << 20) {
    throw cursor.damaged(`its alignment is ${alignment}`);
  }
  const infos = Array.from({ length: tensorCount }, () => tensorInfo(cursor));
  const dataOffset = aligned(cursor.position, alignment);
  const tensors = new Map<string, GgufTensor>();
  for (const { offset, ...info } of infos) {
    const start = dataOffset + offset;
    if (tensors.has(info.name)) throw cursor.damaged(`it holds "${info.name}" twice`);
    if (offset % alignment !== 0) throw cursor.damaged(`"${info.name}" does not begin where tensors may`);
    if (start + info.bytes > cursor.size) {
      const end = Math.max(...infos.map((other) => dataOffset + other.offset + other.bytes));
      const percent = Math.floor((100 * cursor.size) / end);
      throw cursor.damaged(`"${info.name}" ends behind the end of the file (${percent} % complete)`);
    }
    tensors.set(info.name, { ...info, offset: start });
  }
  return { file, version, alignment, dataOffset, metadata, tensors };
}

/** One entry of the tensor list; its offset counts from the first byte of the tensors. */
function tensorInfo(cursor: Cursor): GgufTensor {
  const name = cursor.text();
  const dimensions = cursor.uint32();
  if (dimensions < 1 || dimensions > 4) throw cursor.damaged(`"${name}" has ${dimensions} dimensions`);
  const ne = Array.from({ length: dimensions }, () => cursor.length());
  const id = cursor.uint32();
  const type = blockNames.get(id);
  if (type === undefined) {
    throw new AppError(
      'gguf-unsupported',
      `"${name}" in ${cursor.name} is stored in a number format (${id}) that Tunesmith does not read.`,
      `Choose a file with ${Object.keys(blockTypes).join(', ')}.`,
    );
  }
  const offset = cursor.length();
  const shape = ne.toReversed();
  const bytes = tensorBytes(type, shape);
  if (ne[0] % blockTypes[type].values !== 0) {
    throw cursor.damaged(`rows of "${name}" have ${ne[0]} numbers, which are no whole blocks of ${type}`);
  }
  if (bytes > cursor.size) throw cursor.damaged(`"${name}" [${shape.join(', ')}] is larger than the file`);
  return { name, type, shape, offset, bytes };
}

/** Reads forward through the header, a stretch of the file at a time. */
class Cursor {
  readonly name: string;
  readonly size: number;
  position = 0;
  private readonly descriptor: number;
  private window: Buffer = Buffer.alloc(0);
  private windowStart = 0;

  constructor(descriptor: number, name: string) {
    this.descriptor = descriptor;
    this.name = name;
    this.size = fstatSync(descriptor).size;
  }

  damaged(why: string): AppError {
    return new AppError(
      'gguf-damaged',
      `${this.name} is damaged or cut: ${why}.`,
      'Copy, download or export the file again.',
    );
  }

  /** The next `length` bytes. */
  private take(length: number): Buffer {
    if (length > this.size - this.position) throw this.damaged('its header does not fit into the file');
    const inside = this.position - this.windowStart;
    if (inside + length > this.window.length) {
      this.window = readAt(
        this.descriptor,
        this.position,
        Math.min(this.size - this.position, Math.max(length, 1 << 20)),
      );
      this.windowStart = this.position;
    }
    const start = this.position - this.windowStart;
    this.position += length;
    return this.window.subarray(start, start + length);
  }

  uint32(): number {
    return this.take(4).readUInt32LE();
  }

  /** A 64-bit size, which has to be a safe integer. */
  length(): number {
    const value = this.take(8).readBigUInt64LE();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.damaged(`it speaks of ${value} bytes or items`);
    return Number(value);
  }

  /** A number of things that take at least `least` bytes each. */
  count(what: string, least: number): number {
    const value = this.length();
    if (value * least > this.size - this.position) {
      throw this.damaged(`it claims ${value} ${what}, more than fit into ${this.size} bytes`);
    }
    return value;
  }

  text(): string {
    return this.take(this.length()).toString('utf8');
  }

  valueType(): ValueType {
    const id = this.uint32();
    const type = valueNames.get(id);
    if (type === undefined) throw this.damaged(`it holds a value of the unknown type ${id}`);
    return type;
  }

  value(type: ValueType, key: string): GgufValue {
    if (type !== 'ARRAY') return { type, value: this.scalar(type) };
    const of = this.valueType();
    if (of === 'ARRAY') throw this.damaged(`"${key}" is a list of lists`);
    const length = this.count(`values in "${key}"`, leastBytes[of]);
    const value: unknown[] = [];
    for (let i = 0; i < length; i++) value.push(this.scalar(of));
    return { type, of, value };
  }

  private scalar(type: Exclude<ValueType, 'ARRAY'>): number | bigint | boolean | string {
    if (type === 'STRING') return this.text();
    const bytes = this.take(leastBytes[type]);
    switch (type) {
      case 'UINT8':
        return bytes.readUInt8();
      case 'INT8':
        return bytes.readInt8();
      case 'BOOL':
        return bytes.readUInt8() !== 0;
      case 'UINT16':
        return bytes.readUInt16LE();
      case 'INT16':
        return bytes.readInt16LE();
      case 'UINT32':
        return bytes.readUInt32LE();
      case 'INT32':
        return bytes.readInt32LE();
      case 'FLOAT32':
        return bytes.readFloatLE();
      case 'FLOAT64':
        return bytes.readDoubleLE();
      case 'UINT64':
        return bytes.readBigUInt64LE();
      case 'INT64':
        return bytes.readBigInt64LE();
    }
  }
}

function readAt(descriptor: number, offset: number, length: number): Buffer<ArrayBuffer> {
  const buffer = Buffer.allocUnsafeSlow(length);
  for (let done = 0; done < length; ) {
    const count = readSync(descriptor, buffer, done, Math.min(length - done, 1 << 30), offset + done);
    if (count === 0) throw new Error('The file ended before its last byte.');
    done += count;
  }
  return buffer;
}
