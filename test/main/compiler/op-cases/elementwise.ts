// Elementwise ops: one input over its range, two inputs over broadcasting shapes, ties and limits.
import type { Graph, Value } from '../../../../main/compiler/graph.ts';
import type { Op } from '../../../../main/compiler/op.ts';
import { type OpCase, spread } from './case.ts';

type Unary = (g: Graph, x: Value) => Value;

/** One input of 24 numbers between `from` and `to`. */
function unary(apply: Unary, from: number, to: number, options: { trained?: boolean } = {}): OpCase[] {
  const shapes = [[24], [2, 3, 4]];
  return shapes.map((shape) => ({
    name: `[${shape}] from ${from} to ${to}`,
    inputs: [{ shape, values: spread(24, from, to), ...options }],
    build: (g, [x]) => [apply(g, x)],
  }));
}

const shapePairs: readonly [number[], number[]][] = [
  [
    [3, 4],
    [3, 4],
  ],
  [[3, 4], [4]],
  [
    [2, 1, 3],
    [4, 1],
  ],
  [[1], [2, 3]],
  [[5], []],
  [
    [2, 3, 1, 2],
    [3, 4, 1],
  ],
];

const sizeOf = (shape: readonly number[]) => shape.reduce((product, dim) => product * dim, 1);

function binary(
  apply: (g: Graph, a: Value, b: Value) => Value,
  ranges: { a?: [number, number]; b?: [number, number]; trained?: boolean } = {},
): OpCase[] {
  const { a = [-2, 2.3], b = [-2.2, 2], trained } = ranges;
  return shapePairs.map(([left, right]) => ({
    name: `[${left}] and [${right}]`,
    inputs: [
      { shape: left, values: spread(sizeOf(left), ...a), trained },
      { shape: right, values: spread(sizeOf(right), ...b), trained },
    ],
    build: (g, [x, y]) => [apply(g, x, y)],
  }));
}

const integers = (shape: readonly number[], values: number[]) => ({ shape, values, dtype: 'int32' as const });

export const elementwiseCases = {
  neg: unary((g, x) => g.neg(x), -3, 3),
  abs: unary((g, x) => g.abs(x), -3, 3),
  sign: [
    {
      name: 'below, at and above 0',
      inputs: [{ shape: [3], values: [-2, 0, 5], trained: false }],
      build: (g, [x]) => [g.sign(x)],
    },
  ],
  exp: unary((g, x) => g.exp(x), -20, 3),
  log: unary((g, x) => g.log(x), 0.01, 8),
  sqrt: unary((g, x) => g.sqrt(x), 0.05, 8),
  reciprocal: [...unary((g, x) => g.reciprocal(x), 0.2, 4), ...unary((g, x) => g.reciprocal(x), -4, -0.3)],
  sigmoid: unary((g, x) => g.sigmoid(x), -30, 30),
  tanh: unary((g, x) => g.tanh(x), -12, 12),
  erf: unary((g, x) => g.erf(x), -3.5, 3.5),
  relu: unary((g, x) => g.relu(x), -3, 3),
  silu: [...unary((g, x) => g.silu(x), -3, 3), ...unary((g, x) => g.silu(x), -60, 60)],
  cast: [
    ...unary((g, x) => g.cast(g.cast(x, 'float16'), 'float32'), -9, 9, { trained: false }),
    ...unary((g, x) => g.cast(g.cast(x, 'bfloat16'), 'float32'), -9, 9, { trained: false }),
    ...unary((g, x) => g.cast(x, 'int32'), -9, 9, { trained: false }),
    {
      name: 'integers to float32 and int64',
      inputs: [integers([4], [-2, 0, 7, 123_456])],
      build: (g, [x]) => [g.cast(x, 'float32'), g.cast(x, 'int64')],
    },
    {
      name: 'bytes to float32',
      inputs: [{ shape: [3], values: [0, 128, 255], dtype: 'uint8' }],
      build: (g, [x]) => [g.cast(x, 'float32')],
    },
  ],
  add: binary((g, a, b) => g.add(a, b)),
  sub: binary((g, a, b) => g.sub(a, b)),
  mul: binary((g, a, b) => g.mul(a, b)),
  div: [
    ...binary((g, a, b) => g.div(a, b), { b: [0.4, 3] }),
    ...binary((g, a, b) => g.div(a, b), { b: [-3, -0.4] }),
  ],
  maximum: binary((g, a, b) => g.maximum(a, b)),
  minimum: binary((g, a, b) => g.minimum(a, b)),
  equal: [
    {
      name: 'integers, broadcast',
      inputs: [integers([2, 1], [3, 5]), integers([3], [5, 3, 4])],
      build: (g, [a, b]) => [g.equal(a, b)],
    },
    {
      name: 'floats',
      inputs: [
        { shape: [3], values: [0.5, 2, -0], trained: false },
        { shape: [3], values: [0.5, 2.5, 0], trained: false },
      ],
      build: (g, [a, b]) => [g.equal(a, b)],
    },
  ],
  less: binary((g, a, b) => g.less(a, b), { trained: false }),
  and: [
    {
      name: 'truth values',
      inputs: [
        { shape: [2, 2], values: [0, 0, 1, 1], dtype: 'bool' },
        { shape: [2, 2], values: [0, 1, 0, 1], dtype: 'bool' },
      ],
      build: (g, [a, b]) => [g.and(a, b)],
    },
  ],
  where: [
    {
      name: 'a condition of another shape',
      inputs: [{ shape: [3, 1], values: [1, 0, 1], dtype: 'bool' }, { shape: [3, 4] }, { shape: [4] }],
      build: (g, [condition, a, b]) => [g.where(condition, a, b)],
    },
    {
      name: 'a number as the other branch',
      inputs: [{ shape: [2, 3], values: [1, 0, 1, 0, 0, 1], dtype: 'bool' }, { shape: [2, 3] }],
      build: (g, [condition, a]) => [g.where(condition, a, -1), g.where(condition, 0, a)],
    },
  ],
} satisfies Partial<Record<Op, OpCase[]>>;
