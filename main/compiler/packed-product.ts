// Weights in blocks of few bits, lowered: unpacked as float32, or, where a graph is lowered with their packed forms, read
// by the products themselves (MatMulNBits). Those round what they multiply to 8 bits, so no graph that trains has them.
import type { Node } from './graph.ts';
import type { Emit } from './lowering.ts';
import { nf4Levels } from './nf4.ts';
import { dataTypes } from './onnx-proto.ts';
import { sizeOf } from './shape.ts';

/** Bytes of a file; `file` is relative to the folder given to the session. */
export interface FilePart {
  file: string;
  offset: number;
  bytes: number;
}

/**
 * A weight [rows, width] as MatMulNBits reads it: unsigned codes around a zero point, of 4 bits two a byte with the first
 * in the lower half; blocks lie along the width.
 */
export interface PackedWeight {
  bits: 4 | 8;
  block: number;
  codes: FilePart;
  /** One float32 a block. */
  scales: FilePart;
  /** 4 bits only, each row from a byte of its own; 8 (of 4 bits) or 128 (of 8) unless given. */
  zeroPoints?: FilePart;
}

export interface PackedProducts {
  /** By the name of the weight that the graph reads, of quantized ones as codes. */
  weights: ReadonlyMap<string, PackedWeight>;
  /** Of MatMulNBits: 1 multiplies in float32, 4 in 8 bits, with a scale for each block of the input. */
  accuracyLevel: 1 | 4;
}

/** Products x Wᵀ (+ c) that can read W packed, and the nodes that unpack or widen a matrix for nothing else. */
export function packedProducts(
  nodes: readonly Node[],
  { weights }: PackedProducts,
): { products: ReadonlyMap<Node, PackedWeight>; unread: ReadonlySet<Node> } {
  const products = new Map<Node, PackedWeight>();
  const read = new Set<Node>();
  for (const node of nodes) {
    const weight = packedWeightOf(node, weights);
    if (weight !== undefined) products.set(node, weight);
    for (const input of weight === undefined ? node.inputs : node.inputs.filter((_, i) => i !== 1))
      if (input.node !== undefined) read.add(input.node);
  }
  const unread = [...products.keys()].flatMap(({ inputs }) => {
    const unpacking = inputs[1].node;
    return unpacking === undefined || read.has(unpacking) ? [] : [unpacking];
  });
  return { products, unread: new Set(unread) };
}

const unpacks = new Set(['dequantize', 'dequantizeNf4', 'cast']);

function packedWeightOf(node: Node, weights: PackedProducts['weights']): PackedWeight | undefined {
  const { transA = false, transB = false, alpha = 1, beta = 1 } = node.attributes;
  if (node.op !== 'gemm' || transA || !transB || alpha !== 1 || beta !== 1) return undefined;
  const unpacking = node.inputs[1].node;
  if (unpacking !== undefined && !unpacks.has(unpacking.op)) return undefined;
  const { source } = unpacking === undefined ? node.inputs[1] : unpacking.inputs[0];
  return source?.kind === 'weight' ? weights.get(source.name) : undefined;
}

export function emitPackedProduct(
  node: Node,
  weight: PackedWeight,
  accuracyLevel: PackedProducts['accuracyLevel'],
  emit: Emit,
): void {
  const [x, w, c] = node.inputs;
  const { bits, block, codes, scales, zeroPoints } = weight;
  const [rows, width] = w.shape;
  const blocks = width / block;
  const inputs = [
    emit.name(x),
    emit.external('uint8', [rows, blocks, (block * bits) / 8], codes),
    emit.external('float32', [rows * blocks], scales),
    ...(zeroPoints === undefined
      ? []
      : [emit.external('uint8', [rows * Math.ceil((blocks * bits) / 8)], zeroPoints)]),
  ];
  const attributes = { K: width, N: rows, bits, block_size: block, accuracy_level: accuracyLevel };
  const output = emit.name(node.outputs[0]);
  if (c === undefined) {
    emit.node('MatMulNBits', inputs, [output], attributes, 'com.microsoft');
    return;
  }
  const product = emit.temporary('MatMulNBits', inputs, attributes, 'com.microsoft');
  emit.node('Add', [product, emit.name(c)], [output]);
}

export const quantizedLowerings = {
  dequantize: (node: Node, emit: Emit) =>
    emit.node('DequantizeLinear', node.inputs.map(emit.name), [emit.name(node.outputs[0])], {
      axis: 1,
      block_size: node.attributes.block as number,
    }),
  dequantizeNf4: (node: Node, emit: Emit) => {
    const [codes, scales] = node.inputs.map(emit.name);
    const { shape, block } = node.attributes as { shape: readonly number[]; block: number };
    const size = sizeOf(shape);
    if (emit.provider === 'cpu') {
      // 1 times the weights as one long column: the only op that unpacks NF4, on all threads. It has no product with
      // the untransposed matrix (its transB is ignored on the processor), so the product is a Gemm of its own.
      const attributes = { K: 1, N: size, block_size: block, quant_type: 1 };
      const row = emit.temporary(
        'MatMulBnb4',
        [emit.floats([1], [1, 1]), codes, scales],
        attributes,
        'com.microsoft',
      );
      return emit.node('Reshape', [row, emit.integers(shape)], [emit.name(node.outputs[0])]);
    }
    const pairs = Array.from({ length: 512 }, (_, i) => nf4Levels[i % 2 === 0 ? i >> 5 : (i >> 1) & 15]);
    const indices = emit.temporary('Cast', [codes], { to: dataTypes.int32 });
    const levels = emit.temporary('Gather', [emit.floats(pairs, [256, 2]), indices], { axis: 0 });
    const blocks = emit.temporary('Reshape', [levels, emit.integers([size / block, block])]);
    const column = emit.temporary('Reshape', [scales, emit.integers([size / block, 1])]);
    const scaled = emit.temporary('Mul', [blocks, column]);
    emit.node('Reshape', [scaled, emit.integers(shape)], [emit.name(node.outputs[0])]);
  },
};
