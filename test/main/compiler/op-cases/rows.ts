// Ops over rows and matrices: reductions, softmax, products, norms and rotation.
import type { Graph, Value } from '../../../../main/compiler/graph.ts';
import type { Op } from '../../../../main/compiler/op.ts';
import type { OpCase } from './case.ts';

function reductions(apply: (g: Graph, x: Value, axes: number[], keepDims: boolean) => Value): OpCase[] {
  const axesLists = [[0], [2], [0, 2], [1, 2], [0, 1, 2]];
  return axesLists.flatMap((axes) =>
    [false, true].map((keepDims) => ({
      name: `axes [${axes}]${keepDims ? ', kept as 1' : ''}`,
      inputs: [{ shape: [2, 3, 4] }],
      build: (g, [x]) => [apply(g, x, axes, keepDims)],
    })),
  );
}

/** Every transposition of one product. */
function products(
  left: readonly number[],
  right: readonly number[],
  apply: (
    g: Graph,
    a: Value,
    b: Value,
    options: { transA: boolean; transB: boolean; alpha: number },
  ) => Value,
): OpCase[] {
  const turn = (shape: readonly number[]) => [
    ...shape.slice(0, -2),
    shape.at(-1) as number,
    shape.at(-2) as number,
  ];
  return [false, true].flatMap((transA) =>
    [false, true].flatMap((transB) =>
      [1, -0.5].map((alpha) => ({
        name: `${alpha} [${left}]${transA ? ' transposed' : ''} x [${right}]${transB ? ' transposed' : ''}`,
        inputs: [{ shape: transA ? turn(left) : left }, { shape: transB ? turn(right) : right }],
        build: (g: Graph, [a, b]: Value[]) => [apply(g, a, b, { transA, transB, alpha })],
      })),
    ),
  );
}

const addends: readonly (readonly number[])[] = [[3, 2], [2], [1, 2], [3, 1], [1]];

/** Angles of 8 positions for heads of width 4. */
const angles = Array.from({ length: 16 }, (_, i) => (i + 1) * 0.37);
const cosines = { shape: [8, 2], values: angles.map(Math.cos), trained: false };
const sines = { shape: [8, 2], values: angles.map(Math.sin), trained: false };

export const rowCases = {
  reduceSum: reductions((g, x, axes, keepDims) => g.reduceSum(x, axes, keepDims)),
  reduceMean: reductions((g, x, axes, keepDims) => g.reduceMean(x, axes, keepDims)),
  reduceMax: reductions((g, x, axes, keepDims) => g.reduceMax(x, axes, keepDims)),
  reduceSumSquare: [
    { name: 'all elements', inputs: [{ shape: [3, 4] }], build: (g, [x]) => [g.sumSquare(x)] },
    {
      name: 'one axis',
      inputs: [{ shape: [3, 4] }],
      build: (g, [x]) => g.apply('reduceSumSquare', [x], { axes: [1] }),
    },
    {
      name: 'an axis kept as 1',
      inputs: [{ shape: [2, 3, 2] }],
      build: (g, [x]) => g.apply('reduceSumSquare', [x], { axes: [1], keepDims: true }),
    },
  ],
  softmax: [
    { name: 'a matrix', inputs: [{ shape: [3, 5] }], build: (g, [x]) => [g.softmax(x)] },
    { name: 'four axes', inputs: [{ shape: [2, 2, 3, 4] }], build: (g, [x]) => [g.softmax(x)] },
    {
      name: 'large scores and masked ones',
      inputs: [{ shape: [2, 4], values: [900, 901, -1e30, 899, -800, -801, -1e30, -1e30] }],
      build: (g, [x]) => [g.softmax(x)],
      forward: 3e-5,
    },
    {
      name: 'a row that is masked everywhere',
      inputs: [{ shape: [1, 3], values: [-1e30, -1e30, -1e30], trained: false }],
      build: (g, [x]) => [g.softmax(x)],
    },
  ],
  matmul: [
    ...products([3, 4], [4, 2], (g, a, b, options) => g.matmul(a, b, options)),
    ...products([2, 2, 3, 4], [2, 2, 4, 2], (g, a, b, options) => g.matmul(a, b, options)),
    ...products([2, 1, 2, 3], [3, 3, 2], (g, a, b, options) => g.matmul(a, b, options)),
  ],
  gemm: [
    ...products([3, 4], [4, 2], (g, a, b, options) => g.gemm(a, b, options)),
    ...addends.flatMap((shape): OpCase[] =>
      [1, -2].map((beta) => ({
        name: `plus ${beta} [${shape}]`,
        inputs: [{ shape: [3, 4] }, { shape: [2, 4] }, { shape }],
        build: (g, [a, b, c]) => [g.gemm(a, b, { transB: true, alpha: 0.7, beta, c })],
      })),
    ),
  ],
  rmsNorm: [
    {
      name: 'rows of a matrix, with the inverse RMS',
      inputs: [{ shape: [3, 5] }, { shape: [5] }],
      build: (g, [x, weight]) => [g.rmsNorm(x, weight, 1e-5)[0]],
    },
    {
      name: 'the inverse RMS itself',
      inputs: [
        { shape: [2, 2, 4], trained: false },
        { shape: [4], trained: false },
      ],
      build: (g, [x, weight]) => g.rmsNorm(x, weight, 1e-5),
    },
    {
      name: 'rows of almost nothing, where epsilon counts',
      inputs: [{ shape: [2, 3], values: [1e-3, -2e-3, 1e-3, 0, 0, 3e-3] }, { shape: [3] }],
      build: (g, [x, weight]) => [g.rmsNorm(x, weight, 1e-5)[0]],
      gradient: 1e-4,
    },
  ],
  layerNorm: [
    {
      name: 'rows of three axes',
      inputs: [{ shape: [2, 2, 5] }, { shape: [5] }, { shape: [5] }],
      build: (g, [x, weight, bias]) => [g.layerNorm(x, weight, bias, 1e-5)[0]],
    },
    {
      name: 'mean and inverse deviation',
      inputs: [
        { shape: [3, 4], trained: false },
        { shape: [4], trained: false },
        { shape: [4], trained: false },
      ],
      build: (g, [x, weight, bias]) => g.layerNorm(x, weight, bias, 1e-5),
    },
    {
      name: 'rows far from 0',
      inputs: [{ shape: [1, 4], values: [100, 101.5, 99, 102] }, { shape: [4] }, { shape: [4] }],
      build: (g, [x, weight, bias]) => [g.layerNorm(x, weight, bias, 1e-5)[0]],
      forward: 1e-4,
      gradient: 1e-4,
    },
  ],
  rotary: [
    {
      name: 'two heads at scattered positions',
      inputs: [
        { shape: [2, 3, 8] },
        { shape: [2, 3], values: [0, 1, 2, 7, 0, 5], dtype: 'int64' },
        cosines,
        sines,
      ],
      build: (g, [x, positions, cos, sin]) => [g.rotary(x, positions, cos, sin)],
    },
    {
      name: 'one head',
      inputs: [{ shape: [1, 4, 4] }, { shape: [1, 4], values: [3, 2, 1, 0], dtype: 'int64' }, cosines, sines],
      build: (g, [x, positions, cos, sin]) => [g.rotary(x, positions, cos, sin)],
    },
  ],
} satisfies Partial<Record<Op, OpCase[]>>;
