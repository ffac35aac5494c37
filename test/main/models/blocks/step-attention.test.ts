// Attention to keys in several parts against that of whole texts.
import { expect, test } from 'vitest';
import type { Graph, Value } from '../../../../main/compiler/graph.ts';
import { hidden } from '../../../../main/models/blocks/attention.ts';
import { encoderAttention } from '../../../../main/models/blocks/encoder-attention.ts';
import { stepAttention } from '../../../../main/models/blocks/step-attention.ts';
import { largest } from '../../../conformance/reference.ts';
import { engine, type Input, numbersOf } from '../../../helpers/gradients.ts';

const [batch, queries, keys, heads, headDim] = [2, 2, 5, 2, 3];
const width = heads * headDim;
const inputs: Input[] = [
  { shape: [batch, queries, width], trained: false },
  { shape: [batch, keys, width], trained: false },
  { shape: [batch, keys, width], trained: false },
  { shape: [1, heads, 1, keys], trained: false },
];

const byHead = (g: Graph, x: Value) =>
  g.transpose(g.reshape(x, [batch, x.shape[1], heads, headDim]), [0, 2, 1, 3]);

const mask = (g: Graph) => g.constant(Float32Array.of(0, 0, hidden, 0, hidden), [1, 1, 1, keys]);

const inParts =
  (counts: readonly number[]) =>
  (g: Graph, [q, k, v, bias]: Value[]) => {
    const values = g.split(byHead(g, v), 2, counts);
    const parts = g.split(byHead(g, k), 2, counts).map((part, i) => ({ keys: part, values: values[i] }));
    const attended = stepAttention(g, byHead(g, q), parts, { scale: 0.7, bias: g.add(bias, mask(g)) });
    return [g.reshape(g.transpose(attended, [0, 2, 1, 3]), [batch, queries, width])];
  };

const whole = (g: Graph, [q, k, v, bias]: Value[]) => [
  encoderAttention(g, q, k, v, { heads, headDim, scale: 0.7, mask: mask(g), bias }, false),
];

test.each([[[5]], [[4, 1]], [[1, 3, 1]]])('keys in parts of %j are one set of keys', async (counts) => {
  const numbers = numbersOf(inputs, 3);
  const [expected] = (await engine(whole, inputs, numbers)).outputs;
  const [found] = (await engine(inParts(counts), inputs, numbers)).outputs;
  expect(largest(found as Float32Array, expected as Float32Array)).toBeLessThan(2e-6);
});
