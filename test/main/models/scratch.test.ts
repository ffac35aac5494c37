// A model from nothing: a folder like any other, drawn from its seed.
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openModel } from '../../../main/models/load.ts';
import { readBytes, readTensor, writeSafetensors } from '../../../main/models/safetensors.ts';
import { writeScratchModel } from '../../../main/models/scratch.ts';
import { llamaFolder, temporaryFolder } from '../../helpers/tiny-model.ts';

const config = {
  model_type: 'llama',
  vocab_size: 96,
  hidden_size: 64,
  intermediate_size: 80,
  num_hidden_layers: 1,
  num_attention_heads: 4,
  attention_bias: true,
  initializer_range: 0.05,
};

function made(seed: number, dtype: 'float32' | 'bfloat16' = 'float32') {
  const folder = temporaryFolder();
  writeScratchModel(folder, config, { seed, dtype });
  return openModel(folder);
}

const numbersOf = (model: ReturnType<typeof made>, name: string) => readTensor(model.tensors.get(name)!);

test('weights are normal with the deviation of the settings, gains are 1 and biases 0', () => {
  const model = made(1);
  const weights = numbersOf(model, 'model.embed_tokens.weight');
  const mean = weights.reduce((sum, x) => sum + x, 0) / weights.length;
  const deviation = Math.sqrt(weights.reduce((sum, x) => sum + (x - mean) ** 2, 0) / weights.length);
  expect(Math.abs(mean)).toBeLessThan(0.003);
  expect(deviation).toBeCloseTo(0.05, 2);
  expect(numbersOf(model, 'model.norm.weight').every((gain) => gain === 1)).toBe(true);
  expect(numbersOf(model, 'model.layers.0.self_attn.q_proj.bias').every((bias) => bias === 0)).toBe(true);
});

test('the same seed gives the same weights, another seed others', () => {
  const [a, b, c] = [made(1), made(1), made(2)].map((model) => numbersOf(model, 'lm_head.weight'));
  expect(b).toEqual(a);
  expect(c).not.toEqual(a);
});

test('weights can be kept in sixteen bits', () => {
  expect(made(1, 'bfloat16').dtype).toBe('bfloat16');
});

test('settings that do not fit are refused by name', () => {
  expect(() =>
    writeScratchModel(temporaryFolder(), { ...config, num_hidden_layers: 0 }, { seed: 1 }),
  ).toThrow(
    expect.objectContaining({
      code: 'config-damaged',
      message: expect.stringContaining('num_hidden_layers'),
    }),
  );
});

test('a new model says that it was never trained, until its weights are written anew', () => {
  const model = made(1);
  expect(model.untrained).toBe(true);
  expect(openModel(llamaFolder).untrained).toBe(false);
  const tensors = [...model.tensors.values()].map((info) => {
    const { name, dtype, shape } = info;
    return { name, dtype, shape, bytes: () => readBytes(info) };
  });
  writeSafetensors(join(model.folder, 'model.safetensors.new'), tensors);
  renameSync(join(model.folder, 'model.safetensors.new'), join(model.folder, 'model.safetensors'));
  expect(openModel(model.folder).untrained).toBe(false);
});
