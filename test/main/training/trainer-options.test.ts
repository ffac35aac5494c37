// Options of the trainer that choose what is trained, and how fast: frozen tensors, last layers, LoRA+.
import { expect, onTestFinished, test } from 'vitest';
import { LoraConfig } from '../../../main/models/lora.ts';
import { trainedTensors } from '../../../main/training/trained.ts';
import { createTrainer, type TrainerOptions } from '../../../main/training/trainer.ts';
import { readStored, type StoredModel, toBatch } from '../../conformance/reference.ts';
import { openReference, referenceFolder } from '../../helpers/reference-model.ts';

const sgd = { optimizer: { kind: 'sgd', momentum: 0 }, weightDecay: 0, maxGradNorm: 0, threads: 1 } as const;

async function trainerOn(name: string, options: Partial<TrainerOptions>) {
  const trainer = await createTrainer({ model: openReference(name), ...sgd, ...options });
  onTestFinished(() => trainer.release());
  const stored = readStored<StoredModel>(referenceFolder(name));
  return { trainer, batch: toBatch(stored.batches[0]) };
}

const namesOf = async (name: string, options: Partial<TrainerOptions>) =>
  (await trainerOn(name, options)).trainer.parameters.entries().map((entry) => entry.name);

test('the last layers are trained with the norm and the output layer behind them', async () => {
  const names = await namesOf('mistral', { lastLayers: 1 });
  expect(names.filter((name) => name.startsWith('model.layers.1.'))).toHaveLength(9);
  expect(names.filter((name) => !name.startsWith('model.layers.1.')).sort()).toEqual([
    'lm_head.weight',
    'model.norm.weight',
  ]);
});

test('no layer at all leaves the last norm; a tied embedding stays as it is', async () => {
  expect(await namesOf('llama', { lastLayers: 0 })).toEqual(['model.norm.weight']);
  expect(await namesOf('gpt2', { lastLayers: 2 })).not.toContain('transformer.wte.weight');
});

test('the last layers of an encoder-decoder are those of its decoder', () => {
  const { specs } = trainedTensors({ model: openReference('t5_v1_1'), lastLayers: 1 });
  const names = specs.map(({ name }) => name);
  const others = names.filter((name) => !name.startsWith('decoder.block.1.'));
  expect(others).toEqual(['decoder.final_layer_norm.weight', 'lm_head.weight']);
  expect(names).toContain('decoder.block.1.layer.1.EncDecAttention.q.weight');
});

test('frozen tensors are left out of the last layers too', async () => {
  const names = await namesOf('llama', { lastLayers: 1, frozen: (name) => name.includes('.mlp.') });
  expect(names.some((name) => name.includes('.mlp.'))).toBe(false);
  expect(names.some((name) => name.includes('.self_attn.'))).toBe(true);
});

test('only what is trained changes, and the loss falls', async () => {
  const { trainer, batch } = await trainerOn('mistral', { lastLayers: 1 });
  const before = trainer.parameters.view('model.layers.1.mlp.down_proj.weight').slice();
  const first = await trainer.accumulate(batch);
  await trainer.update(0.1);
  const second = await trainer.accumulate(batch);
  expect(trainer.parameters.view('model.layers.1.mlp.down_proj.weight')).not.toEqual(before);
  expect(second.lossSum).toBeLessThan(first.lossSum);
});

test('LoRA+ moves B and, as PEFT, magnitudes by its multiple of the rate, and A by the rate', async () => {
  const lora = LoraConfig.parse({ r: 4, lora_alpha: 8, target_modules: ['q_proj'], use_dora: true });
  const step = async (loraPlusRatio: number) => {
    const { trainer, batch } = await trainerOn('llama', { lora, loraPlusRatio, seed: 5 });
    const name = (part: string) => `base_model.model.model.layers.0.self_attn.q_proj.lora_${part}`;
    trainer.parameters.view(name('B.weight')).fill(0.01); // so that A has a gradient
    const moved = (part: string) => {
      const start = trainer.parameters.view(name(part)).slice();
      return () => Math.hypot(...trainer.parameters.view(name(part)).map((value, i) => value - start[i]));
    };
    const [a, b, m] = [moved('A.weight'), moved('B.weight'), moved('magnitude_vector')];
    await trainer.accumulate(batch);
    await trainer.update(0.1);
    return { a: a(), b: b(), m: m() };
  };
  const [plain, plus] = [await step(1), await step(16)];
  expect(plus.a / plain.a).toBeCloseTo(1, 5);
  expect(plus.b / plain.b).toBeCloseTo(16, 3);
  expect(plus.m / plain.m).toBeCloseTo(16, 3);
});

test('a fresh DoRA adapter with saved modules and biases gives the losses of the base', async () => {
  const lora = LoraConfig.parse({
    r: 4,
    lora_alpha: 8,
    target_modules: ['c_attn', 'c_fc', 'wte', 'lm_head'],
    use_dora: true,
    bias: 'all',
    modules_to_save: ['ln_f'],
  });
  const { trainer, batch } = await trainerOn('gpt2', { lora });
  const { trainer: base } = await trainerOn('gpt2', { frozen: () => true });
  const [tuned, expected] = [await trainer.losses(batch), await base.losses(batch)];
  for (const [i, loss] of tuned.entries()) expect(loss).toBeCloseTo(expected[i], 4);
});

test('dropout with DoRA changes the training loss, not the measured one', async () => {
  const lora = LoraConfig.parse({
    r: 4,
    lora_alpha: 8,
    lora_dropout: 0.5,
    target_modules: 'all-linear',
    use_dora: true,
  });
  const { trainer, batch } = await trainerOn('llama', { lora });
  const [page] = trainer.parameters.arrays;
  page.set(page.map((value, i) => value + 0.05 * Math.sin(i)));
  const measured = await trainer.losses(batch);
  const mean = measured.reduce((sum, loss) => sum + loss, 0);
  const { lossSum } = await trainer.accumulate(batch);
  expect(Math.abs(lossSum - mean)).toBeGreaterThan(1e-3);
  expect(await trainer.losses(batch)).toEqual(measured);
});

test('the graph of each shape of batches is made once, and told before and after', async () => {
  const told: boolean[] = [];
  const { trainer, batch } = await trainerOn('llama', { onCompile: (compiling) => told.push(compiling) });
  await trainer.accumulate(batch);
  await trainer.accumulate(batch);
  expect(told).toEqual([true, false]);
  await trainer.losses(batch);
  expect(told).toEqual([true, false, true, false]);
  expect(trainer.compileSeconds).toBeGreaterThan(0);
});
