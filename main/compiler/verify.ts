// What must hold in a graph before it is lowered, and what makes it safe to write an output over an
// input. Every check names the node that breaks it: these are our own mistakes, and onnxruntime would
// tell of them late and darkly.
import { assert } from '../errors.ts';
import type { Graph, Node, Value } from './graph.ts';
import type { Op } from './op.ts';
import { printNode } from './print.ts';
import { shapeRules } from './shape.ts';

/**
 * Checks `nodes` (all of the graph unless given) in the order in which they would run. Throws at the
 * first fault.
 */
export function verify(graph: Graph, nodes: readonly Node[] = graph.nodes): void {
  const names = graph.inputs.map(({ source }) => (source?.kind === 'input' ? source.name : ''));
  assert(new Set(names).size === names.length, `each input has a name of its own: ${names.join(', ')}`);
  const outputNames = graph.outputs.map(({ name }) => name);
  const distinct = new Set([...outputNames, ...names]).size === outputNames.length + names.length;
  assert(distinct, `each output has a name of its own: ${outputNames.join(', ')}`);

  const inputs = new Set(graph.inputs);
  const made = new Set<Value>();
  for (const node of nodes) {
    for (const input of node.inputs) {
      if (input.node !== undefined)
        assert(made.has(input), () => `%${input.id} is made before it is read in ${printNode(node)}`);
      if (input.source?.kind === 'input')
        assert(inputs.has(input), () => `%${input.id} of ${printNode(node)} is an input`);
      const looksAhead = node.phase === 'forward' && input.node?.phase === 'backward';
      assert(
        !looksAhead,
        () => `the forward pass reads nothing of the backward pass, as ${printNode(node)} does`,
      );
    }
    const expected = shapeRules[node.op](node.inputs, node.attributes);
    assert(
      expected.length === node.outputs.length,
      () => `${printNode(node)} makes ${expected.length} values`,
    );
    node.outputs.forEach((output, i) => {
      const { shape, dtype } = expected[i];
      const same = dtype === output.dtype && shape.join() === output.shape.join();
      assert(same, () => `${printNode(node)} makes ${dtype}[${shape}]`);
      made.add(output);
    });
  }
  for (const { name, value } of graph.outputs) {
    assert(value.node === undefined || made.has(value), `the output "${name}" is made by a node`);
  }
}

/** Ops that read element i of an input of the same shape only to make element i. */
const elementwise: ReadonlySet<Op> = new Set<Op>([
  ...([
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
  ] as const),
  ...(['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'where'] as const),
]);

/** An output whose buffer is that of an input. */
export interface InPlace {
  input: Value;
  output: Value;
}

/**
 * Checks that outputs may be written over inputs: the node of the output is elementwise in what it reads
 * of the input, or does not read it, and every other node that reads the input has to run before it, whatever order the
 * runtime chooses.
 */
export function verifyInPlace(graph: Graph, pairs: readonly InPlace[]): void {
  for (const { input, output } of pairs) {
    const writer = output.node;
    assert(writer !== undefined, `%${output.id}, which is written over %${input.id}, is made by a node`);
    assert(
      (elementwise.has(writer.op) || !writer.inputs.includes(input)) &&
        input.shape.join() === output.shape.join() &&
        input.dtype === output.dtype,
      `%${input.id} is written over element by element, not by ${printNode(writer)}`,
    );
    const before = ancestors(writer);
    for (const node of graph.nodes) {
      if (node === writer || !node.inputs.includes(input)) continue;
      assert(
        before.has(node),
        `${printNode(node)} reads %${input.id} before ${printNode(writer)} overwrites it`,
      );
    }
    const given = graph.outputs.some(({ value }) => value === input);
    assert(!given, `%${input.id}, which is overwritten, is not an output itself`);
  }
}

/** Every node that has to run before `node`. */
function ancestors(node: Node): Set<Node> {
  const found = new Set<Node>();
  const stack = [node];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    for (const { node: earlier } of next.inputs) {
      if (earlier === undefined || found.has(earlier)) continue;
      found.add(earlier);
      stack.push(earlier);
    }
  }
  return found;
}
