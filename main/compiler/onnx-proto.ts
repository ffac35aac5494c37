// Writes ONNX models as protobuf. Field numbers are those of
// onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto). Knows nothing of our ops.
import type { DType } from './op.ts';

/** TensorProto.DataType. */
export const dataTypes = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  bfloat16: 16,
  uint4: 21,
  int4: 22,
} satisfies Record<DType, number>;

export type OnnxAttribute = number | { float: number } | string | readonly number[];

export interface OnnxNode {
  opType: string;
  domain: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: Readonly<Record<string, OnnxAttribute>>;
}

export type OnnxTensor = { name: string; dtype: DType; shape: readonly number[] } & (
  | { raw: Uint8Array }
  | { location: string; offset: number; length: number }
);

export interface OnnxValueInfo {
  name: string;
  dtype: DType;
  shape: readonly number[];
}

export interface OnnxModel {
  nodes: readonly OnnxNode[];
  initializers: readonly OnnxTensor[];
  inputs: readonly OnnxValueInfo[];
  outputs: readonly OnnxValueInfo[];
}

/** Opset of the standard domain that every graph declares. */
export const opset = 21;

/** Serialises a model. External tensors keep their file references; nothing of them is read. */
export function writeModel(model: OnnxModel): Uint8Array {
  const graph = new Writer();
  for (const node of model.nodes) graph.message(1, writeNode(node));
  graph.text(2, 'tunesmith');
  for (const tensor of model.initializers) graph.message(5, writeTensor(tensor));
  for (const input of model.inputs) graph.message(11, writeValueInfo(input));
  for (const output of model.outputs) graph.message(12, writeValueInfo(output));
  const writer = new Writer();
  writer.varint(1, 10); // ir_version
  writer.text(2, 'tunesmith');
  writer.message(7, graph);
  for (const [domain, version] of [
    ['', opset],
    ['com.microsoft', 1],
  ] as const) {
    const entry = new Writer();
    entry.text(1, domain);
    entry.varint(2, version);
    writer.message(8, entry);
  }
  return writer.bytes();
}

function writeNode(node: OnnxNode): Writer {
  const writer = new Writer();
  for (const input of node.inputs) writer.text(1, input);
  for (const output of node.outputs) writer.text(2, output);
  writer.text(4, node.opType);
  for (const [name, value] of Object.entries(node.attributes)) writer.message(5, writeAttribute(name, value));
  if (node.domain !== '') writer.text(7, node.domain);
  return writer;
}

function writeAttribute(name: string, value: OnnxAttribute): Writer {
  const writer = new Writer();
  writer.text(1, name);
  if (typeof value === 'number') {
    writer.varint(3, value);
    writer.varint(20, 2);
  } else if (typeof value === 'string') {
    writer.text(4, value);
    writer.varint(20, 3);
  } else if ('float' in value) {
    writer.float(2, value.float);
    writer.varint(20, 1);
  } else {
    for (const item of value) writer.varint(8, item);
    writer.varint(20, 7);
  }
  return writer;
}

function writeTensor(tensor: OnnxTensor): Writer {
  const writer = new Writer();
  for (const dim of tensor.shape) writer.varint(1, dim);
  writer.varint(2, dataTypes[tensor.dtype]);
  writer.text(8, tensor.name);
  if ('raw' in tensor) {
    writer.raw(9, tensor.raw);
  } else {
    const entries = {
      location: tensor.location,
      offset: String(tensor.offset),
      length: String(tensor.length),
    };
    for (const [key, value] of Object.entries(entries)) {
      const entry = new Writer();
      entry.text(1, key);
      entry.text(2, value);
      writer.message(13, entry);
    }
    writer.varint(14, 1); // EXTERNAL
  }
  return writer;
}

function writeValueInfo(info: OnnxValueInfo): Writer {
  const shape = new Writer();
  for (const dim of info.shape) {
    const entry = new Writer();
    entry.varint(1, dim);
    shape.message(1, entry);
  }
  const tensor = new Writer();
  tensor.varint(1, dataTypes[info.dtype]);
  tensor.message(2, shape);
  const type = new Writer();
  type.message(1, tensor);
  const writer = new Writer();
  writer.text(1, info.name);
  writer.message(2, type);
  return writer;
}

const encoder = new TextEncoder();
const ascii = /^[\x20-\x7e]*$/;

class Writer {
  private buffer = new Uint8Array(256);
  private length = 0;

  bytes(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  varint(field: number, value: number): void {
    this.tag(field, 0);
    this.number(value);
  }

  float(field: number, value: number): void {
    this.tag(field, 5);
    this.append(new Uint8Array(Float32Array.of(value).buffer));
  }

  text(field: number, value: string): void {
    if (!ascii.test(value)) {
      this.raw(field, encoder.encode(value));
      return;
    }
    this.tag(field, 2);
    this.number(value.length);
    this.reserve(value.length);
    for (let i = 0; i < value.length; i++) this.buffer[this.length++] = value.charCodeAt(i);
  }

  raw(field: number, bytes: Uint8Array): void {
    this.tag(field, 2);
    this.number(bytes.length);
    this.append(bytes);
  }

  message(field: number, writer: Writer): void {
    this.raw(field, writer.bytes());
  }

  private tag(field: number, wireType: number): void {
    this.number(field * 8 + wireType);
  }

  /** Base-128; negative numbers as ten bytes of two's complement. */
  private number(value: number): void {
    if (value < 0) {
      let rest = BigInt.asUintN(64, BigInt(value));
      for (; rest > 127n; rest >>= 7n) this.byte(Number(rest & 127n) | 128);
      this.byte(Number(rest));
      return;
    }
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.byte((rest % 128) | 128);
    this.byte(rest);
  }

  private byte(value: number): void {
    this.reserve(1);
    this.buffer[this.length++] = value;
  }

  private append(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  private reserve(count: number): void {
    if (this.length + count <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(this.buffer.length * 2, this.length + count));
    grown.set(this.buffer.subarray(0, this.length));
    this.buffer = grown;
  }
}
