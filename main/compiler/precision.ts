// Mixed precision (Micikevicius et al. 2018, https://arxiv.org/abs/1710.03740), as a rewrite of a finished graph: products
// take and give float16 or bfloat16, as under torch.autocast; everything else stays in float32. Values that are moved
// between products keep their half form. Knows no model and no provider but whether that one has products in half.
import { AppError } from '../errors.ts';
import type { Graph, Node, Value } from './graph.ts';
import type { Provider } from './lowering.ts';
import type { DType, Op } from './op.ts';
import { sizeOf } from './shape.ts';

export type Half = 'float16' | 'bfloat16';

/** What a recipe may ask for. */
export type Precision = 'fp32' | 'bf16' | 'fp16';

export const halfOf = { fp32: undefined, bf16: 'bfloat16', fp16: 'float16' } satisfies Record<
  Precision,
  Half | undefined
>;

/** Types of products that each provider has; the processor rounds to them, and multiplies in float32. */
const offered = {
  cpu: ['fp32', 'bf16', 'fp16'],
  webgpu: ['fp32', 'fp16'],
  cuda: ['fp32', 'bf16', 'fp16'],
  dml: ['fp32', 'fp16'],
} satisfies Record<Provider, Precision[]> as Record<Provider, readonly Precision[]>;

/** Throws `precision-device` where a provider has no products of the type. */
export function requirePrecision(precision: Precision, provider: Provider): void {
  if (offered[provider].includes(precision)) return;
  throw new AppError(
    'precision-device',
    `${provider} has no ${precision} products; it has ${offered[provider].join(' and ')}.`,
    `Choose ${offered[provider].join(' or ')} as the precision, or another device.`,
  );
}

/** Ops that only move elements of their inputs; the second one of a gather says from where. */
const moving: ReadonlySet<Op> = new Set<Op>(['reshape', 'transpose', 'slice', 'split', 'gather', 'concat']);

/** How many of a node's inputs it only moves. */
function movedInputs({ op, inputs }: Node): number {
  if (!moving.has(op)) return 0;
  return op === 'gather' ? 1 : inputs.length;
}

/** Products that become half. */
function isProduct({ op, attributes, outputs }: Node): boolean {
  return (op === 'gemm' || op === 'matmul') && !attributes.exact && outputs[0].dtype === 'float32';
}

/**
 * Rewrites all nodes of the graph, after its gradients were built. `native` = the provider multiplies halves (sums in
 * float32 or better); else factors are rounded to half and widened again, the product is one of float32, and is rounded
 * too. Products marked `exact` stay as they are. What is added to a product is rounded with it, but for sums of gradients
 * of weights, which are added in float32.
 */
export function halveProducts(graph: Graph, half: Half, native: boolean): void {
  const result: Node[] = [];
  /** The half value that a float32 one is an exact copy of; only that one is computed. */
  const halves = new Map<Value, Value>();
  /** Rounded forms of values that nothing else reads, where they are rounded before they are moved. */
  const roundings = new Map<Value, Value>();
  const readers = readersOf(graph);
  /** Float32 values that are computed in another way. */
  const replaced = new Map<Value, Value>();
  const casts = new Map<string, Node[]>();

  const emit = (op: Op, inputs: Value[], attributes: Node['attributes'], place: Place): Node => {
    const node = graph.make(op, inputs, attributes, place);
    result.push(node);
    return node;
  };

  /** One cast of a value for all that read it; where layers are computed again as a whole, one in each layer. */
  const cast = (value: Value, to: DType, reader: Place): Value => {
    const key = `${value.id} ${to}`;
    const known = casts.get(key) ?? [];
    casts.set(key, known);
    let node = known.find(({ layer }) => reader.phase === 'backward' || layer === reader.layer);
    if (node === undefined) {
      node = emit('cast', [value], { to }, reader);
      // widening again costs less than keeping twice the bytes; so does rounding what is there anyway
      node.outputs[0].recompute = to === 'float32' || value.recompute || isGiven(value);
      known.push(node);
    }
    return node.outputs[0];
  };

  const wide = (value: Value, reader: Place): Value => {
    const narrow = halves.get(value);
    return narrow === undefined ? (replaced.get(value) ?? value) : cast(narrow, 'float32', reader);
  };

  const rounded = (value: Value, reader: Place): Value => {
    const known = halves.get(value) ?? roundings.get(value);
    if (known !== undefined) return known;
    const { node } = value;
    if (node?.op === 'cast' && isHalf(node.inputs[0].dtype)) return cast(node.inputs[0], half, reader);
    if (node === undefined || !readers.roundsBefore(node)) return cast(wide(value, reader), half, reader);
    const count = movedInputs(node);
    const inputs = node.inputs.map((input, i) => (i < count ? rounded(input, reader) : input));
    const { outputs } = emit(node.op, inputs, node.attributes, reader);
    node.outputs.forEach((output, i) => {
      outputs[i].recompute = output.recompute;
      roundings.set(output, outputs[i]);
    });
    return roundings.get(value) as Value;
  };

  const product = (node: Node): void => {
    const { op, attributes, outputs } = node;
    const [a, b, c] = node.inputs;
    const factors = [rounded(a, node), rounded(b, node)];
    const [y] = outputs;
    const apart =
      c !== undefined && sizeOf(c.shape) === sizeOf(y.shape) && (attributes.transA || !halves.has(c));
    if (c !== undefined && !apart) factors.push(rounded(c, node));
    const inputs = native ? factors : factors.map((factor) => cast(factor, 'float32', node));
    const [made] = emit(op, inputs, attributes, node).outputs;
    const narrow = native ? made : emit('cast', [made], { to: half }, node).outputs[0];
    narrow.recompute = y.recompute;
    if (!native) made.recompute = y.recompute;
    if (!apart) {
      halves.set(y, narrow);
      return;
    }
    const { beta = 1 } = attributes;
    const addend = wide(c, node);
    const scaled = beta === 1 ? addend : emit('mul', [addend, graph.scalar(beta)], {}, node).outputs[0];
    const [sum] = emit('add', [scaled, cast(narrow, 'float32', node)], {}, node).outputs;
    sum.recompute = y.recompute;
    replaced.set(y, sum);
  };

  /** The same on halves, where all that it moves is an exact copy of halves. */
  const movedHalves = (node: Node): boolean => {
    const count = movedInputs(node);
    const narrow = node.inputs.slice(0, count).map((input) => halves.get(input));
    if (count === 0 || !narrow.every((value) => value !== undefined)) return false;
    const { outputs } = emit(node.op, [...narrow, ...node.inputs.slice(count)], node.attributes, node);
    node.outputs.forEach((output, i) => {
      outputs[i].recompute = output.recompute;
      halves.set(output, outputs[i]);
    });
    return true;
  };

  for (const node of graph.nodes) {
    const { op, inputs, outputs, attributes } = node;
    if (op === 'cast' && attributes.to === 'float32' && inputs[0].dtype === half) {
      halves.set(outputs[0], inputs[0]);
    } else if (isProduct(node)) {
      product(node);
    } else if (!movedHalves(node)) {
      node.inputs = inputs.map((input) => wide(input, node));
      result.push(node);
    }
  }
  for (const output of graph.outputs)
    output.value = wide(output.value, { phase: 'backward', layer: undefined });
  for (const value of [...graph.early]) {
    graph.early.delete(value);
    graph.early.add(halves.get(value) ?? roundings.get(value) ?? replaced.get(value) ?? value);
  }
  keepOnce(result);
  graph.nodes.splice(0, graph.nodes.length, ...result);
}

/** Who reads the values of a graph, and which nodes may move rounded values instead of the exact ones. */
function readersOf(graph: Graph): { roundsBefore(node: Node): boolean } {
  const readers = new Map<Value, Node[]>();
  for (const node of graph.nodes)
    for (const input of node.inputs) readers.set(input, [...(readers.get(input) ?? []), node]);
  const given = new Set(graph.outputs.map(({ value }) => value));
  const known = new Map<Value, boolean>();
  /** Whether nothing but factors of products are made from a value. */
  const isFactor = (value: Value): boolean => {
    let result = known.get(value);
    if (result === undefined) {
      const read = readers.get(value) ?? [];
      const asFactor = (node: Node) =>
        isProduct(node)
          ? node.inputs[2] !== value
          : node.inputs.indexOf(value) < movedInputs(node) && node.outputs.every(isFactor);
      result = read.length > 0 && !given.has(value) && read.every(asFactor);
      known.set(value, result);
    }
    return result;
  };
  /** Elements that are taken out of a value as factors: rounding it first is no more work where they are as many. */
  const taken = (value: Value): number =>
    (readers.get(value) ?? []).reduce((sum, node) => {
      if (isProduct(node)) return sum + sizeOf(value.shape);
      if (movedInputs(node) === 0 || !node.outputs.every(isFactor)) return sum;
      if (node.op === 'reshape') return sum + taken(node.outputs[0]);
      return sum + node.outputs.reduce((size, { shape }) => size + sizeOf(shape), 0);
    }, 0);
  const whole = (value: Value): Value => (value.node?.op === 'reshape' ? whole(value.node.inputs[0]) : value);
  return {
    roundsBefore: (node) => {
      const inputs = node.inputs.slice(0, movedInputs(node));
      return (
        inputs.length > 0 &&
        node.outputs.every(isFactor) &&
        inputs.every((input) => taken(whole(input)) >= sizeOf(input.shape))
      );
    },
  };
}

type Place = Pick<Node, 'phase' | 'layer'>;

export function isHalf(dtype: DType): dtype is Half {
  return dtype === 'float16' || dtype === 'bfloat16';
}

/** One number, rounded to the nearest half; of two as near, to the even one. */
export function halfBytes(value: number, half: Half): Uint8Array {
  if (half === 'float16') return new Uint8Array(Float16Array.of(value).buffer);
  const [bits] = new Uint32Array(Float32Array.of(value).buffer);
  return new Uint8Array(Uint16Array.of((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16).buffer);
}

/** Inputs, weights and constants, also by another shape: they are there in the backward pass, whoever reads them. */
function isGiven({ node }: Value): boolean {
  return node === undefined || (node.op === 'reshape' && isGiven(node.inputs[0]));
}

/** Rounds again in the backward pass what is kept in float32 for others there. */
function keepOnce(nodes: readonly Node[]): void {
  const isRounding = ({ op, attributes }: Node) => op === 'cast' && isHalf(attributes.to as DType);
  const kept = new Set(
    nodes.flatMap((node) => (node.phase === 'backward' && !isRounding(node) ? node.inputs : [])),
  );
  for (const node of nodes)
    if (node.phase === 'forward' && isRounding(node) && kept.has(node.inputs[0]))
      node.outputs[0].recompute = true;
}
