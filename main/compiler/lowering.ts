// Lowers a graph to an ONNX model: one row per op. A provider that computes an op wrongly, or lacks it, gets that op
// from primitives (facts in test/bench/RESULTS.md, found by provider-check). Weights stay references into their files.
import type { ConstantData, Derived, Graph, Node, Value } from './graph.ts';
import { dataTypes, type OnnxAttribute, type OnnxNode, type OnnxTensor, writeModel } from './onnx-proto.ts';
import { type DType, elementBytes, type Op } from './op.ts';
import {
  emitPackedProduct,
  type FilePart,
  type PackedProducts,
  packedProducts,
  quantizedLowerings,
} from './packed-product.ts';
import { halfBytes, isHalf } from './precision.ts';
import { addsInPlace, schedule } from './rewrite.ts';
import { sizeOf } from './shape.ts';
import { verify } from './verify.ts';

export type Provider = 'cpu' | 'webgpu' | 'cuda' | 'dml';

/** A compiled graph: bytes for the session, and what it takes and gives. */
export interface Program {
  model: Uint8Array;
  provider: Provider;
  inputs: ReadonlyMap<string, { shape: readonly number[]; dtype: DType }>;
  outputs: ReadonlyMap<string, { shape: readonly number[]; dtype: DType }>;
  /** Inputs that are computed from the positions of the others: `derivedFeeds`. */
  derived: ReadonlyMap<string, Derived>;
  nodes: number;
}

/** The inputs that a program has computed, from `positions` and `lengths` as `Derived` says. */
export function derivedFeeds(
  { derived }: Program,
  positions: Int32Array,
  lengths: () => Int32Array,
): Record<string, Float32Array> {
  return Object.fromEntries([...derived].map(([name, compute]) => [name, compute(positions, lengths())]));
}

/** Emits ONNX nodes for one node of ours. `name` gives the ONNX name of a value. */
export interface Emit {
  provider: Provider;
  name(value: Value): string;
  /** Adds a node with the given output names. */
  node(
    opType: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes?: Record<string, OnnxAttribute>,
    domain?: string,
  ): void;
  /** Adds a node with one fresh output, and returns its name. */
  temporary(
    opType: string,
    inputs: readonly string[],
    attributes?: Record<string, OnnxAttribute>,
    domain?: string,
  ): string;
  /** Name of a matrix as [1, rows, columns]. */
  stacked(value: Value): string;
  /** Adds a node that makes that form of a value; the matrix itself is made when somebody reads it. */
  stackedNode(opType: string, inputs: readonly string[], value: Value, domain: string): void;
  integers(values: readonly number[]): string;
  /** A scalar; float32 unless given. */
  float(value: number, dtype?: DType): string;
  floats(values: readonly number[], shape: readonly number[]): string;
  /** Bytes of a file as an initializer. */
  external(dtype: DType, shape: readonly number[], part: FilePart): string;
}

type Lowering = (node: Node, emit: Emit) => void;

const microsoft = 'com.microsoft';

function simple(opType: string, attributes: Record<string, OnnxAttribute> = {}, domain = ''): Lowering {
  return (node, emit) =>
    emit.node(opType, node.inputs.map(emit.name), node.outputs.map(emit.name), attributes, domain);
}

function reduction(opType: string): Lowering {
  return (node, emit) => {
    const axes = node.attributes.axes ?? node.inputs[0].shape.map((_, i) => i);
    emit.node(opType, [emit.name(node.inputs[0]), emit.integers(axes)], [emit.name(node.outputs[0])], {
      keepdims: node.attributes.keepDims ? 1 : 0,
    });
  };
}

const swapLast = (rank: number) =>
  Array.from({ length: rank }, (_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i));

const isGpu = (provider: Provider) => provider !== 'cpu';

export const lowerings = {
  neg: simple('Neg'),
  abs: simple('Abs'),
  sign: simple('Sign'),
  exp: simple('Exp'),
  log: simple('Log'),
  sqrt: simple('Sqrt'),
  reciprocal: simple('Reciprocal'),
  sigmoid: simple('Sigmoid'),
  tanh: simple('Tanh'),
  erf: simple('Erf'),
  relu: simple('Relu'),
  // x sigmoid(alpha x) with alpha 1 is SiLU, in one pass
  silu: simple('QuickGelu', { alpha: { float: 1 } }, microsoft),
  cast: (node, emit) =>
    emit.node('Cast', node.inputs.map(emit.name), node.outputs.map(emit.name), {
      to: dataTypes[node.attributes.to as DType],
    }),
  add: simple('Add'),
  sub: simple('Sub'),
  mul: simple('Mul'),
  div: simple('Div'),
  maximum: simple('Max'),
  minimum: simple('Min'),
  equal: simple('Equal'),
  less: simple('Less'),
  and: simple('And'),
  where: simple('Where'),
  reshape: (node, emit) =>
    emit.node(
      'Reshape',
      [emit.name(node.inputs[0]), emit.integers(node.attributes.shape as readonly number[])],
      [emit.name(node.outputs[0])],
    ),
  transpose: (node, emit) =>
    emit.node('Transpose', node.inputs.map(emit.name), node.outputs.map(emit.name), {
      perm: node.attributes.perm as readonly number[],
    }),
  expand: (node, emit) =>
    emit.node(
      'Expand',
      [emit.name(node.inputs[0]), emit.integers(node.attributes.shape as readonly number[])],
      [emit.name(node.outputs[0])],
    ),
  slice: (node, emit) => {
    const { axis, start, end } = node.attributes as { axis: number; start: number; end: number };
    emit.node(
      'Slice',
      [emit.name(node.inputs[0]), emit.integers([start]), emit.integers([end]), emit.integers([axis])],
      [emit.name(node.outputs[0])],
    );
  },
  concat: (node, emit) =>
    emit.node('Concat', node.inputs.map(emit.name), node.outputs.map(emit.name), {
      axis: node.attributes.axis as number,
    }),
  split: (node, emit) => {
    const { axis, sizes } = node.attributes as { axis: number; sizes: readonly number[] };
    const x = emit.name(node.inputs[0]);
    const outputs = node.outputs.map(emit.name);
    if (!isGpu(emit.provider) || outputs.length < 8) {
      return emit.node('Split', [x, emit.integers(sizes)], outputs, { axis });
    }
    // WebGPU gives each output a storage buffer of its own, and a device may have only 8 for one shader
    let start = 0;
    for (const [i, size] of sizes.entries()) {
      const [from, to] = [emit.integers([start]), emit.integers([start + size])];
      emit.node('Slice', [x, from, to, emit.integers([axis])], [outputs[i]]);
      start += size;
    }
  },
  reduceSum: reduction('ReduceSum'),
  reduceMean: reduction('ReduceMean'),
  reduceMax: reduction('ReduceMax'),
  reduceSumSquare: reduction('ReduceSumSquare'),
  softmax: simple('Softmax', { axis: -1 }),
  gather: simple('Gather', { axis: 0 }),
  scatterAdd: (node, emit) => {
    const [indices, updates] = node.inputs;
    const shape = emit.integers(node.outputs[0].shape);
    // on WebGPU, ConstantOfShape and reshapes of int64 fall back to the processor, with a copy of all zeros
    // at each step
    const zeros = isGpu(emit.provider)
      ? emit.temporary('Expand', [emit.float(0), shape])
      : emit.temporary('ConstantOfShape', [shape]);
    const narrow = emit.temporary('Reshape', [emit.name(indices), emit.integers([indices.shape[0], 1])]);
    const column =
      indices.dtype === 'int64' ? narrow : emit.temporary('Cast', [narrow], { to: dataTypes.int64 });
    emit.node('ScatterND', [zeros, column, emit.name(updates)], [emit.name(node.outputs[0])], {
      reduction: 'add',
    });
  },
  matmul: (node, emit) => {
    const [a, b] = node.inputs;
    const { transA = false, transB = false, alpha = 1 } = node.attributes;
    const output = emit.name(node.outputs[0]);
    if (!transA && !transB && alpha === 1) return emit.node('MatMul', [emit.name(a), emit.name(b)], [output]);
    if (!isGpu(emit.provider)) {
      const attributes = { transA: Number(transA), transB: Number(transB), alpha: { float: alpha } };
      return emit.node('FusedMatMul', [emit.name(a), emit.name(b)], [output], attributes, microsoft);
    }
    const turn = (x: Value, turned: boolean) =>
      turned ? emit.temporary('Transpose', [emit.name(x)], { perm: swapLast(x.shape.length) }) : emit.name(x);
    const operands = [turn(a, transA), turn(b, transB)];
    if (alpha === 1) return emit.node('MatMul', operands, [output]);
    emit.node('Mul', [emit.temporary('MatMul', operands), emit.float(alpha, a.dtype)], [output]);
  },
  gemm: (node, emit) => {
    const { transA = false, transB = false, alpha = 1, beta = 1 } = node.attributes;
    if (!isGpu(emit.provider) && addsInPlace(node)) return emitAddedProduct(node, emit);
    emit.node('Gemm', node.inputs.map(emit.name), [emit.name(node.outputs[0])], {
      transA: Number(transA),
      transB: Number(transB),
      alpha: { float: alpha },
      beta: { float: beta },
    });
  },
  ...quantizedLowerings,
  rmsNorm: (node, emit) => {
    const [x, weight] = node.inputs.map(emit.name);
    const epsilon = node.attributes.epsilon as number;
    const outputs = node.outputs.map(emit.name);
    if (!isGpu(emit.provider)) {
      return emit.node('SimplifiedLayerNormalization', [x, weight], outputs, {
        axis: -1,
        epsilon: { float: epsilon },
        stash_type: 1,
      });
    }
    // WebGPU leaves the second output (inverse RMS) unset, so the backward would be wrong
    const last = emit.integers([node.inputs[0].shape.length - 1]);
    const mean = emit.temporary('ReduceMean', [emit.temporary('Mul', [x, x]), last], { keepdims: 1 });
    const root = emit.temporary('Sqrt', [emit.temporary('Add', [mean, emit.float(epsilon)])]);
    emit.node('Reciprocal', [root], [outputs[1]]);
    emit.node('Mul', [emit.temporary('Mul', [x, outputs[1]]), weight], [outputs[0]]);
  },
  layerNorm: (node, emit) => {
    const [x, weight, bias] = node.inputs.map(emit.name);
    const epsilon = node.attributes.epsilon as number;
    const outputs = node.outputs.map(emit.name);
    if (!isGpu(emit.provider)) {
      return emit.node('LayerNormalization', [x, weight, bias], outputs, {
        axis: -1,
        epsilon: { float: epsilon },
      });
    }
    const last = emit.integers([node.inputs[0].shape.length - 1]);
    emit.node('ReduceMean', [x, last], [outputs[1]], { keepdims: 1 });
    const centred = emit.temporary('Sub', [x, outputs[1]]);
    const variance = emit.temporary('ReduceMean', [emit.temporary('Mul', [centred, centred]), last], {
      keepdims: 1,
    });
    emit.node(
      'Reciprocal',
      [emit.temporary('Sqrt', [emit.temporary('Add', [variance, emit.float(epsilon)])])],
      [outputs[2]],
    );
    const scaled = emit.temporary('Mul', [emit.temporary('Mul', [centred, outputs[2]]), weight]);
    emit.node('Add', [scaled, bias], [outputs[0]]);
  },
  rotary: simple('RotaryEmbedding', { interleaved: 0 }, microsoft),
} satisfies Record<Op, Lowering>;

/**
 * A b + c as a convolution of width 1 whose fused sum is c: the only product that writes over what it adds to, where
 * Gemm first copies c. Its channels are the columns of a, its places those of b.
 */
function emitAddedProduct(node: Node, emit: Emit): void {
  const [a, b, c] = node.inputs;
  const [rows, inner] = a.shape;
  const filter = emit.temporary('Reshape', [emit.name(a), emit.integers([rows, inner, 1])]);
  const places = node.attributes.transB
    ? emit.temporary('Transpose', [emit.stacked(b)], { perm: [0, 2, 1] })
    : emit.stacked(b);
  emit.stackedNode('FusedConv', [places, filter, '', emit.stacked(c)], node.outputs[0], microsoft);
}

/**
 * Compiles a graph for one provider. The graph must not be used afterwards: rewrites change it. Products with the weights
 * in `packed` read them as they are, on the processor; the session then has to prepack.
 */
export function lower(graph: Graph, provider: Provider, packed?: PackedProducts): Program {
  const scheduled = schedule(graph);
  verify(graph, scheduled);
  const found = packed === undefined || isGpu(provider) ? undefined : packedProducts(scheduled, packed);
  const groups: OnnxNode[][] = [];
  const initializers = new Map<string, OnnxTensor>();
  const names = new Map<Value, string>();
  let fresh = 0;

  for (const { name, value } of graph.outputs) {
    if (!names.has(value) && value.node !== undefined) names.set(value, name);
  }
  const stacks = new Map<Value, string>();
  const nameOf = (value: Value): string => {
    const known = names.get(value);
    if (known !== undefined) return known;
    const stack = value.node && stacks.get(value);
    if (stack !== undefined) {
      const name = emit.temporary('Reshape', [stack, emit.integers(value.shape)]);
      names.set(value, name);
      return name;
    }
    const name = value.source?.kind === 'input' ? value.source.name : `v${value.id}`;
    names.set(value, name);
    const tensor = initializerOf(value, name);
    if (tensor !== undefined) initializers.set(name, tensor);
    return name;
  };
  const initializer = (name: string, tensor: OnnxTensor) => {
    if (!initializers.has(name)) initializers.set(name, tensor);
    return name;
  };

  let group: OnnxNode[] = [];
  const emit: Emit = {
    provider,
    name: nameOf,
    node: (opType, inputs, outputs, attributes = {}, domain = '') => {
      group.push({ opType, domain, inputs, outputs, attributes });
    },
    temporary: (opType, inputs, attributes = {}, domain = '') => {
      const name = `t${fresh++}`;
      group.push({ opType, domain, inputs, outputs: [name], attributes });
      return name;
    },
    stacked: (value) =>
      stacks.get(value) ?? emit.temporary('Reshape', [nameOf(value), emit.integers([1, ...value.shape])]),
    stackedNode: (opType, inputs, value, domain) => {
      const stack = emit.temporary(opType, inputs, {}, domain);
      const name = names.get(value); // of an output of the graph
      if (name === undefined) stacks.set(value, stack);
      else emit.node('Reshape', [stack, emit.integers(value.shape)], [name]);
    },
    integers: (values) =>
      initializer(`i[${values.join()}]`, {
        name: `i[${values.join()}]`,
        dtype: 'int64',
        shape: [values.length],
        raw: bytesOf(BigInt64Array.from(values, BigInt)),
      }),
    float: (value, dtype = 'float32') => {
      const name = dtype === 'float32' ? `f${value}` : `f${value} ${dtype}`;
      const raw = isHalf(dtype) ? halfBytes(value, dtype) : bytesOf(Float32Array.of(value));
      return initializer(name, { name, dtype, shape: [], raw });
    },
    floats: (values, shape) =>
      initializer(`f[${shape.join()}]${values.join()}`, {
        name: `f[${shape.join()}]${values.join()}`,
        dtype: 'float32',
        shape,
        raw: bytesOf(Float32Array.from(values)),
      }),
    external: (dtype, shape, { file, offset, bytes }) => {
      const name = `x${offset} ${file}`;
      return initializer(name, { name, dtype, shape, location: file, offset, length: bytes });
    },
  };
  for (const node of scheduled) {
    if (found?.unread.has(node)) continue;
    group = [];
    const weight = found?.products.get(node);
    if (weight === undefined) lowerings[node.op](node, emit);
    else emitPackedProduct(node, weight, packed?.accuracyLevel ?? 1, emit);
    // a node that nobody reads makes onnxruntime compute what it reads in its place
    const early = isGpu(provider) ? undefined : node.outputs.find((value) => graph.early.has(value));
    if (early !== undefined) emit.temporary('Shape', [nameOf(early)]);
    groups.push(group);
  }
  group = [];
  for (const { name, value } of graph.outputs)
    if (nameOf(value) !== name) emit.node('Identity', [nameOf(value)], [name]);
  groups.push(group);

  const inputs = graph.inputs.map((value) => ({
    name: nameOf(value),
    dtype: value.dtype,
    shape: value.shape,
  }));
  const outputs = graph.outputs.map(({ name, value }) => ({ name, dtype: value.dtype, shape: value.shape }));
  // onnxruntime walks the graph depth first from its leaves and visits the node with the highest index first. Nodes in
  // reverse order therefore run in the order of our schedule, where recomputed values come as late as possible.
  const nodes = groups.flat().reverse();
  return {
    model: writeModel({ nodes, initializers: [...initializers.values()], inputs, outputs }),
    provider,
    inputs: new Map(inputs.map(({ name, ...rest }) => [name, rest])),
    outputs: new Map(outputs.map(({ name, ...rest }) => [name, rest])),
    derived: new Map([...graph.derived].filter(([name]) => inputs.some((input) => input.name === name))),
    nodes: nodes.length,
  };
}

function initializerOf({ source, shape, dtype }: Value, name: string): OnnxTensor | undefined {
  if (source?.kind === 'constant') return { name, dtype, shape, raw: bytesOf(source.data) };
  if (source?.kind === 'weight') {
    if (source.bytes !== Math.ceil(sizeOf(shape) * elementBytes[dtype])) {
      throw new Error(`Invariant broken: ${source.name} [${shape}] of ${dtype} has ${source.bytes} bytes`);
    }
    return { name, dtype, shape, location: source.file, offset: source.offset, length: source.bytes };
  }
  return undefined;
}

function bytesOf(data: ConstantData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
