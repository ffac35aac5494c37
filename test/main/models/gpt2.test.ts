// GPT-2 against PyTorch's numbers, under both names of its tensors.
import { expect, test } from 'vitest';
import { readHeader } from '../../../main/models/safetensors.ts';
import { openReference, referenceFolder, wrongIn } from '../../helpers/reference-model.ts';

test.each(['gpt2', 'relatives/gpt2_untied', 'relatives/gpt2_unprefixed'])(
  '%s: logits, losses and gradients are those of transformers',
  async (name) => {
    expect(await wrongIn(name)).toEqual([]);
  },
);

test('tensors without the prefix are found under the names of transformers', () => {
  const stored = readHeader(`${referenceFolder('relatives/gpt2_unprefixed')}/model.safetensors`);
  expect([...stored.keys()]).toContain('h.0.attn.c_attn.weight');
  const model = openReference('relatives/gpt2_unprefixed');
  expect(model.tensors.get('transformer.h.0.attn.c_attn.weight')?.name).toBe(
    'transformer.h.0.attn.c_attn.weight',
  );
});
