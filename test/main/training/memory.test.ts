import { expect, onTestFinished, test } from 'vitest';
import { Graph } from '../../../main/compiler/graph.ts';
import { schedule } from '../../../main/compiler/rewrite.ts';
import type { TrainSettings } from '../../../main/contract/runs.ts';
import { openModel } from '../../../main/models/load.ts';
import { predictPeak, predictStep, trainedOf } from '../../../main/training/memory.ts';
import { baseSettings } from '../../../main/training/presets.ts';
import { trainerOptionsOf } from '../../../main/training/recipe.ts';
import { createTrainer } from '../../../main/training/trainer.ts';
import { llamaFolder } from '../../helpers/tiny-model.ts';

const outputsOf = (graph: Graph) => new Set(graph.outputs.map(({ value }) => value));

test('a chain of steps holds at most the value that is read and the one that is made', () => {
  const g = new Graph();
  let x = g.matmul(g.input('x', [10, 10]), g.input('w', [10, 10])); // 400 bytes
  for (let i = 0; i < 5; i++) x = g.matmul(x, g.input(`w${i}`, [10, 10]));
  g.output('y', x);
  expect(predictPeak(schedule(g), outputsOf(g))).toBe(800);
});

test('what is needed later stays alive, a reshape takes nothing, elementwise steps reuse inputs', () => {
  const g = new Graph();
  const kept = g.matmul(g.input('x', [10, 10]), g.input('w', [10, 10]));
  const flat = g.reshape(kept, [100]); // the same memory
  const a = g.exp(flat); // 400 more: `kept` is read again below
  const b = g.tanh(a); // in the memory of a
  g.output('y', g.add(b, flat));
  expect(predictPeak(schedule(g), outputsOf(g))).toBe(800);
});

const model = openModel(llamaFolder);
const base = baseSettings({ model, records: 100, validation: true, fits: true });
const peakOf = (changes: Partial<TrainSettings>, width = 128) => {
  const settings = { ...base, ...changes };
  const shape = { rows: 2, width, labels: 2 * width, segments: false };
  return predictStep(model, settings, trainedOf(model, settings), shape);
};
const valuesOf = ({ parts }: ReturnType<typeof peakOf>) =>
  parts.find(({ name }) => name === 'Values of one pass')?.bytes ?? 0;

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
  expect(peakOf({ method: 'full' }).peakBytes).toBeGreaterThan(peakOf({}).peakBytes);
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
