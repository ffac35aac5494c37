// The op set of the compiler: what a node can be, and the attributes that an op may carry. Ops are ordered by growing
// complexity. Each op has one row in shape.ts, gradient.ts and lowering.ts; a missing row does not compile.

export type DType =
  | 'float32'
  | 'float16'
  | 'bfloat16'
  | 'int32'
  | 'int64'
  | 'int8'
  | 'uint8'
  | 'int4'
  | 'uint4'
  | 'bool';

/** Bytes of one element; of 4-bit ones two share a byte, the first in the lower half. */
export const elementBytes = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int32: 4,
  int64: 8,
  int8: 1,
  uint8: 1,
  int4: 0.5,
  uint4: 0.5,
  bool: 1,
} satisfies Record<DType, number>;

export const opNames = [
  // elementwise, one input
  'neg',
  'abs',
  'sign',
  'exp',
  'log',
  'sqrt',
  'reciprocal',
  'sigmoid',
  'tanh',
  'erf',
  'relu',
  'silu',
  'cast',
  // elementwise, two inputs, with broadcasting
  'add',
  'sub',
  'mul',
  'div',
  'maximum',
  'minimum',
  'equal',
  'less',
  'and',
  // elementwise, three inputs: condition, then, else
  'where',
  // layout
  'reshape',
  'transpose',
  'expand',
  'slice',
  'concat',
  'split',
  // reductions
  'reduceSum',
  'reduceMean',
  'reduceMax',
  'reduceSumSquare',
  'softmax',
  // rows
  'gather',
  'scatterAdd',
  // products
  'matmul',
  'gemm',
  // weights in blocks of few bits
  'dequantize',
  'dequantizeNf4',
  // fused
  'rmsNorm',
  'layerNorm',
  'rotary',
] as const;

export type Op = (typeof opNames)[number];

/** Attributes of all ops; each op reads the ones its row in shape.ts names. */
export interface Attributes {
  axis?: number;
  axes?: readonly number[];
  keepDims?: boolean;
  perm?: readonly number[];
  shape?: readonly number[];
  start?: number;
  end?: number;
  sizes?: readonly number[];
  to?: DType;
  transA?: boolean;
  transB?: boolean;
  /** Factor on the product. */
  alpha?: number;
  /** Factor on gemm's third input. */
  beta?: number;
  /** A product that stays in float32 where others become half (precision.ts). */
  exact?: boolean;
  epsilon?: number;
  /** Rows of scatterAdd's result. */
  rows?: number;
  /** Weights that share one scale. */
  block?: number;
}
