// Training settings that tests of the Train and Run screens start from.
import { TrainSettings } from '../../../../main/contract/runs.ts';

export const balanced = TrainSettings.parse({
  version: 1,
  method: 'lora',
  lora: { rank: 16, alpha: 32, dropout: 0, targets: 'all-linear', rslora: false },
  optimizer: { kind: 'adamw', beta1: 0.9, beta2: 0.999, eps: 1e-8 },
  learningRate: 2e-4,
  weightDecay: 0.01,
  maxGradNorm: 1,
  schedule: 'cosine',
  warmupSteps: 28,
  epochs: 3,
  batchSize: 16,
  microBatchTokens: 0,
  maxLength: 512,
  packing: true,
  recompute: 'off',
  evalEvery: 50,
  patience: 3,
  checkpointEvery: 50,
  samplePrompts: [],
  threads: 0,
  provider: 'cpu',
  seed: 42,
});
