// Nodes of a graph as text, for error messages:
//   %12 float32[2,3] = add(%3, %4)
//   %13 float32[2] = reduceSum(%12) {axes: [1], keepDims: false}   # backward
import type { Node, Value } from './graph.ts';
import type { Attributes } from './op.ts';

/** One node with the types of what it makes. */
export function printNode(node: Node): string {
  const made = node.outputs.map(typeOf).join(', ');
  const attributes = printAttributes(node.attributes);
  const phase = node.phase === 'backward' ? '   # backward' : '';
  return `${made} = ${node.op}(${node.inputs.map(sourceOf).join(', ')})${attributes}${phase}`;
}

/**
 * What kind of node it is, whatever it is fed with: `add float32[2,3] float32[3]`. Equal text means
 * equal work.
 */
export function kindOf(node: Node): string {
  const inputs = node.inputs.map(({ dtype, shape }) => `${dtype}[${shape}]`);
  return `${node.op} ${inputs.join(' ')}${printAttributes(node.attributes)}`;
}

function printAttributes(attributes: Attributes): string {
  const entries = Object.entries(attributes).filter(([, value]) => value !== undefined);
  if (entries.length === 0) return '';
  const parts = entries.map(([name, value]) => `${name}: ${Array.isArray(value) ? `[${value}]` : value}`);
  return ` {${parts.join(', ')}}`;
}

const typeOf = ({ id, dtype, shape }: Value) => `%${id} ${dtype}[${shape}]`;

function sourceOf({ id, source, dtype, shape }: Value): string {
  if (source?.kind === 'input') return `%${id}:${source.name}`;
  if (source?.kind === 'weight') return `weight(${source.name})`;
  if (source?.kind !== 'constant') return `%${id}`;
  return source.data.length === 1 ? String(source.data[0]) : `constant ${dtype}[${shape}]`;
}
