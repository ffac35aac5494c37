// Reverse-mode differentiation: walks the tape backwards from a scalar loss and builds the ops that compute its
// gradients. Builds nothing below the lowest value that leads to something trainable.
import { assert } from '../errors.ts';
import { gradientRules } from './gradient.ts';
import type { Graph, TapeEntry, Value } from './graph.ts';
import { sizeOf } from './shape.ts';

/**
 * Gradients of the scalar `loss` with respect to `targets`, in their order and shapes, times the graph's loss scale. A
 * target that the loss does not depend on gets zeros. Throws when an op on the way has no gradient.
 */
export function gradientsOf(graph: Graph, loss: Value, targets: readonly Value[]): Value[] {
  assert(sizeOf(loss.shape) === 1, 'a loss is a scalar');
  const needed = dependents(graph.tape, targets);
  graph.phase = 'backward';
  const gradients = new Map<Value, Value>([
    [loss, graph.expand(graph.lossScale ?? graph.scalar(1), loss.shape)],
  ]);
  for (let i = graph.tape.length - 1; i >= 0; i--) {
    const entry = graph.tape[i];
    const ofOutputs = entry.outputs.map((output) => gradients.get(output));
    if (ofOutputs.every((gradient) => gradient === undefined)) continue;
    const needs = entry.inputs.map((input) => needed.has(input));
    if (!needs.some(Boolean)) continue;
    const ofInputs = backwardOf(graph, entry, ofOutputs, needs);
    for (const output of entry.outputs) if (!targets.includes(output)) gradients.delete(output);
    entry.inputs.forEach((input, k) => {
      const gradient = ofInputs[k];
      if (!needs[k] || gradient === undefined) return;
      const before = gradients.get(input);
      gradients.set(input, before === undefined ? gradient : graph.add(before, gradient));
    });
  }
  const result = targets.map(
    (target) => gradients.get(target) ?? graph.expand(graph.scalar(0), target.shape),
  );
  graph.phase = 'forward';
  return result;
}

function backwardOf(
  graph: Graph,
  entry: TapeEntry,
  gradients: readonly (Value | undefined)[],
  needs: readonly boolean[],
): (Value | undefined)[] {
  if (entry.backward !== undefined) return entry.backward(graph, gradients, needs);
  const node = entry.node;
  assert(node !== undefined, 'a tape entry is an op or a block');
  const rule = gradientRules[node.op];
  assert(
    typeof rule === 'function',
    `"${node.op}" lies on the way to a trainable value, but ${String((rule as { none?: string }).none)}`,
  );
  return rule({ g: graph, node, inputs: entry.inputs, gradients, needs });
}

/** All values that depend on a target, the targets included. */
function dependents(tape: readonly TapeEntry[], targets: readonly Value[]): Set<Value> {
  const found = new Set<Value>(targets);
  for (const entry of tape) {
    if (!entry.inputs.some((input) => found.has(input))) continue;
    const rule = entry.node === undefined ? undefined : gradientRules[entry.node.op];
    if (typeof rule === 'object') continue; // comparisons stop the flow, as in every autodiff
    for (const output of entry.outputs) found.add(output);
  }
  return found;
}
