// The graph: values with static shapes, nodes that make them, and the tape that autodiff walks backwards. Pure data, no
// numbers except constants. `Graph` is also the builder: one method per op, which checks shapes at once.
import { assert } from '../errors.ts';
import type { Attributes, DType, Op } from './op.ts';
import { broadcastShapes, shapeRules, sizeOf } from './shape.ts';

export interface Value {
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** The node that makes it; undefined for inputs, constants and weights. */
  readonly node: Node | undefined;
  readonly source: Source | undefined;
  /** Not kept for the backward pass but computed again there (rewrite.ts). */
  recompute: boolean;
}

export type ConstantData = Float32Array | Int32Array | BigInt64Array | Int8Array | Uint8Array;

/** Where a value without a node comes from. */
export type Source =
  | { kind: 'input'; name: string }
  | { kind: 'constant'; data: ConstantData }
  /** Bytes of a file, read by reference. `file` is relative to the folder given to the session. */
  | { kind: 'weight'; name: string; file: string; offset: number; bytes: number };

export interface Node {
  readonly op: Op;
  inputs: Value[];
  readonly outputs: Value[];
  readonly attributes: Attributes;
  readonly phase: Phase;
  /** The layer of the model that it belongs to, where layers are computed again as a whole (rewrite.ts). */
  readonly layer: string | undefined;
}

export type Phase = 'forward' | 'backward';

/** Gradients of a recorded step: one per input, undefined where none is needed. */
export type Backward = (
  graph: Graph,
  gradients: readonly (Value | undefined)[],
  needs: readonly boolean[],
) => (Value | undefined)[];

/** One differentiable step: an op (with its rule from gradient.ts) or a block with its own backward. */
export interface TapeEntry {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Undefined = the rule of `node.op`. */
  readonly backward: Backward | undefined;
  readonly node: Node | undefined;
}

/**
 * An input that is computed before each run, from the positions of all places [batch * width] and from how many positions
 * the text has that each belongs to.
 */
export type Derived = (positions: Int32Array, lengths: Int32Array) => Float32Array;

type GemmOptions = Pick<Attributes, 'transA' | 'transB' | 'alpha' | 'beta' | 'exact'> & { c?: Value };

export class Graph {
  readonly nodes: Node[] = [];
  readonly inputs: Value[] = [];
  readonly outputs: { name: string; value: Value }[] = [];
  readonly tape: TapeEntry[] = [];
  /** How inputs are computed from others, by name. */
  readonly derived = new Map<string, Derived>();
  /** Values to be computed in their place even if they are read much later, since that frees larger ones. */
  readonly early = new Set<Value>();
  phase: Phase = 'forward';
  /** What is built from here on belongs to this layer of the model. */
  layer: string | undefined;
  /**
   * What the gradient of the loss starts from instead of 1, a power of two: float16 loses numbers below 6e-8. Blocks that
   * build gradients in the forward pass apply it there.
   */
  lossScale: Value | undefined;
  private nextId = 0;
  private recording = true;
  private readonly scalars = new Map<string, Value>();

  // ---- leaves

  input(name: string, shape: readonly number[], dtype: DType = 'float32'): Value {
    const value = this.value(shape, dtype, undefined, { kind: 'input', name });
    this.inputs.push(value);
    return value;
  }

  /** Of the type of its array; `packed` says that bytes hold two elements each. */
  constant(data: ConstantData, shape: readonly number[], packed?: 'int4' | 'uint4'): Value {
    const dtype = packed ?? dtypeOf(data);
    const length = packed === undefined ? sizeOf(shape) : Math.ceil(sizeOf(shape) / 2);
    assert(data.length === length, `a constant of shape [${shape}] has ${data.length} elements`);
    return this.value(shape, dtype, undefined, { kind: 'constant', data });
  }

  /** A float32 scalar, shared by all uses of the same number. */
  scalar(number: number): Value {
    const key = `f${number}`;
    const known = this.scalars.get(key);
    if (known !== undefined) return known;
    const value = this.constant(Float32Array.of(number), []);
    this.scalars.set(key, value);
    return value;
  }

  weight(
    name: string,
    shape: readonly number[],
    dtype: DType,
    file: string,
    offset: number,
    bytes: number,
  ): Value {
    return this.value(shape, dtype, undefined, { kind: 'weight', name, file, offset, bytes });
  }

  output(name: string, value: Value): void {
    this.outputs.push({ name, value });
  }

  // ---- ops

  apply(op: Op, inputs: Value[], attributes: Attributes = {}): Value[] {
    const made = shapeRules[op](inputs, attributes);
    const outputs: Value[] = [];
    const { phase } = this;
    const layer = phase === 'forward' ? this.layer : undefined;
    const node: Node = { op, inputs, outputs, attributes, phase, layer };
    for (const { shape, dtype } of made) outputs.push(this.value(shape, dtype, node, undefined));
    this.nodes.push(node);
    if (this.recording && this.phase === 'forward') {
      this.tape.push({ inputs, outputs, backward: undefined, node });
    }
    return outputs;
  }

  private one(op: Op, inputs: Value[], attributes?: Attributes): Value {
    return this.apply(op, inputs, attributes)[0];
  }

  neg = (x: Value) => this.one('neg', [x]);
  abs = (x: Value) => this.one('abs', [x]);
  sign = (x: Value) => this.one('sign', [x]);
  exp = (x: Value) => this.one('exp', [x]);
  log = (x: Value) => this.one('log', [x]);
  sqrt = (x: Value) => this.one('sqrt', [x]);
  reciprocal = (x: Value) => this.one('reciprocal', [x]);
  sigmoid = (x: Value) => this.one('sigmoid', [x]);
  tanh = (x: Value) => this.one('tanh', [x]);
  erf = (x: Value) => this.one('erf', [x]);
  relu = (x: Value) => this.one('relu', [x]);
  silu = (x: Value) => this.one('silu', [x]);
  cast = (x: Value, to: DType) => (x.dtype === to ? x : this.one('cast', [x], { to }));
  add = (a: Value, b: Value | number) => this.one('add', [a, this.asValue(b)]);
  sub = (a: Value, b: Value | number) => this.one('sub', [a, this.asValue(b)]);
  mul = (a: Value, b: Value | number) => this.one('mul', [a, this.asValue(b)]);
  div = (a: Value, b: Value | number) => this.one('div', [a, this.asValue(b)]);
  maximum = (a: Value, b: Value | number) => this.one('maximum', [a, this.asValue(b)]);
  minimum = (a: Value, b: Value | number) => this.one('minimum', [a, this.asValue(b)]);
  equal = (a: Value, b: Value) => this.one('equal', [a, b]);
  less = (a: Value, b: Value) => this.one('less', [a, b]);
  and = (a: Value, b: Value) => this.one('and', [a, b]);
  where = (condition: Value, then: Value | number, otherwise: Value | number) =>
    this.one('where', [condition, this.asValue(then), this.asValue(otherwise)]);

  /** One dimension may be -1. */
  reshape(x: Value, shape: readonly number[]): Value {
    const known = shape.reduce((product, dim) => (dim === -1 ? product : product * dim), 1);
    const full = shape.map((dim) => (dim === -1 ? sizeOf(x.shape) / known : dim));
    if (full.length === x.shape.length && full.every((dim, i) => dim === x.shape[i])) return x;
    return this.one('reshape', [x], { shape: full });
  }
  transpose = (x: Value, perm: readonly number[]) => this.one('transpose', [x], { perm });
  expand = (x: Value, shape: readonly number[]) => this.one('expand', [x], { shape });
  /** Elements `start` to `end` (exclusive) of one axis. */
  slice(x: Value, axis: number, start: number, end: number): Value {
    if (start === 0 && end === x.shape[axis]) return x;
    return this.one('slice', [x], { axis, start, end });
  }
  concat = (parts: Value[], axis: number) =>
    parts.length === 1 ? parts[0] : this.one('concat', parts, { axis });
  split = (x: Value, axis: number, sizes: readonly number[]) =>
    sizes.length === 1 ? [x] : this.apply('split', [x], { axis, sizes });

  reduceSum = (x: Value, axes: readonly number[], keepDims = false) =>
    this.one('reduceSum', [x], { axes, keepDims });
  reduceMean = (x: Value, axes: readonly number[], keepDims = false) =>
    this.one('reduceMean', [x], { axes, keepDims });
  reduceMax = (x: Value, axes: readonly number[], keepDims = false) =>
    this.one('reduceMax', [x], { axes, keepDims });
  /** Sum of squares of all elements, a scalar. */
  sumSquare = (x: Value) => this.one('reduceSumSquare', [x]);
  /** Over the last axis. */
  softmax = (x: Value) => this.one('softmax', [x]);

  /** Rows of `table` [n, ...] by integer `indices` [...]. */
  gather = (table: Value, indices: Value) => this.one('gather', [table, indices]);
  /** [rows, width] of zeros, with `updates` [k, width] added at `indices` [k]; equal indices add up. */
  scatterAdd = (indices: Value, updates: Value, rows: number) =>
    this.one('scatterAdd', [indices, updates], { rows });

  /** codes [rows, width] times scales [rows, width / block], after zero points of the same form are taken away. */
  dequantize = (codes: Value, scales: Value, block: number, zeroPoints?: Value) =>
    this.one('dequantize', [codes, scales, ...(zeroPoints === undefined ? [] : [zeroPoints])], { block });
  /** A matrix of NF4 codes (nf4.ts), two a byte, the first in the upper half; one scale a block along its rows. */
  dequantizeNf4 = (codes: Value, scales: Value, shape: readonly number[], block: number) =>
    this.one('dequantizeNf4', [codes, scales], { shape, block });

  /** Batched product over the last two axes: alpha * op(a) op(b). */
  matmul = (a: Value, b: Value, options: { transA?: boolean; transB?: boolean; alpha?: number } = {}) =>
    this.one('matmul', [a, b], options);
  /** Two-dimensional: alpha * op(a) op(b) + beta * c. */
  gemm = (a: Value, b: Value, options: GemmOptions = {}) => {
    const { c, ...attributes } = options;
    return this.one('gemm', c === undefined ? [a, b] : [a, b, c], attributes);
  };

  /** x / rms(x) * weight over the last axis; also the inverse RMS [..., 1]. */
  rmsNorm = (x: Value, weight: Value, epsilon: number) => this.apply('rmsNorm', [x, weight], { epsilon });
  /** Layer normalisation over the last axis; also mean and inverse standard deviation [..., 1]. */
  layerNorm = (x: Value, weight: Value, bias: Value, epsilon: number) =>
    this.apply('layerNorm', [x, weight, bias], { epsilon });
  /** Rotates halves of each head: x [batch, seq, heads * 2 * half], positions [batch, seq], cos and sin [n, half]. */
  rotary = (x: Value, positions: Value, cos: Value, sin: Value) =>
    this.one('rotary', [x, positions, cos, sin]);

  // ---- blocks

  /**
   * A group of ops with a backward of its own. `forward` builds the ops and returns the outputs; nothing inside is
   * recorded but the block as a whole. `needs` tells the backward which inputs want a gradient.
   */
  block(inputs: Value[], forward: () => Value[], backward: Backward): Value[] {
    const outer = this.recording;
    this.recording = false;
    const outputs = forward();
    this.recording = outer;
    if (outer && this.phase === 'forward') this.tape.push({ inputs, outputs, backward, node: undefined });
    return outputs;
  }

  /** Marks a value as cheap to compute again in the backward pass. */
  cheap(value: Value, enabled = true): Value {
    if (enabled) value.recompute = true;
    return value;
  }

  /** Sums a gradient down to the shape of a value that was broadcast. */
  sumTo(gradient: Value, shape: readonly number[]): Value {
    if (gradient.shape.length === shape.length && gradient.shape.every((dim, i) => dim === shape[i]))
      return gradient;
    const lead = gradient.shape.length - shape.length;
    const axes = gradient.shape.flatMap((dim, i) =>
      i < lead || (shape[i - lead] === 1 && dim !== 1) ? [i] : [],
    );
    const summed = axes.length === 0 ? gradient : this.reduceSum(gradient, axes, true);
    return this.reshape(summed, shape);
  }

  /** For rewrites: a node that is neither recorded nor put among the nodes. */
  make(
    op: Op,
    inputs: Value[],
    attributes: Attributes,
    { phase, layer }: Pick<Node, 'phase' | 'layer'>,
  ): Node {
    const outputs: Value[] = [];
    const node: Node = { op, inputs, outputs, attributes, phase, layer };
    for (const { shape, dtype } of shapeRules[op](inputs, attributes))
      outputs.push(this.value(shape, dtype, node, undefined));
    return node;
  }

  /** For rewrites: the same op on other inputs. Not recorded. */
  clone(node: Node, inputs: Value[], phase: Phase): Node {
    const outputs: Value[] = [];
    const { op, attributes } = node;
    const copy: Node = { op, inputs, outputs, attributes, phase, layer: undefined };
    for (const output of node.outputs) outputs.push(this.value(output.shape, output.dtype, copy, undefined));
    return copy;
  }

  private asValue(x: Value | number): Value {
    return typeof x === 'number' ? this.scalar(x) : x;
  }

  private value(
    shape: readonly number[],
    dtype: DType,
    node: Node | undefined,
    source: Source | undefined,
  ): Value {
    return { id: this.nextId++, shape, dtype, node, source, recompute: false };
  }
}

function dtypeOf(data: ConstantData): DType {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Int32Array) return 'int32';
  if (data instanceof BigInt64Array) return 'int64';
  return data instanceof Int8Array ? 'int8' : 'uint8';
}

export { broadcastShapes, sizeOf };
