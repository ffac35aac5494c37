// The ops in plain TypeScript over float64, as slow and as simple as their definitions: what the engine
// is held against. One row per op, so an op without a reference does not compile. Truth values are 0 and
// 1.
import type { Graph, Value } from '../../main/compiler/graph.ts';
import { nf4Levels } from '../../main/compiler/nf4.ts';
import type { Attributes, DType, Op } from '../../main/compiler/op.ts';
import { broadcastShapes, sizeOf } from '../../main/compiler/shape.ts';

export interface Tensor {
  shape: readonly number[];
  data: Float64Array;
}
type Reference = (inputs: Tensor[], attributes: Attributes) => Tensor[];

/**
 * Values of `wanted`, given the values of the graph's inputs by name. Constants are read as they are
 * stored.
 */
export function interpret(
  graph: Graph,
  inputs: Readonly<Record<string, ArrayLike<number>>>,
  wanted: readonly Value[],
): Float64Array[] {
  const known = new Map<Value, Tensor>();
  const tensorOf = (value: Value): Tensor => {
    const found = known.get(value);
    if (found !== undefined) return found;
    const { source, shape } = value;
    if (source?.kind === 'input') return { shape, data: Float64Array.from(inputs[source.name]) };
    if (source?.kind === 'constant') {
      const stored = Float64Array.from(source.data as ArrayLike<number | bigint>, Number);
      return { shape, data: value.dtype === 'uint4' ? unpacked(stored, sizeOf(shape)) : stored };
    }
    throw new Error(`no value for ${value.id}`);
  };
  for (const node of graph.nodes) {
    const outputs = references[node.op](node.inputs.map(tensorOf), node.attributes);
    for (const [i, output] of node.outputs.entries()) known.set(output, outputs[i]);
  }
  return wanted.map((value) => tensorOf(value).data);
}

/** Two numbers a byte, the first in the lower half. */
function unpacked(bytes: Float64Array, length: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => (i % 2 === 0 ? bytes[i >> 1] & 15 : bytes[i >> 1] >> 4));
}

/** Position in each axis of element `flat` of `shape`. */
function unravel(flat: number, shape: readonly number[]): number[] {
  const place = new Array<number>(shape.length);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    place[axis] = flat % shape[axis];
    flat = Math.floor(flat / shape[axis]);
  }
  return place;
}

/** Element of x at `place`; axes of size 1 are repeated, missing leading axes are left out. */
function at(x: Tensor, place: readonly number[]): number {
  const lead = place.length - x.shape.length;
  let flat = 0;
  x.shape.forEach((size, axis) => {
    flat = flat * size + (size === 1 ? 0 : place[lead + axis]);
  });
  return x.data[flat];
}

function make(shape: readonly number[], element: (place: number[]) => number): Tensor {
  return {
    shape,
    data: Float64Array.from({ length: sizeOf(shape) }, (_, flat) => element(unravel(flat, shape))),
  };
}

const unary =
  (f: (x: number) => number): Reference =>
  ([x]) => [{ shape: x.shape, data: x.data.map(f) }];

const binary =
  (f: (a: number, b: number) => number): Reference =>
  ([a, b]) => {
    if (a.shape.join() === b.shape.join())
      return [{ shape: a.shape, data: a.data.map((x, i) => f(x, b.data[i])) }];
    return [make(broadcastShapes(a.shape, b.shape), (place) => f(at(a, place), at(b, place)))];
  };

function reduce(fold: (values: number[]) => number): Reference {
  return ([x], { axes, keepDims }) => {
    const reduced = axes ?? x.shape.map((_, axis) => axis);
    const kept = x.shape.map((size, axis) => (reduced.includes(axis) ? 1 : size));
    const groups = new Map<string, number[]>();
    x.data.forEach((value, flat) => {
      const key = unravel(flat, x.shape)
        .map((place, axis) => (reduced.includes(axis) ? 0 : place))
        .join();
      groups.set(key, [...(groups.get(key) ?? []), value]);
    });
    const { data } = make(kept, (place) => fold(groups.get(place.join()) as number[]));
    return [{ shape: keepDims ? kept : x.shape.filter((_, axis) => !reduced.includes(axis)), data }];
  };
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** e^-x² 2/sqrt(pi) sum 2^n x^(2n+1) / (2n+1)!!: all terms have one sign. */
export function erf(x: number): number {
  let term = x;
  let total = x;
  for (let n = 1; n < 200; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    total += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Rounded to 8 bits of precision, ties to even. */
export function toBfloat16(x: number): number {
  const bits = new Uint32Array(Float32Array.of(x).buffer)[0];
  const rounded = (bits + 0x7fff + ((bits >>> 16) & 1)) & 0xffff0000;
  return new Float32Array(Uint32Array.of(rounded >>> 0).buffer)[0];
}

const casts: Record<DType, (x: number) => number> = {
  float32: (x) => x,
  float16: (x) => Math.f16round(x),
  bfloat16: toBfloat16,
  int32: Math.trunc,
  int64: Math.trunc,
  int8: Math.trunc,
  uint8: Math.trunc,
  int4: Math.trunc,
  uint4: Math.trunc,
  bool: (x) => Number(x !== 0),
};

function product(a: Tensor, b: Tensor, { transA, transB, alpha = 1 }: Attributes): Tensor {
  const [m, inner] = transA ? [a.shape.at(-1), a.shape.at(-2)] : [a.shape.at(-2), a.shape.at(-1)];
  const n = (transB ? b.shape.at(-2) : b.shape.at(-1)) as number;
  const [rowCount, depth] = [m as number, inner as number];
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const offset = (x: Tensor, place: number[]) => {
    const numbers = Float64Array.from({ length: sizeOf(x.shape.slice(0, -2)) }, (_, i) => i);
    return at({ shape: x.shape.slice(0, -2), data: numbers }, place) * sizeOf(x.shape.slice(-2));
  };
  const data = new Float64Array(sizeOf(batch) * rowCount * n);
  for (let which = 0; which < sizeOf(batch); which++) {
    const place = unravel(which, batch);
    const [startA, startB] = [offset(a, place), offset(b, place)];
    for (let row = 0; row < rowCount; row++) {
      for (let column = 0; column < n; column++) {
        let total = 0;
        for (let k = 0; k < depth; k++) {
          const left = a.data[startA + (transA ? k * rowCount + row : row * depth + k)];
          total += left * b.data[startB + (transB ? column * depth + k : k * n + column)];
        }
        data[(which * rowCount + row) * n + column] = alpha * total;
      }
    }
  }
  return { shape: [...batch, rowCount, n], data };
}

/** Rows over the last axis. */
function rowsOf(x: Tensor): number[][] {
  const width = x.shape.at(-1) as number;
  return Array.from({ length: x.data.length / width }, (_, row) => [
    ...x.data.slice(row * width, (row + 1) * width),
  ]);
}

/** One number per row, as [..., 1]. */
const perRow = (x: Tensor, numbers: readonly number[]): Tensor => ({
  shape: [...x.shape.slice(0, -1), 1],
  data: Float64Array.from(numbers),
});

const elementwise = {
  neg: unary((x) => -x),
  abs: unary(Math.abs),
  sign: unary(Math.sign),
  exp: unary(Math.exp),
  log: unary(Math.log),
  sqrt: unary(Math.sqrt),
  reciprocal: unary((x) => 1 / x),
  sigmoid: unary(sigmoid),
  tanh: unary(Math.tanh),
  erf: unary(erf),
  relu: unary((x) => Math.max(x, 0)),
  silu: unary((x) => x * sigmoid(x)),
  cast: ([x], { to }) => [{ shape: x.shape, data: x.data.map(casts[to as DType]) }],
  add: binary((a, b) => a + b),
  sub: binary((a, b) => a - b),
  mul: binary((a, b) => a * b),
  div: binary((a, b) => a / b),
  maximum: binary(Math.max),
  minimum: binary(Math.min),
  equal: binary((a, b) => Number(a === b)),
  less: binary((a, b) => Number(a < b)),
  and: binary((a, b) => a * b),
  where: ([condition, a, b]) => [
    make(broadcastShapes(condition.shape, broadcastShapes(a.shape, b.shape)), (place) =>
      at(condition, place) === 0 ? at(b, place) : at(a, place),
    ),
  ],
} satisfies Partial<Record<Op, Reference>>;

const layout = {
  reshape: ([x], { shape }) => [{ shape: shape as number[], data: x.data }],
  transpose: ([x], { perm = [] }) => [
    make(
      perm.map((axis) => x.shape[axis]),
      (place) =>
        at(
          x,
          x.shape.map((_, axis) => place[perm.indexOf(axis)]),
        ),
    ),
  ],
  expand: ([x], { shape }) => [make(broadcastShapes(x.shape, shape as number[]), (place) => at(x, place))],
  slice: ([x], { axis = 0, start = 0, end = 0 }) => [part(x, axis, start, end)],
  concat: (inputs, { axis = 0 }) => {
    const total = sum(inputs.map((x) => x.shape[axis]));
    return [
      make(
        inputs[0].shape.map((size, i) => (i === axis ? total : size)),
        (place) => {
          let rest = place[axis];
          const x = inputs.find((candidate) => {
            if (rest < candidate.shape[axis]) return true;
            rest -= candidate.shape[axis];
            return false;
          }) as Tensor;
          return at(
            x,
            place.map((index, i) => (i === axis ? rest : index)),
          );
        },
      ),
    ];
  },
  split: ([x], { axis = 0, sizes = [] }) => {
    let start = 0;
    return sizes.map((size) => {
      start += size;
      return part(x, axis, start - size, start);
    });
  },
} satisfies Partial<Record<Op, Reference>>;

function part(x: Tensor, axis: number, start: number, end: number): Tensor {
  return make(
    x.shape.map((size, i) => (i === axis ? end - start : size)),
    (place) =>
      x.data[place.reduce((flat, index, i) => flat * x.shape[i] + (i === axis ? start + index : index), 0)],
  );
}

const rows = {
  softmax: ([x]) => {
    const data = rowsOf(x).flatMap((row) => {
      const most = Math.max(...row);
      const powers = row.map((value) => Math.exp(value - most));
      return powers.map((power) => power / sum(powers));
    });
    return [{ shape: x.shape, data: Float64Array.from(data) }];
  },
  gather: ([table, indices]) => {
    const width = sizeOf(table.shape.slice(1));
    const data = [...indices.data].flatMap((row) => [...table.data.slice(row * width, (row + 1) * width)]);
    return [{ shape: [...indices.shape, ...table.shape.slice(1)], data: Float64Array.from(data) }];
  },
  scatterAdd: ([indices, updates], { rows: count = 0 }) => {
    const width = sizeOf(updates.shape.slice(1));
    const data = new Float64Array(count * width);
    indices.data.forEach((row, i) => {
      for (let k = 0; k < width; k++) data[row * width + k] += updates.data[i * width + k];
    });
    return [{ shape: [count, ...updates.shape.slice(1)], data }];
  },
  rmsNorm: ([x, weight], { epsilon = 0 }) => {
    const inverse = rowsOf(x).map((row) => 1 / Math.sqrt(sum(row.map((v) => v * v)) / row.length + epsilon));
    const scale = perRow(x, inverse);
    return [make(x.shape, (place) => at(x, place) * at(scale, place) * at(weight, place)), scale];
  },
  layerNorm: ([x, weight, bias], { epsilon = 0 }) => {
    const means = rowsOf(x).map((row) => sum(row) / row.length);
    const mean = perRow(x, means);
    const inverse = perRow(
      x,
      rowsOf(x).map(
        (row, i) => 1 / Math.sqrt(sum(row.map((v) => (v - means[i]) ** 2)) / row.length + epsilon),
      ),
    );
    const normal = (place: number[]) => (at(x, place) - at(mean, place)) * at(inverse, place);
    return [make(x.shape, (place) => normal(place) * at(weight, place) + at(bias, place)), mean, inverse];
  },
  // halves (a, b) of each head become (a cos - b sin, b cos + a sin)
  rotary: ([x, positions, cos, sin]) => {
    const half = cos.shape[1];
    return [
      make(x.shape, ([batch, t, column]) => {
        const position = at(positions, [batch, t]);
        const i = column % half;
        const second = column % (2 * half) >= half;
        const other = at(x, [batch, t, second ? column - half : column + half]);
        const turned = other * at(sin, [position, i]);
        return at(x, [batch, t, column]) * at(cos, [position, i]) + (second ? turned : -turned);
      }),
    ];
  },
} satisfies Partial<Record<Op, Reference>>;

const references = {
  ...elementwise,
  ...layout,
  ...rows,
  reduceSum: reduce(sum),
  reduceMean: reduce((values) => sum(values) / values.length),
  reduceMax: reduce((values) => Math.max(...values)),
  reduceSumSquare: reduce((values) => sum(values.map((value) => value * value))),
  matmul: ([a, b], attributes) => [product(a, b, attributes)],
  gemm: ([a, b, c], attributes) => {
    const y = product(a, b, attributes);
    const { beta = 1 } = attributes;
    return [c === undefined ? y : make(y.shape, (place) => at(y, place) + beta * at(c, place))];
  },
  dequantize: ([codes, scales, zeroPoints], { block }) => [
    make(codes.shape, ([row, column]) => {
      const place = [row, Math.floor(column / (block as number))];
      return (
        (at(codes, [row, column]) - (zeroPoints === undefined ? 0 : at(zeroPoints, place))) *
        at(scales, place)
      );
    }),
  ],
  dequantizeNf4: ([codes, scales], { shape, block }) => {
    const data = Float64Array.from({ length: 2 * codes.data.length }, (_, i) => {
      const code = i % 2 === 0 ? codes.data[i >> 1] >> 4 : codes.data[i >> 1] & 15;
      return nf4Levels[code] * scales.data[Math.floor(i / (block as number))];
    });
    return [{ shape: shape as readonly number[], data }];
  },
} satisfies Record<Op, Reference>;
