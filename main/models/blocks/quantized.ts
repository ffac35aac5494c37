// A weight in few bits as float32 in a graph. It is unpacked for each use and freed at once, so that what stays in memory
// is the packed form. Graphs that train have nothing else: onnxruntime's products with packed weights (MatMulNBits) have
// no transposed form for dx = dy W, and without prepacking they unpack the whole matrix too. Graphs of answers are
// lowered with such products in place of this (compiler/packed-product.ts).
import type { Graph, Value } from '../../compiler/graph.ts';
import type { DType } from '../../compiler/op.ts';
import type { QuantizedWeight } from '../quantize.ts';
import type { Part } from '../weight-cache.ts';

/** [out, in]. `file` is relative to the folder of the session. */
export function unpacked(g: Graph, name: string, weight: QuantizedWeight, file: string): Value {
  const { kind, shape, block } = weight;
  const part = (label: string, { offset, bytes }: Part, dims: readonly number[], dtype: DType) =>
    g.weight(`${name}.${label}`, dims, dtype, file, offset, bytes);
  const blocks = [shape[0], shape[1] / block];
  const scales = part('scales', weight.scales, blocks, 'float32');
  if (kind === 'nf4')
    return g.dequantizeNf4(part('codes', weight.codes, [weight.codes.bytes], 'uint8'), scales, shape, block);
  const type = kind === 'int8' ? 'int8' : 'uint4';
  const zeroPoints = weight.zeroPoints && part('zeroPoints', weight.zeroPoints, blocks, type);
  return g.dequantize(part('codes', weight.codes, shape, type), scales, block, zeroPoints);
}
