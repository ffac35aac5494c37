// PyTorch's values and gradients of single operations (test/reference/make_ops.py), and graphs held
// against them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gradientsOf } from '../../main/compiler/autodiff.ts';
import { Graph, type Value } from '../../main/compiler/graph.ts';
import { lower } from '../../main/compiler/lowering.ts';
import { createSession } from '../../main/training/session.ts';
import { type Differences, scaledDifference } from './gradients.ts';

export interface StoredOperator {
  inputs: Record<string, { shape: number[]; values: number[] }>;
  output: { shape: number[]; values: number[] };
  /** The gradients are those of sum(weights * output). */
  weights: number[];
  gradients: Record<string, number[]>;
  [option: string]: unknown;
}

interface Stored {
  activations: Record<string, StoredOperator>;
  cases: Record<string, StoredOperator>;
}

const folder = join(import.meta.dirname, '../reference/ops');

export function storedOperators(): Stored {
  return JSON.parse(readFileSync(join(folder, 'operators.json'), 'utf8')) as Stored;
}

export interface StoredRotary {
  what: string;
  theta: number;
  scaling: Record<string, unknown>;
  positions: number;
  partial: number;
  head_dim: number;
  max_position_embeddings: number;
  inverse_frequencies: number[];
  factor: number;
  /** Of the last position, times the factor. */
  cos_last: number[];
  sin_last: number[];
}

export function storedRotary(): StoredRotary[] {
  return JSON.parse(readFileSync(join(folder, 'rotary.json'), 'utf8')) as StoredRotary[];
}

/**
 * Builds one output over the stored inputs, in the order of `names`, and compares it and its gradients.
 * Without `loss` the loss is sum(weights * output).
 */
export async function heldAgainst(
  stored: StoredOperator,
  names: readonly string[],
  build: (g: Graph, inputs: Value[]) => Value,
  loss?: (g: Graph, inputs: Value[]) => Value,
): Promise<Differences> {
  const g = new Graph();
  const inputs = names.map((name) => g.input(name, stored.inputs[name].shape));
  const output = build(g, inputs);
  const axes = output.shape.map((_, axis) => axis);
  const weights = g.constant(Float32Array.from(stored.weights), stored.output.shape);
  const scalar =
    loss?.(g, inputs) ?? g.reduceSum(g.mul(g.reshape(output, stored.output.shape), weights), axes);
  const gradients = gradientsOf(g, scalar, inputs);
  g.output('y', output);
  for (const [i, gradient] of gradients.entries()) g.output(`d${i}`, gradient);
  const session = await createSession(lower(g, 'cpu'), { threads: 1 });
  const feeds = Object.fromEntries(
    names.map((name) => [name, Float32Array.from(stored.inputs[name].values)]),
  );
  const results = await session.run(feeds);
  await session.release();
  const slopes = names.map((name, i) => scaledDifference(results[`d${i}`], stored.gradients[name]));
  return { forward: scaledDifference(results.y, stored.output.values), gradient: Math.max(...slopes) };
}
