// Reads protobuf and of ONNX what the compiler writes, apart from the writer: field numbers are those of
// https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.

/** Fields of a message, in order: numbers, or the bytes of strings and inner messages. */
export type Fields = Map<number, (number | Uint8Array)[]>;

export function readFields(bytes: Uint8Array): Fields {
  const fields: Fields = new Map();
  let at = 0;
  const varint = (): number => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(BigInt.asIntN(64, value));
    }
  };
  const take = (length: number) => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = varint();
    const list = fields.get(tag >> 3) ?? [];
    fields.set(tag >> 3, list);
    const kind = tag & 7;
    if (kind === 0) list.push(varint());
    else if (kind === 2) list.push(take(varint()));
    else if (kind === 5) list.push(new DataView(take(4).slice().buffer).getFloat32(0, true));
    else throw new Error(`wire type ${kind} at byte ${at}`);
  }
  return fields;
}

const decoder = new TextDecoder();
const texts = (fields: Fields, number: number) =>
  (fields.get(number) ?? []).map((value) => decoder.decode(value as Uint8Array));
const messages = (fields: Fields, number: number) =>
  (fields.get(number) ?? []).map((value) => readFields(value as Uint8Array));
const integers = (fields: Fields, number: number) => (fields.get(number) ?? []) as number[];

export interface ReadTensor {
  name: string;
  dataType: number;
  shape: number[];
  raw: Uint8Array | undefined;
  external: Record<string, string>;
}

export interface ReadNode {
  opType: string;
  domain: string;
  inputs: string[];
  outputs: string[];
  attributes: Record<string, number | string | number[]>;
}

export interface ReadModel {
  irVersion: number;
  opsets: Record<string, number>;
  nodes: ReadNode[];
  tensors: ReadTensor[];
  inputs: { name: string; dataType: number; shape: number[] }[];
  outputs: { name: string; dataType: number; shape: number[] }[];
}

export function readModel(bytes: Uint8Array): ReadModel {
  const model = readFields(bytes);
  const [graph] = messages(model, 7);
  return {
    irVersion: integers(model, 1)[0],
    opsets: Object.fromEntries(
      messages(model, 8).map((entry) => [texts(entry, 1)[0], integers(entry, 2)[0]]),
    ),
    nodes: messages(graph, 1).map((node) => ({
      opType: texts(node, 4)[0],
      domain: texts(node, 7)[0] ?? '',
      inputs: texts(node, 1),
      outputs: texts(node, 2),
      attributes: Object.fromEntries(messages(node, 5).map(readAttribute)),
    })),
    tensors: messages(graph, 5).map((tensor) => ({
      name: texts(tensor, 8)[0],
      dataType: integers(tensor, 2)[0],
      shape: integers(tensor, 1),
      raw: tensor.get(9)?.[0] as Uint8Array | undefined,
      external: Object.fromEntries(
        messages(tensor, 13).map((entry) => [texts(entry, 1)[0], texts(entry, 2)[0]]),
      ),
    })),
    inputs: messages(graph, 11).map(readValueInfo),
    outputs: messages(graph, 12).map(readValueInfo),
  };
}

/** Types: 1 float, 2 integer, 3 string, 7 integers. */
function readAttribute(attribute: Fields): [string, number | string | number[]] {
  const name = texts(attribute, 1)[0];
  const type = integers(attribute, 20)[0];
  if (type === 1) return [name, integers(attribute, 2)[0]];
  if (type === 2) return [name, integers(attribute, 3)[0]];
  if (type === 3) return [name, texts(attribute, 4)[0]];
  return [name, integers(attribute, 8)];
}

function readValueInfo(info: Fields): { name: string; dataType: number; shape: number[] } {
  const [tensor] = messages(messages(info, 2)[0], 1);
  const [shape] = messages(tensor, 2);
  return {
    name: texts(info, 1)[0],
    dataType: integers(tensor, 1)[0],
    shape: shape === undefined ? [] : messages(shape, 1).map((dim) => integers(dim, 1)[0]),
  };
}
