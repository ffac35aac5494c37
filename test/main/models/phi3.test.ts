// Phi-3 against PyTorch's numbers, with its fused projections and LongRoPE.
import { expect, test } from 'vitest';
import { LoraConfig, loraSites } from '../../../main/models/lora.ts';
import { openReference, wrongIn } from '../../helpers/reference-model.ts';

test.each(['phi3', 'relatives/phi3_short', 'relatives/phi3_long'])(
  '%s: logits, losses and gradients are those of transformers',
  async (name) => {
    expect(await wrongIn(name)).toEqual([]);
  },
);

test('adapters go on the fused projections', () => {
  const { specs, architecture } = openReference('phi3');
  const config = LoraConfig.parse({ r: 2, lora_alpha: 4, target_modules: 'all-linear' });
  const names = loraSites(config, specs, architecture.outputModules).map(({ module }) =>
    module.split('.').at(-1),
  );
  expect(new Set(names)).toEqual(new Set(['qkv_proj', 'o_proj', 'gate_up_proj', 'down_proj']));
});
