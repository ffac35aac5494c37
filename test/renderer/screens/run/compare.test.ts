import { expect, test } from 'vitest';
import { whatDiffers } from '../../../../renderer/screens/run/compare.ts';
import { balanced } from '../train/settings.ts';
import { runWith } from './examples.ts';

const rank8 = runWith({
  id: 'r6',
  number: 6,
  name: 'another name',
  validationLoss: 1.402,
  recipe: { ...runWith().recipe, settings: { ...balanced, lora: { ...balanced.lora, rank: 8 } } },
  lineage: { app: '0.1.0', device: 'cpu', note: 'x' },
});

test('only what differs is listed, and a name is not a difference', () => {
  expect(whatDiffers([runWith(), rank8])).toEqual([
    { path: 'settings.lora.rank', values: ['16', '8'] },
    { path: 'lineage.note', values: ['–', 'x'] },
  ]);
  expect(whatDiffers([runWith(), runWith({ name: 'b' })])).toEqual([]);
});

test('lists of layers and other optimizers are compared as a whole', () => {
  const sgd = runWith({
    recipe: {
      ...runWith().recipe,
      settings: {
        ...balanced,
        optimizer: { kind: 'sgd', momentum: 0.9, dampening: 0, nesterov: false },
        lora: { ...balanced.lora, targets: ['q_proj', 'v_proj'] },
      },
    },
  });
  const rows = Object.fromEntries(whatDiffers([runWith(), sgd]).map((row) => [row.path, row.values]));
  expect(rows['settings.lora.targets']).toEqual(['all linear layers', 'q_proj, v_proj']);
  expect(rows['settings.optimizer.kind']).toEqual(['AdamW', 'SGD']);
  expect(rows['settings.optimizer.beta1']).toEqual(['0.9', '–']);
});

test('values read as on the Train screen: what is not set, and what a run does not read, never shows as null', () => {
  const startFrom = { runId: 'r3', checkpoint: 'best' as const };
  const other = runWith({
    recipe: {
      ...runWith().recipe,
      settings: {
        ...balanced,
        method: 'full',
        startFrom,
        schedule: 'polynomial',
        microBatchTokens: 4096,
        lastLayers: 2,
      },
    },
    lineage: { datasetHash: 'ab'.repeat(32) },
  });
  const rows = Object.fromEntries(whatDiffers([runWith(), other]).map((row) => [row.path, row.values]));
  expect(rows['settings.startFrom']).toEqual(['base model', 'another run']);
  expect(rows['settings.scheduleDetails.power']).toEqual(['–', 'line']);
  expect(rows['settings.microBatchTokens']).toEqual(['automatic', '4096']);
  expect(rows['settings.lastLayers']).toEqual(['–', '2']);
  expect(rows['settings.lora.rank']).toEqual(['16', '–']);
  expect(rows['lineage.datasetHash']).toEqual(['–', 'abababababab']);
  expect(Object.values(rows).flat().join()).not.toMatch(/null|undefined|NaN/);
});
