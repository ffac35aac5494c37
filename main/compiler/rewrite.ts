// Rewrites between building and lowering: drops what no output needs, and gives the backward pass its own copies of
// cheap forward values, so that the forward ones can be freed at once. Values keep their bits: a copy is the same op on
// the same inputs.
import type { Graph, Node, Value } from './graph.ts';

/** Nodes that the outputs depend on, in an order that can be executed. */
export function schedule(graph: Graph): Node[] {
  const nodes = withRecomputation(graph, neededNodes(graph, graph.nodes));
  return neededNodes(graph, nodes); // a forward value whose copy took its place may have no reader left
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

/** Replaces cheap forward values in the backward pass by copies that stand right before their first use. */
function withRecomputation(graph: Graph, nodes: readonly Node[]): Node[] {
  const result: Node[] = [];
  const copies = new Map<Node, Node>();

  const copyOf = (value: Value): Value => {
    const node = value.node;
    if (node === undefined || node.phase !== 'forward' || !value.recompute) return value;
    let copy = copies.get(node);
    if (copy === undefined) {
      copy = graph.clone(node, node.inputs.map(copyOf), 'backward');
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
