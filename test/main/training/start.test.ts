// Starting from the adapter of another run.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { writeAdapter } from '../../../main/models/adapter-files.ts';
import { LoraConfig } from '../../../main/models/lora.ts';
import { startAdapter } from '../../../main/training/start.ts';
import { adapterTensors, createTrainer, type Trainer } from '../../../main/training/trainer.ts';
import { readStored, type StoredModel, toBatch } from '../../conformance/reference.ts';
import { openReference, referenceFolder } from '../../helpers/reference-model.ts';

const model = openReference('llama');
const batch = toBatch(readStored<StoredModel>(referenceFolder('llama')).batches[0]);
const config = (change: object = {}) =>
  LoraConfig.parse({ r: 4, lora_alpha: 8, target_modules: ['q_proj', 'down_proj'], ...change });

async function trainerOf(lora: LoraConfig, initial?: Map<string, Float32Array>): Promise<Trainer> {
  const trainer = await createTrainer({
    model,
    lora,
    optimizer: { kind: 'adamw', beta1: 0.9, beta2: 0.999, eps: 1e-8 },
    weightDecay: 0,
    maxGradNorm: 1,
    threads: 1,
    seed: 3,
    initial,
  });
  onTestFinished(() => trainer.release());
  return trainer;
}

async function trained(lora: LoraConfig): Promise<{ folder: string; losses: Float32Array }> {
  const folder = mkdtempSync(join(tmpdir(), 'tunesmith start '));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const trainer = await trainerOf(lora);
  for (let i = 0; i < 3; i++) {
    await trainer.accumulate(batch);
    await trainer.update(0.01);
  }
  writeAdapter(folder, lora, adapterTensors(trainer));
  return { folder, losses: await trainer.losses(batch) };
}

test('the first losses are the last ones of the other run', async () => {
  const { folder, losses } = await trained(config());
  const trainer = await trainerOf(config(), startAdapter(model, config(), folder));
  expect(await trainer.losses(batch)).toEqual(losses);
});

test('another alpha, or rsLoRA, does not change what the adapter computes at the start', async () => {
  const { folder, losses } = await trained(config());
  for (const lora of [config({ lora_alpha: 32 }), config({ use_rslora: true })]) {
    const trainer = await trainerOf(lora, startAdapter(model, lora, folder));
    const first = await trainer.losses(batch);
    for (const [i, loss] of first.entries()) expect(loss).toBeCloseTo(losses[i], 5);
  }
});

test('another rank or another set of layers is refused with the first tensor that does not fit', async () => {
  const { folder } = await trained(config());
  expect(() => startAdapter(model, config({ r: 8 }), folder)).toThrow(
    /0 of 8 tensors|tensors of the adapter fit/,
  );
  expect(() => startAdapter(model, config({ target_modules: ['q_proj'] }), folder)).toThrow(/does not/);
});
