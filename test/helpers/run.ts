// A run and its settings for tests that store or start one.
import { type Run, TrainSettings } from '../../main/contract/runs.ts';
import { newId } from '../../main/store/rows.ts';

export const testSettings = TrainSettings.parse({
  version: 1,
  method: 'lora',
  lora: { rank: 4, alpha: 8, dropout: 0, targets: 'all-linear', rslora: false },
  optimizer: { kind: 'adamw', beta1: 0.9, beta2: 0.999, eps: 1e-8 },
  learningRate: 1e-3,
  weightDecay: 0,
  maxGradNorm: 1,
  schedule: 'linear',
  warmupSteps: 0,
  epochs: 1,
  batchSize: 4,
  microBatchTokens: 0,
  maxLength: 0,
  packing: false,
  recompute: 'off',
  evalEvery: 0,
  patience: 0,
  checkpointEvery: 0,
  samplePrompts: [],
  threads: 1,
  provider: 'cpu',
  seed: 1,
});

export function newTestRun(projectId: string, change: Partial<Run> = {}): Omit<Run, 'number'> {
  return {
    id: newId(),
    projectId,
    name: 'Test',
    recipe: {
      projectId,
      name: 'Test',
      versionId: 'v',
      modelId: 'm',
      settings: testSettings,
      thenEvaluate: false,
    },
    state: 'queued',
    jobId: null,
    plan: null,
    step: 0,
    steps: 0,
    trainLoss: null,
    validationLoss: null,
    bestStep: null,
    checkpointStep: null,
    seconds: 0,
    peakBytes: 0,
    tokensPerSecond: null,
    lineage: {},
    error: null,
    messages: [],
    createdAt: Date.now(),
    startedAt: null,
    endedAt: null,
    deletedAt: null,
    ...change,
  };
}
