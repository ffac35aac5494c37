// The op set of the compiler: what a node can be, and the attributes that an op may carry. Ops are ordered by growing
// complexity. Each op has one row in shape.ts, gradient.ts and lowering.ts; a missing row does not compile.

export type DType = 'float32' | 'float16' | 'bfloat16' | 'int32' | 'int64' | 'uint8' | 'bool';

/** Bytes of one element. */
export const elementBytes = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
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
  epsilon?: number;
  /** Rows of scatterAdd's result. */
  rows?: number;
}
