// Cases of ops that read weights in blocks of few bits. The weights are constants, as they are in a model.
import type { Graph, Value } from '../../../../main/compiler/graph.ts';
import type { Op } from '../../../../main/compiler/op.ts';
import { indices, normals } from '../../../helpers/gradients.ts';
import type { OpCase } from './case.ts';

const bytes = (size: number, seed: number) => Uint8Array.from(indices(size, 256, seed));
const scales = (g: Graph, shape: readonly number[]): Value =>
  g.constant(
    normals(
      shape.reduce((product, dim) => product * dim, 1),
      5,
    ),
    shape,
  );

export const quantizedCases = {
  dequantize: [
    {
      name: '8 bits around 0, two blocks a row',
      inputs: [],
      build: (g) => [
        g.dequantize(g.constant(new Int8Array(bytes(96, 1).buffer), [3, 32]), scales(g, [3, 2]), 16),
      ],
    },
    {
      name: '4 bits with zero points',
      inputs: [],
      build: (g) => {
        const zeroPoints = g.constant(bytes(3, 3), [3, 2], 'uint4');
        return [g.dequantize(g.constant(bytes(96, 2), [3, 64], 'uint4'), scales(g, [3, 2]), 32, zeroPoints)];
      },
    },
  ],
  dequantizeNf4: [
    {
      name: 'two codes a byte, two blocks a row',
      inputs: [],
      build: (g) => [g.dequantizeNf4(g.constant(bytes(96, 4), [96]), scales(g, [12]), [6, 32], 16)],
    },
  ],
} satisfies Partial<Record<Op, OpCase[]>>;
