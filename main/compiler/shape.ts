// Shapes and dtypes of what each op makes, from its inputs and attributes. Throws where inputs do not fit: that is our
// own mistake, so the message carries the shapes.
import { assert } from '../errors.ts';
import type { Value } from './graph.ts';
import type { Attributes, DType, Op } from './op.ts';

interface Made {
  shape: readonly number[];
  dtype: DType;
}
type ShapeRule = (inputs: readonly Value[], attributes: Attributes) => Made[];

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

/** NumPy's rule: trailing dimensions are equal, or one of them is 1. */
export function broadcastShapes(a: readonly number[], b: readonly number[]): number[] {
  const length = Math.max(a.length, b.length);
  return Array.from({ length }, (_, i) => {
    const x = a[a.length - length + i] ?? 1;
    const y = b[b.length - length + i] ?? 1;
    assert(x === y || x === 1 || y === 1, `[${a}] and [${b}] can be broadcast`);
    return x === 1 ? y : x;
  });
}

const same: ShapeRule = ([x]) => [{ shape: x.shape, dtype: x.dtype }];

const binary: ShapeRule = ([a, b]) => {
  assert(a.dtype === b.dtype, `both inputs have one dtype, not ${a.dtype} and ${b.dtype}`);
  return [{ shape: broadcastShapes(a.shape, b.shape), dtype: a.dtype }];
};

const compare: ShapeRule = (inputs, attributes) => [
  { shape: binary(inputs, attributes)[0].shape, dtype: 'bool' },
];

const reduce: ShapeRule = ([x], { axes, keepDims }) => {
  const reduced = new Set(axes ?? x.shape.map((_, i) => i));
  const shape = x.shape.flatMap((dim, i) => (reduced.has(i) ? (keepDims ? [1] : []) : [dim]));
  return [{ shape, dtype: x.dtype }];
};

function product(
  a: Value,
  b: Value,
  transA = false,
  transB = false,
): { batch: [number[], number[]]; m: number; n: number } {
  const [m, ka] = transA ? [a.shape.at(-1), a.shape.at(-2)] : [a.shape.at(-2), a.shape.at(-1)];
  const [kb, n] = transB ? [b.shape.at(-1), b.shape.at(-2)] : [b.shape.at(-2), b.shape.at(-1)];
  assert(a.dtype === b.dtype, `both factors have one dtype, not ${a.dtype} and ${b.dtype}`);
  assert(
    ka !== undefined && ka === kb,
    `inner sizes agree in [${a.shape}]${transA ? 'ᵀ' : ''} x [${b.shape}]${transB ? 'ᵀ' : ''}`,
  );
  return { batch: [a.shape.slice(0, -2), b.shape.slice(0, -2)], m: m as number, n: n as number };
}

export const shapeRules = {
  neg: same,
  abs: same,
  sign: same,
  exp: same,
  log: same,
  sqrt: same,
  reciprocal: same,
  sigmoid: same,
  tanh: same,
  erf: same,
  relu: same,
  silu: same,
  cast: ([x], { to }) => [{ shape: x.shape, dtype: to as DType }],
  add: binary,
  sub: binary,
  mul: binary,
  div: binary,
  maximum: binary,
  minimum: binary,
  equal: compare,
  less: compare,
  and: compare,
  where: ([condition, a, b]) => {
    assert(
      condition.dtype === 'bool' && a.dtype === b.dtype,
      'where takes a bool and two values of one dtype',
    );
    return [{ shape: broadcastShapes(condition.shape, broadcastShapes(a.shape, b.shape)), dtype: a.dtype }];
  },
  reshape: ([x], { shape }) => {
    assert(
      shape !== undefined && sizeOf(shape) === sizeOf(x.shape),
      `[${x.shape}] can be seen as [${shape}]`,
    );
    return [{ shape, dtype: x.dtype }];
  },
  transpose: ([x], { perm }) => {
    assert(perm?.length === x.shape.length, `perm [${perm}] names each axis of [${x.shape}]`);
    return [{ shape: perm.map((axis) => x.shape[axis]), dtype: x.dtype }];
  },
  expand: ([x], { shape }) => [{ shape: broadcastShapes(x.shape, shape as number[]), dtype: x.dtype }],
  slice: ([x], { axis, start, end }) => {
    assert(axis !== undefined && start !== undefined && end !== undefined, 'slice has axis, start and end');
    assert(
      start >= 0 && start < end && end <= x.shape[axis],
      `${start}..${end} lies in axis ${axis} of [${x.shape}]`,
    );
    return [{ shape: x.shape.map((dim, i) => (i === axis ? end - start : dim)), dtype: x.dtype }];
  },
  concat: (inputs, { axis }) => {
    const total = inputs.reduce((sum, x) => sum + x.shape[axis as number], 0);
    for (const x of inputs) {
      assert(
        x.shape.length === inputs[0].shape.length &&
          x.shape.every((dim, i) => i === axis || dim === inputs[0].shape[i]),
        `[${x.shape}] and [${inputs[0].shape}] agree outside of axis ${axis}`,
      );
    }
    return [{ shape: inputs[0].shape.map((dim, i) => (i === axis ? total : dim)), dtype: inputs[0].dtype }];
  },
  split: ([x], { axis, sizes }) => {
    assert(
      axis !== undefined &&
        sizes !== undefined &&
        sizes.reduce((sum, size) => sum + size, 0) === x.shape[axis],
      `parts [${sizes}] fill axis ${axis} of [${x.shape}]`,
    );
    return sizes.map((size) => ({
      shape: x.shape.map((dim, i) => (i === axis ? size : dim)),
      dtype: x.dtype,
    }));
  },
  reduceSum: reduce,
  reduceMean: reduce,
  reduceMax: reduce,
  reduceSumSquare: reduce,
  softmax: same,
  gather: ([table, indices]) => [{ shape: [...indices.shape, ...table.shape.slice(1)], dtype: table.dtype }],
  scatterAdd: ([indices, updates], { rows }) => {
    assert(
      indices.shape.length === 1 && indices.shape[0] === updates.shape[0],
      'scatterAdd has one index per row',
    );
    return [{ shape: [rows as number, ...updates.shape.slice(1)], dtype: updates.dtype }];
  },
  matmul: ([a, b], { transA, transB }) => {
    const { batch, m, n } = product(a, b, transA, transB);
    return [{ shape: [...broadcastShapes(batch[0], batch[1]), m, n], dtype: a.dtype }];
  },
  gemm: ([a, b, c], { transA, transB }) => {
    assert(a.shape.length === 2 && b.shape.length === 2, 'gemm takes two matrices');
    const { m, n } = product(a, b, transA, transB);
    if (c !== undefined)
      assert(sizeOf(broadcastShapes(c.shape, [m, n])) === m * n, `[${c.shape}] can be added to [${m},${n}]`);
    return [{ shape: [m, n], dtype: a.dtype }];
  },
  dequantize: ([codes, scales, zeroPoints], { block }) => {
    const [rows, width] = codes.shape;
    assert(block !== undefined && codes.shape.length === 2, 'dequantize takes a matrix and a block');
    for (const { shape } of [scales, zeroPoints ?? scales])
      assert(
        shape.join() === `${rows},${Math.ceil(width / block)}`,
        `[${shape}] fits blocks of [${codes.shape}]`,
      );
    assert(zeroPoints === undefined || zeroPoints.dtype === codes.dtype, 'zero points are codes too');
    return [{ shape: codes.shape, dtype: scales.dtype }];
  },
  dequantizeNf4: ([codes, scales], { shape, block }) => {
    assert(shape !== undefined && block !== undefined, 'dequantizeNf4 knows the shape and the block');
    const size = sizeOf(shape);
    assert(
      sizeOf(codes.shape) * 2 === size && sizeOf(scales.shape) * block === size,
      `[${codes.shape}] and [${scales.shape}] make [${shape}]`,
    );
    return [{ shape, dtype: scales.dtype }];
  },
  rmsNorm: ([x, weight]) => {
    assert(
      weight.shape.length === 1 && weight.shape[0] === x.shape.at(-1),
      `gains [${weight.shape}] fit [${x.shape}]`,
    );
    return [
      { shape: x.shape, dtype: x.dtype },
      { shape: [...x.shape.slice(0, -1), 1], dtype: 'float32' },
    ];
  },
  layerNorm: ([x, weight, bias]) => {
    assert(weight.shape[0] === x.shape.at(-1) && bias.shape[0] === x.shape.at(-1), `gains fit [${x.shape}]`);
    const one: Made = { shape: [...x.shape.slice(0, -1), 1], dtype: 'float32' };
    return [{ shape: x.shape, dtype: x.dtype }, one, one];
  },
  rotary: ([x, positions, cos, sin]) => {
    assert(
      x.shape.length === 3 && positions.dtype === 'int64',
      'rotary takes [batch, seq, width] and int64 positions',
    );
    assert(
      x.shape[2] % (2 * cos.shape[1]) === 0 && sizeOf(cos.shape) === sizeOf(sin.shape),
      'whole heads are rotated',
    );
    return [{ shape: x.shape, dtype: x.dtype }];
  },
} satisfies Record<Op, ShapeRule>;
