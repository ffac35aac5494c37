// Cuts a graph into parts that run one after the other, each in a session of its own: then the weights of one part are in
// memory at a time, whatever the size of the model. What only weights decide is computed again where it is read, so that
// no weight is handed from part to part. Knows no model.
import { Graph, type Node, type Value } from './graph.ts';
import { schedule } from './rewrite.ts';

/**
 * The parts in the order in which they run, each reading about `weightBytes` of files at most; a node that reads more is
 * a part of its own. What a part reads of an earlier one is an output there and an input of the same name here; inputs
 * and outputs of the whole keep their names.
 */
export function segmentsOf(graph: Graph, weightBytes: number): Graph[] {
  const nodes = schedule(graph);
  const fixed = fixedNodes(nodes);
  const partOf = partsOf(
    nodes.filter((node) => !fixed.has(node)),
    fixed,
    weightBytes,
  );
  const last = Math.max(0, ...partOf.values());
  const home = ({ node }: Value) => (node && partOf.get(node)) ?? last;
  const handedOn = new Set<Value>();
  for (const [node, part] of partOf)
    for (const input of node.inputs) {
      const from = input.node && partOf.get(input.node);
      if (from !== undefined && from < part) handedOn.add(input);
    }
  return Array.from({ length: last + 1 }, (_, part) => {
    const replay = createReplay(new Graph(), fixed);
    for (const [name, compute] of graph.derived) replay.g.derived.set(name, compute);
    for (const [node, of] of partOf) if (of === part) replay.run(node);
    for (const { name, value } of graph.outputs)
      if (home(value) === part) replay.g.output(name, replay.read(value));
    for (const value of handedOn)
      if (home(value) === part) replay.g.output(cutName(value), replay.read(value));
    return replay.g;
  });
}

const cutName = ({ id }: Value): string => `cut${id}`;

/** Nodes that read nothing but weights and constants. */
function fixedNodes(nodes: readonly Node[]): Set<Node> {
  const fixed = new Set<Node>();
  const isFixed = ({ node, source }: Value) =>
    node === undefined ? source?.kind !== 'input' : fixed.has(node);
  for (const node of nodes) if (node.inputs.every(isFixed)) fixed.add(node);
  return fixed;
}

/** The part of each node, in their order: the next one begins where the weights of this one would be too many. */
function partsOf(nodes: readonly Node[], fixed: ReadonlySet<Node>, weightBytes: number): Map<Node, number> {
  const partOf = new Map<Node, number>();
  let part = 0;
  let read = new Map<Value, number>();
  const bytes = () => [...read.values()].reduce((sum, size) => sum + size, 0);
  for (const node of nodes) {
    const before = bytes();
    const weights = weightsOf(node, fixed);
    for (const [weight, size] of weights) read.set(weight, size);
    if (before > 0 && bytes() > Math.max(before, weightBytes)) {
      part += 1;
      read = weights;
    }
    partOf.set(node, part);
  }
  return partOf;
}

/** Weights that a node reads, also through fixed nodes, with their bytes. */
function weightsOf(node: Node, fixed: ReadonlySet<Node>): Map<Value, number> {
  const found = new Map<Value, number>();
  const look = (value: Value): void => {
    if (value.source?.kind === 'weight') found.set(value, value.source.bytes);
    if (value.node !== undefined && fixed.has(value.node)) for (const input of value.node.inputs) look(input);
  };
  for (const input of node.inputs) look(input);
  return found;
}

/** Builds nodes of another graph again in `g`. */
function createReplay(g: Graph, fixed: ReadonlySet<Node>) {
  const known = new Map<Value, Value>();
  const run = (node: Node): void => {
    const made = g.apply(node.op, node.inputs.map(read), node.attributes);
    node.outputs.forEach((output, i) => {
      known.set(output, made[i]);
    });
  };
  const leafOf = (value: Value): Value => {
    const { shape, dtype, source } = value;
    if (source?.kind === 'constant')
      return g.constant(source.data, shape, dtype === 'int4' || dtype === 'uint4' ? dtype : undefined);
    if (source?.kind === 'weight')
      return g.weight(source.name, shape, dtype, source.file, source.offset, source.bytes);
    return g.input(source?.kind === 'input' ? source.name : cutName(value), shape, dtype);
  };
  const read = (value: Value): Value => {
    if (!known.has(value)) {
      if (value.node !== undefined && fixed.has(value.node)) run(value.node);
      else known.set(value, leafOf(value));
    }
    return known.get(value) as Value;
  };
  return { g, run, read };
}
