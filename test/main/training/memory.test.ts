// The parts of a prediction follow the settings; their sum is held to what a process takes by `npm run bench -- memory`.
import { expect, onTestFinished, test } from 'vitest';
import { OptimizerSettings, type TrainSettings } from '../../../main/contract/runs.ts';
import { openModel } from '../../../main/models/load.ts';
import { predictStep, trainedOf } from '../../../main/training/memory.ts';
import { baseSettings } from '../../../main/training/presets.ts';
import { trainerOptionsOf } from '../../../main/training/recipe.ts';
import { createTrainer } from '../../../main/training/trainer.ts';
import { llamaFolder } from '../../helpers/tiny-model.ts';

const model = openModel(llamaFolder);
const base = baseSettings({ model, records: 100, validation: true, fits: true });
const peakOf = (changes: Partial<TrainSettings>, width = 128) => {
  const settings = { ...base, ...changes };
  const shape = { rows: 2, width, labels: 2 * width, segments: false };
  return predictStep(model, settings, trainedOf(model, settings), shape);
};
const valuesOf = ({ parts }: ReturnType<typeof peakOf>) =>
  parts.find(({ name }) => name === 'Activations')?.bytes ?? 0;

test('recomputation saves memory and costs work; longer rows take more', () => {
  const [off, selective] = [peakOf({ recompute: 'off' }), peakOf({ recompute: 'selective' })];
  expect(valuesOf(selective)).toBeLessThan(0.9 * valuesOf(off));
  expect(selective.flops).toBeGreaterThan(off.flops);
  expect(valuesOf(peakOf({}, 256))).toBeGreaterThan(1.8 * valuesOf(off));
});

test('full fine-tuning counts every weight with its optimizer, an adapter only its own', () => {
  const [lora, full] = [trainedOf(model, base), trainedOf(model, { ...base, method: 'full' })];
  expect(full.count).toBe(model.parameters);
  const site = (inFeatures: number, outFeatures: number) => 16 * (inFeatures + outFeatures);
  const layer = site(64, 64) * 2 + site(64, 32) * 2 + site(64, 112) * 2 + site(112, 64);
  expect(lora.count).toBe(2 * layer);
  const trainedBytes = ({ parts }: ReturnType<typeof peakOf>) => parts[1].bytes;
  expect(trainedBytes(peakOf({ method: 'full' }))).toBe(4 * 4 * full.count); // weights, gradients, two moments
  expect(trainedBytes(peakOf({}))).toBe(4 * 4 * lora.count);
  const optimizer = OptimizerSettings.parse({ kind: 'adamw8bit' });
  const small = trainedBytes(peakOf({ method: 'full', optimizer })) / full.count;
  expect(small).toBeGreaterThan(4 * 2 + 2); // two moments of a byte, and a scale of 4 bytes for 256 of each
  expect(small).toBeLessThan(4 * 2 + 2.1);
});

test.each<[string, Partial<TrainSettings>]>([
  ['the last layer', { method: 'full', lastLayers: 1 }],
  ['all but the embedding', { method: 'full', freeze: ['embed_tokens'] }],
  [
    'DoRA with saved norms',
    { lora: { ...base.lora, dora: true, modulesToSave: ['norm'], rankPattern: { q_proj: 2 } } },
  ],
  [
    'LoRA+ with decay everywhere',
    { lora: { ...base.lora, plusRatio: 16, layers: [1] }, decayEverything: true },
  ],
])('what is planned is what the trainer trains: %s', async (_, changes) => {
  const settings = { ...base, ...changes };
  const trainer = await createTrainer({ ...trainerOptionsOf(settings, model), threads: 1 });
  onTestFinished(() => trainer.release());
  const planned = trainedOf(model, settings);
  expect(planned.pages).toEqual(trainer.pages);
  expect(planned.count).toBe(trainer.trainable);
  expect(planned.count).toBeLessThan(model.parameters);
});

test('the work is that of the products: some operations per weight and token', () => {
  const perToken = (changes: Partial<TrainSettings>) => peakOf(changes).flops / 256 / model.parameters;
  expect(perToken({})).toBeGreaterThan(3.5);
  expect(perToken({ method: 'full' })).toBeGreaterThan(perToken({}));
  expect(perToken({ method: 'full' })).toBeLessThan(10);
});
