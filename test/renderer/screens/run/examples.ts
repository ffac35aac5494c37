// A run and its metrics as the backend sends them, for tests of the Run screen.
import type { MetricPoint, Run } from '../../../../main/contract/runs.ts';
import { balanced } from '../train/settings.ts';

export function runWith(changes: Partial<Run> = {}): Run {
  return {
    id: 'r7',
    projectId: 'p1',
    number: 7,
    name: 'balanced, rank 16',
    recipe: {
      projectId: 'p1',
      name: 'balanced, rank 16',
      versionId: 'v4',
      modelId: 'm1',
      settings: balanced,
      thenEvaluate: true,
    },
    state: 'running',
    jobId: 'j1',
    plan: null,
    step: 548,
    steps: 942,
    trainLoss: 1.296,
    validationLoss: 1.412,
    validationScore: null,
    bestStep: 500,
    checkpointStep: 500,
    seconds: 3360,
    peakBytes: 4.46e9,
    tokensPerSecond: 651,
    lineage: { app: '0.1.0', device: 'cpu' },
    error: null,
    messages: [],
    quantizedBase: null,
    createdAt: 1_780_000_000_000,
    startedAt: 1_780_000_000_000,
    endedAt: null,
    deletedAt: null,
    ...changes,
  };
}

export function metricAt(step: number, changes: Partial<MetricPoint> = {}): MetricPoint {
  return {
    step,
    epoch: step / 314,
    loss: 1.2 + Math.exp(-step / 120),
    learningRate: 1e-4,
    gradNorm: 0.8,
    tokensPerSecond: 650,
    residentBytes: 4.4e9,
    secondsLeft: 2400,
    time: 1_780_000_000_000 + step * 6100,
    ...changes,
  };
}
