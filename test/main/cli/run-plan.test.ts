import { expect, test } from 'vitest';
import { describePlan } from '../../../main/cli/run-plan.ts';
import { Plan, TrainSettings } from '../../../main/contract/runs.ts';

const settings = TrainSettings.parse({
  version: 1,
  method: 'lora',
  lora: { rank: 8, alpha: 16, dropout: 0, targets: 'all-linear', rslora: false },
  optimizer: { kind: 'adamw' },
  learningRate: 1e-4,
  weightDecay: 0,
  maxGradNorm: 1,
  schedule: 'linear',
  warmupSteps: 0,
  epochs: 1,
  batchSize: 4,
  microBatchTokens: 2048,
  maxLength: 0,
  packing: true,
  recompute: 'selective',
  evalEvery: 0,
  patience: 0,
  checkpointEvery: 0,
  samplePrompts: [],
  threads: 0,
  provider: 'cpu',
  seed: 1,
});

const plan = Plan.parse({
  steps: 120,
  stepsPerEpoch: 120,
  tokens: 1,
  trainedTokens: 1,
  trainableParameters: 1,
  totalParameters: 1,
  seconds: 600,
  peakBytes: 6_000_000_000,
  memory: [
    { name: 'weights', bytes: 4_400_000_000 },
    { name: 'activations', bytes: 1_600_000_000 },
  ],
  availableBytes: 5_000_000_000,
  verdict: 'too-large',
  diskBytes: 40_000_000,
  checks: [{ state: 'failed', sentence: 'The run needs 6.0 GB, and 5.0 GB are free.' }],
  policies: [
    { recompute: 'off', peakBytes: 7_000_000_000, seconds: 480, verdict: 'too-large' },
    { recompute: 'selective', peakBytes: 6_000_000_000, seconds: 600, verdict: 'too-large' },
    { recompute: 'layer', peakBytes: 5_500_000_000, seconds: 8000, verdict: 'tight' },
  ],
  nearest: {
    recompute: 'layer',
    microBatchTokens: 512,
    maxLength: 0,
    cuts: false,
    peakBytes: 4_900_000_000,
  },
});

test('memory is told in parts against what may be used, and each policy against the chosen one', () => {
  const lines = describePlan(plan, settings).split('\n');
  expect(lines[0]).toBe('120 steps, about 10 min, 40.0 MB on the disk');
  expect(lines.find((line) => line.startsWith('weights'))).toContain('4.40 GB');
  expect(lines).toContain('at its peak (predicted)  6.00 GB');
  expect(lines.find((line) => line.startsWith('may be used here'))).toContain('5.00 GB: does not fit');
  expect(lines.find((line) => line.startsWith('off'))).toMatch(
    /needs 1\.00 GB more, ends 2 min earlier +does/,
  );
  expect(lines.find((line) => line.startsWith('selective'))).toContain('10 min  chosen');
  expect(lines.find((line) => line.startsWith('layer'))).toMatch(
    /2\.2 h +saves 500\.0 MB, takes 2\.1 h longer/,
  );
  expect(lines.at(-1)).toBe('failed: The run needs 6.0 GB, and 5.0 GB are free.');
});

test('the nearest setting that fits is told as options to type, and whether it changes what is learned', () => {
  expect(describePlan(plan, settings)).toContain(
    'Nearest that fits, 4.90 GB: --set recompute=layer --set microBatchTokens=512. The result stays the same.',
  );
  const cut = { ...plan, nearest: { ...plan.nearest!, cuts: true, maxLength: 256 } };
  expect(describePlan(cut, { ...settings, recompute: 'layer' })).toContain(
    'Nearest that fits, 4.90 GB: --set microBatchTokens=512 --set maxLength=256. What is cut off is not learned.',
  );
  expect(describePlan({ ...plan, nearest: null }, settings)).toContain('No setting of this recipe fits');
  expect(describePlan({ ...plan, verdict: 'tight' }, settings)).not.toContain('Nearest');
});
