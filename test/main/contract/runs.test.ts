// Recipes that were stored before a setting came, and what the defaults of new ones are.
import { expect, test } from 'vitest';
import { optimizers } from '../../../main/compiler/optimizers/index.ts';
import { OptimizerSettings, Plan, TrainSettings } from '../../../main/contract/runs.ts';

const lora = { rank: 16, alpha: 32, dropout: 0, targets: 'all-linear', rslora: false };
/** A recipe as the first version wrote it. */
const stored = {
  version: 1,
  method: 'lora',
  lora,
  optimizer: { kind: 'adamw', beta1: 0.9, beta2: 0.999, eps: 1e-8 },
  learningRate: 2e-4,
  weightDecay: 0.01,
  maxGradNorm: 1,
  schedule: 'cosine',
  warmupSteps: 20,
  epochs: 3,
  batchSize: 16,
  microBatchTokens: 0,
  maxLength: 0,
  packing: true,
  recompute: 'off',
  evalEvery: 0,
  patience: 0,
  checkpointEvery: 0,
  samplePrompts: [],
  threads: 0,
  provider: 'cpu',
  seed: 42,
};

test('a stored recipe is read as it was meant: what came later does nothing', () => {
  expect(TrainSettings.parse(stored)).toEqual({
    ...stored,
    startFrom: null,
    quantization: 'none',
    lastLayers: 0,
    freeze: [],
    decayEverything: false,
    clipNorm: 'euclidean',
    labelSmoothing: 0,
    neftuneAlpha: 0,
    cut: 'end',
    precision: 'fp32',
    validationMetric: 'loss',
    minimumGain: 0,
    task: 'automatic',
    scheduleDetails: {
      cycles: null,
      power: null,
      minimum: null,
      warmupStart: null,
      timescale: null,
      decaySteps: null,
      warmupShape: 'linear',
      decayShape: 'cosine',
    },
    lora: {
      ...lora,
      dora: false,
      plusRatio: 1,
      exclude: [],
      layers: [],
      rankPattern: {},
      alphaPattern: {},
      bias: 'none',
      modulesToSave: [],
    },
  });
});

test('stored optimizers of the first version keep their values', () => {
  const sgd = { kind: 'sgd', momentum: 0.5, nesterov: true };
  expect(OptimizerSettings.parse(sgd)).toEqual({ ...sgd, dampening: 0 });
  const muon = { kind: 'muon', momentum: 0.9, beta1: 0.8, beta2: 0.99, eps: 1e-6 };
  expect(OptimizerSettings.parse(muon)).toEqual({ ...muon, restShare: 1 });
});

test('every optimizer of the engine can be chosen by its name alone', () => {
  const chosen = OptimizerSettings.options.map((option) => option.shape.kind.value);
  expect([...chosen].sort()).toEqual(Object.keys(optimizers).sort());
  for (const kind of chosen) expect(OptimizerSettings.parse({ kind })).toMatchObject({ kind });
});

test('a plan from before has no rates to draw', () => {
  expect(Plan.shape.learningRates.parse(undefined)).toEqual([]);
});
