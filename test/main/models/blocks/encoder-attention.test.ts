// Attention to both sides: against finite differences, and what its masks let through.
import { describe, expect, test } from 'vitest';
import type { Graph, Value } from '../../../../main/compiler/graph.ts';
import {
  causalMask,
  encoderAttention,
  segmentMask,
  tokenMask,
} from '../../../../main/models/blocks/encoder-attention.ts';
import { differencesOf, engine, type Input, numbersOf, plainNumbers } from '../../../helpers/gradients.ts';

const [batch, queries, keys, heads, headDim] = [2, 4, 5, 2, 3];
const width = heads * headDim;
const inputs: Input[] = [
  { shape: [batch, queries, width] },
  { shape: [batch, keys, width] },
  { shape: [batch, keys, width] },
  { shape: [1, heads, queries, keys] },
];
const cross = (g: Graph, [q, k, v, bias]: Value[], recompute = false) => {
  const tokens = g.constant(Int32Array.of(1, 1, 1, 1, 0, 1, 1, 0, 0, 0), [batch, keys]);
  return [
    encoderAttention(g, q, k, v, { heads, headDim, scale: 0.7, mask: tokenMask(g, tokens), bias }, recompute),
  ];
};

describe('encoder attention', () => {
  test('gradients of queries, keys, values and biases are finite differences', async () => {
    const worst = await differencesOf((g, values) => cross(g, values), inputs, { samples: 16 });
    expect(worst.forward).toBeLessThan(2e-6);
    expect(worst.gradient).toBeLessThan(5e-6);
  });

  test('recomputed probabilities give the same bits', async () => {
    const numbers = numbersOf(inputs, 1);
    const kept = await engine((g, values) => cross(g, values), inputs, numbers);
    const again = await engine((g, values) => cross(g, values, true), inputs, numbers);
    expect(again).toEqual(kept);
  });

  test('padding changes nothing', async () => {
    const numbers = numbersOf(inputs, 1);
    const before = await engine((g, values) => cross(g, values), inputs, numbers);
    for (const list of [numbers[1], numbers[2]]) {
      for (let i = (2 * keys - 3) * width; i < 2 * keys * width; i++) list[i] += 5; // three padded places
    }
    const after = await engine((g, values) => cross(g, values), inputs, numbers);
    expect(plainNumbers(after.outputs[0])).toEqual(plainNumbers(before.outputs[0]));
  });

  test('masks keep segments apart, and a place from what follows it', async () => {
    const masks = await engine(
      (g) => [segmentMask(g, g.constant(Int32Array.of(7, 7, 0), [1, 3])), causalMask(g, 3)],
      [],
      [],
    );
    const seen = masks.outputs.map((mask) =>
      [...plainNumbers(mask)].map((value) => (value === 0 ? 1 : 0)).join(''),
    );
    expect(seen).toEqual(['110110001', '100110111']);
  });
});
