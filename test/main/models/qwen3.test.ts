// Qwen3 against PyTorch's numbers.
import { expect, test } from 'vitest';
import { openReference, wrongIn } from '../../helpers/reference-model.ts';

test.each(['qwen3', 'relatives/qwen3_window'])(
  '%s: logits, losses and gradients are those of transformers',
  async (name) => {
    expect(await wrongIn(name)).toEqual([]);
  },
);

test('each head has norms of its own width', () => {
  const { specs, shape } = openReference('qwen3');
  const norm = specs.find(({ name }) => name === 'model.layers.0.self_attn.q_norm.weight');
  expect(norm?.shape).toEqual([shape.headDim]);
  expect(shape.headDim).toBe(24);
});
