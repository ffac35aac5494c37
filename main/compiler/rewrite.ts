// Rewrites between building and lowering: drops what no output needs, and gives the backward pass its own copies of
// forward values, so that the forward ones can be freed at once. Values keep their bits: a copy is the same op on the
// same inputs. Also knows in which order onnxruntime will run the nodes.
import type { Graph, Node, Value } from './graph.ts';
import { elementBytes, type Op } from './op.ts';
import { sizeOf } from './shape.ts';

/** Nodes that the outputs depend on, in an order that can be executed. */
export function schedule(graph: Graph): Node[] {
  const layered = withLayersAgain(graph, neededNodes(graph, graph.nodes));
  const nodes = withRecomputation(graph, layered);
  // a forward value whose copy took its place may have no reader left
  return withEarlyOutputs(graph, neededNodes(graph, nodes));
}

function neededNodes(graph: Graph, nodes: readonly Node[]): Node[] {
  const needed = new Set<Node>();
  const stack = graph.outputs.flatMap(({ value }) => value.node ?? []);
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (needed.has(node)) continue;
    needed.add(node);
    for (const input of node.inputs) if (input.node !== undefined) stack.push(input.node);
  }
  return nodes.filter((node) => needed.has(node));
}

/**
 * Computes whole layers again (Chen et al. 2016, https://arxiv.org/abs/1604.06174): of a layer's values only those stay
 * that another part of the forward pass reads, which is the residual stream. The backward pass reads copies instead;
 * they count as forward values, of which the cheap ones are then copied once more, right where they are used.
 */
function withLayersAgain(graph: Graph, nodes: readonly Node[]): Node[] {
  const kept = new Set<Value>(graph.outputs.map(({ value }) => value));
  for (const node of nodes) {
    if (node.phase !== 'forward') continue;
    for (const input of node.inputs) if (input.node?.layer !== node.layer) kept.add(input);
  }
  for (const value of kept) {
    for (let part: Value | undefined = value; part?.node?.layer !== undefined; part = reshaped(part))
      part.recompute = false;
  }
  return withCopies(
    graph,
    nodes,
    ({ node }) => node?.layer !== undefined,
    (value) => !kept.has(value),
    'forward',
  );
}

/** Replaces cheap forward values in the backward pass by copies that stand right before their first use. */
function withRecomputation(graph: Graph, nodes: readonly Node[]): Node[] {
  const isForward = ({ node }: Value) => node?.phase === 'forward';
  const isCopied = (value: Value): boolean => {
    const whole = reshaped(value);
    return value.recompute || (whole !== undefined && isCopied(whole));
  };
  return withCopies(graph, nodes, isForward, isCopied, 'backward');
}

/** What a value is another shape of: both are one block of memory, which is kept or not. */
function reshaped({ node }: Value): Value | undefined {
  return node?.op === 'reshape' ? node.inputs[0] : undefined;
}

function withCopies(
  graph: Graph,
  nodes: readonly Node[],
  isCandidate: (value: Value) => boolean,
  isCopied: (value: Value) => boolean,
  phase: Node['phase'],
): Node[] {
  const result: Node[] = [];
  const copies = new Map<Node, Node>();

  const copyOf = (value: Value): Value => {
    const node = value.node;
    if (node === undefined || !isCandidate(value) || !isCopied(value)) return value;
    let copy = copies.get(node);
    if (copy === undefined) {
      copy = graph.clone(node, node.inputs.map(copyOf), phase);
      node.outputs.forEach(({ recompute }, i) => {
        (copy as Node).outputs[i].recompute = recompute;
      });
      copies.set(node, copy);
      result.push(copy);
    }
    return copy.outputs[node.outputs.indexOf(value)];
  };

  for (const node of nodes) {
    if (node.phase === 'backward') node.inputs = node.inputs.map(copyOf);
    result.push(node);
  }
  return result;
}

const joining: ReadonlySet<Op> = new Set<Op>(['concat', 'reshape', 'cast']);

/** Moves what only joins values to an output right behind the last of them, so that the parts can be freed. */
function withEarlyOutputs(graph: Graph, nodes: readonly Node[]): Node[] {
  const waiting = new Map<Node, number>(); // inputs that are not there yet
  const readers = new Map<Node, Node[]>();
  const join = (joiner: Node | undefined) => {
    if (joiner?.phase !== 'backward' || !joining.has(joiner.op) || waiting.has(joiner)) return;
    const makers = new Set(joiner.inputs.flatMap((input) => input.node ?? []));
    waiting.set(joiner, makers.size);
    for (const maker of makers) {
      readers.set(maker, [...(readers.get(maker) ?? []), joiner]);
      join(maker);
    }
  };
  for (const { value } of graph.outputs) join(value.node);
  const result: Node[] = [];
  const add = (node: Node) => {
    result.push(node);
    for (const reader of readers.get(node) ?? []) {
      const left = (waiting.get(reader) as number) - 1;
      waiting.set(reader, left);
      if (left === 0) add(reader);
    }
  };
  const unmade = new Set([...waiting].flatMap(([node, count]) => (count === 0 ? [node] : [])));
  for (const node of nodes) if (!waiting.has(node) || unmade.has(node)) add(node);
  return result;
}

/**
 * The order in which onnxruntime runs a schedule that is written in reverse (lowering.ts): depth first from the nodes
 * that nobody reads and from those that are wanted early, each time the earliest in our schedule first.
 */
export function runOrder(graph: Graph, nodes: readonly Node[]): Node[] {
  const place = new Map(nodes.map((node, i) => [node, i]));
  const read = new Set(nodes.flatMap(({ inputs }) => inputs.flatMap(({ node }) => node ?? [])));
  const starts = nodes.filter(
    (node) => !read.has(node) || node.outputs.some((value) => graph.early.has(value)),
  );
  const order: Node[] = [];
  const seen = new Set<Node>();
  const stack: { node: Node; done: boolean }[] = starts.reverse().map((node) => ({ node, done: false }));
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { node, done } = top;
    if (done) {
      order.push(node);
      continue;
    }
    if (seen.has(node)) continue;
    seen.add(node);
    stack.push({ node, done: true });
    const parents = [...new Set(node.inputs.flatMap((input) => input.node ?? []))]
      .filter((parent) => !seen.has(parent))
      .sort((a, b) => (place.get(b) as number) - (place.get(a) as number));
    for (const parent of parents) stack.push({ node: parent, done: false });
  }
  return order;
}

/**
 * Whether the processor computes a product with its sum written over what it is added to (lowering.ts). Of few rows it
 * is not worth the reshapes.
 */
export function addsInPlace({ op, inputs: [a, , c], attributes, outputs: [y] }: Node): boolean {
  const { transA = false, transB = false, alpha = 1, beta = 1 } = attributes;
  const plain = op === 'gemm' && y.dtype === 'float32' && !transA && alpha === 1 && beta === 1;
  const whole = c !== undefined && c.shape.length === 2 && sizeOf(c.shape) === sizeOf(y.shape);
  return plain && whole && y.shape[0] >= 32 && (!transB || a.shape[1] <= 128); // b is turned first
}

export function bytesOf({ shape, dtype }: Value): number {
  return sizeOf(shape) * elementBytes[dtype];
}
