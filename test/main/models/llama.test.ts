// Llama against PyTorch's numbers.
import { expect, test } from 'vitest';
import { wrongIn } from '../../helpers/reference-model.ts';

test.each([
  'llama',
  'llama3_bf16',
  'relatives/llama_yarn',
  'relatives/llama_dynamic',
  'relatives/llama_linear',
])('%s: logits, losses and gradients are those of transformers', async (name) => {
  expect(await wrongIn(name)).toEqual([]);
});
