// Runs, their metrics, presets and plans of the fake backend: one running, one queued, finished, failed, interrupted.
import { type Plan, type Preset, type Recipe, type Run, TrainSettings } from '../../../main/contract/runs.ts';
import { CallError } from '../../../renderer/client/client.ts';
import type { FakeHandlers } from '../../../renderer/client/fake.ts';
import { learningRateAt } from '../../../renderer/screens/run/health.ts';
import { now } from './settings.ts';
import type { FakeState } from './world.ts';

const balanced = TrainSettings.parse({
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
  batchSize: 15,
  microBatchTokens: 0,
  maxLength: 512,
  packing: true,
  recompute: 'selective',
  evalEvery: 50,
  patience: 3,
  checkpointEvery: 50,
  samplePrompts: [],
  threads: 0,
  provider: 'cpu',
  seed: 42,
});

const presets: Preset[] = [
  {
    id: 'quick',
    label: 'Quick look',
    description: 'A first answer from 500 records.',
    suggested: false,
    settings: { ...balanced, epochs: 1, patience: 0 },
  },
  {
    id: 'balanced',
    label: 'Balanced',
    description: 'Right for most data. Stops early if it gets no better.',
    suggested: true,
    settings: balanced,
  },
  {
    id: 'thorough',
    label: 'Thorough',
    description: 'A larger adapter and more epochs, for small gains.',
    suggested: false,
    settings: { ...balanced, epochs: 6, lora: { ...balanced.lora, rank: 32, alpha: 64 } },
  },
  {
    id: 'least-memory',
    label: 'Least memory',
    description: 'Same result, slower: computes values twice.',
    suggested: false,
    settings: { ...balanced, recompute: 'layer' },
  },
];

function planFor({ settings }: Recipe): Plan {
  const stepsPerEpoch = Math.ceil(4716 / settings.batchSize);
  const steps = Math.round(stepsPerEpoch * settings.epochs);
  const activations = settings.recompute === 'layer' ? 1.4e9 : settings.maxLength > 1024 ? 11e9 : 3.34e9;
  const memory = [
    { name: 'Base model', bytes: 0.54e9 },
    { name: 'Adapter, gradients, optimizer', bytes: 5.2e6 * settings.lora.rank },
    { name: 'Activations', bytes: activations },
    { name: 'Output layer', bytes: 0.2e9 },
    { name: 'Runtime', bytes: 0.31e9 },
  ];
  const peakBytes = memory.reduce((sum, part) => sum + part.bytes, 0);
  return {
    steps,
    stepsPerEpoch,
    tokens: 1_247_338,
    trainedTokens: 612_443,
    trainableParameters: 305_280 * settings.lora.rank,
    totalParameters: 139_399_488,
    seconds: steps * (settings.recompute === 'layer' ? 7.1 : 6.1),
    lossUnit: 'nats per token',
    peakBytes,
    memory,
    availableBytes: 7.8e9,
    verdict: peakBytes > 7.8e9 ? 'too-large' : peakBytes > 7e9 ? 'tight' : 'fits',
    diskBytes: 118e6,
    quantizedBytes: 0,
    checks: [
      { state: 'passed', sentence: 'No test record is in the training data.' },
      { state: 'passed', sentence: 'The end token is learned.' },
      { state: 'passed', sentence: '412 GB of disk are free.' },
      { state: 'warning', sentence: '31 records are cut at 512 tokens.' },
    ],
    learningRates: [],
    policies: policiesFor(settings, steps, peakBytes - activations),
    nearest:
      peakBytes > 7.8e9
        ? {
            recompute: 'layer',
            microBatchTokens: 1024,
            maxLength: 2048,
            cuts: false,
            peakBytes: peakBytes - activations + 1.4e9,
          }
        : null,
  };
}

function policiesFor(settings: Recipe['settings'], steps: number, restBytes: number): Plan['policies'] {
  const kept =
    settings.maxLength > 1024 ? { off: 11e9, selective: 7.6e9 } : { off: 3.34e9, selective: 2.3e9 };
  const costs = [
    ['off', kept.off, 6.1],
    ['selective', kept.selective, 6.4],
    ['layer', 1.4e9, 7.1],
  ] as const;
  return costs.map(([recompute, activations, seconds]) => {
    const peakBytes = restBytes + activations;
    const verdict = peakBytes > 7.8e9 ? 'too-large' : 'fits';
    return { recompute, peakBytes, seconds: steps * seconds, verdict };
  });
}

/** A fixed pseudo-random value between -1 and 1, so that pictures are the same each time. */
const noise = (step: number, salt: number): number => {
  const value = Math.sin(step * 12.9898 + salt * 78.233) * 43_758.5453;
  return (value - Math.floor(value)) * 2 - 1;
};

const lossAt = (step: number): number => 1.24 + 0.86 * Math.exp(-step / 90) + 0.06 * Math.exp(-step / 600);

const question = 'After a power cut the unit shows E14. What do I check first?';
const reference =
  'The controller gets no reply from the outdoor unit. 1. Switch off, wait 60 s. 2. Check S1 to S3. 3. Measure S2 to S3: 20 to 24 V DC. If not, replace fuse F2.';
const outputs = [
  [
    0,
    'The first thing you should check is the power cut. If the power cut is not working, then you should check the power supply.',
  ],
  [
    250,
    'E14 is a communication fault. 1. Check the fuse. 2. Check the cable to the outdoor unit and its terminals.',
  ],
  [
    500,
    'E14 means that the controller gets no reply from the outdoor unit. 1. Switch off at the isolator, wait 60 s. 2. Check terminals S1 to S3. 3. Measure S2 to S3: 20 to 24 V DC.',
  ],
] as const;

export function metricsOf(run: Run, shift = 0) {
  const { settings } = run.recipe;
  const train = Array.from({ length: run.step }, (_, i) => {
    const step = i + 1;
    return {
      step,
      epoch: step / 314,
      loss: lossAt(step) + shift + noise(step, 1) * 0.13,
      learningRate: learningRateAt(settings, step, run.steps),
      gradNorm: 0.8 + Math.exp(-step / 30) + noise(step, 2) * 0.25,
      tokensPerSecond: (step % 50 === 0 ? 480 : 650) + noise(step, 3) * 30,
      residentBytes: step < 4 ? 2e9 + step * 0.6e9 : 4.41e9 + noise(step, 4) * 0.03e9,
      secondsLeft: (run.steps - step) * 6.1,
      time: (run.startedAt ?? now) + step * 6100,
    };
  });
  const validation = Array.from({ length: Math.floor(run.step / 50) + 1 }, (_, i) => ({
    step: i * 50,
    loss: lossAt(i * 50) + 0.05 + shift + (i === 0 ? -0.05 : 0.06 * (1 - Math.exp(-i / 4))),
    tokens: 30_100,
    best: i * 50 === run.bestStep,
  }));
  const samples = ['', ' (second prompt)'].flatMap((suffix) =>
    outputs
      .filter(([step]) => step <= run.step)
      .map(([step, output]) => ({ step, prompt: question + suffix, output, reference })),
  );
  return { train, validation, samples };
}

function runOf(number: number, changes: Partial<Run>, settings: Partial<TrainSettings> = {}): Run {
  const name = changes.name ?? 'Balanced, rank 16';
  const recipe: Recipe = {
    projectId: 'p1',
    name,
    versionId: 'v4',
    modelId: 'm1',
    settings: { ...balanced, ...settings },
    thenEvaluate: true,
  };
  return {
    id: `r${number}`,
    projectId: 'p1',
    number,
    name,
    recipe,
    state: 'finished',
    jobId: null,
    plan: planFor(recipe),
    step: 942,
    steps: 942,
    trainLoss: 1.262,
    validationLoss: 1.402,
    validationScore: null,
    bestStep: 850,
    checkpointStep: 942,
    seconds: 5760,
    peakBytes: 4.46e9,
    tokensPerSecond: 648,
    lineage: {
      'dataset version': '4 (9f2c41d8)',
      'base model': 'SmolLM2-135M-Instruct (b1e7…)',
      app: '0.1.0',
      'ONNX Runtime': '1.30.0',
      device: 'AMD Ryzen 7 5700G, 8 threads',
      seed: '42',
    },
    error: null,
    messages: [],
    quantizedBase: null,
    createdAt: now - (8 - number) * 4 * 3600e3,
    startedAt: now - (8 - number) * 4 * 3600e3,
    endedAt: now - (8 - number) * 4 * 3600e3 + 5760e3,
    deletedAt: null,
    ...changes,
  };
}

export const runs: Run[] = [
  runOf(
    8,
    {
      name: 'Thorough, rank 32',
      state: 'queued',
      step: 0,
      startedAt: null,
      endedAt: null,
      validationLoss: null,
      trainLoss: null,
      bestStep: null,
      checkpointStep: null,
      tokensPerSecond: null,
      seconds: 0,
      peakBytes: 0,
      steps: 1890,
    },
    { epochs: 6 },
  ),
  runOf(7, {
    state: 'running',
    jobId: 'j-train',
    step: 548,
    trainLoss: 1.296,
    validationLoss: 1.412,
    bestStep: 500,
    checkpointStep: 500,
    seconds: 3360,
    endedAt: null,
    startedAt: now - 3360e3,
    messages: [{ time: now - 60e3, level: 'info', sentence: 'Checkpoint saved at step 500.' }],
  }),
  runOf(
    6,
    {
      name: 'Balanced, rank 8',
      quantizedBase: {
        kind: 'nf4',
        originalBytes: 269e6,
        bytes: 116e6,
        cost: {
          unit: 'nats per token',
          original: 2.4832,
          quantized: 2.5104,
          labels: 2210,
          records: 40,
          of: 128,
        },
        sentence:
          'Base in 4 bits (NF4): 0.12 GB instead of 0.27 GB; perplexity 12.31 instead of 11.98 on 40 of 128 validation records.',
      },
    },
    { quantization: 'nf4', lora: { ...balanced.lora, rank: 8, alpha: 16 } },
  ),
  runOf(
    5,
    {
      name: 'High rate',
      state: 'failed',
      step: 88,
      steps: 942,
      checkpointStep: 50,
      bestStep: 50,
      validationLoss: 1.92,
      trainLoss: null,
      seconds: 540,
      error: {
        code: 'loss-not-a-number',
        message: 'Since step 88 the loss is not a number. The learning rate 5e-2 is probably too high.',
        remedy: 'Go on from step 50, or start again with 2e-4.',
      },
    },
    { learningRate: 5e-2 },
  ),
  runOf(4, {
    name: 'Overnight',
    state: 'interrupted',
    step: 400,
    checkpointStep: 400,
    bestStep: 400,
    validationLoss: 1.448,
    seconds: 2440,
    error: {
      code: 'app-closed',
      message: 'Tunesmith was closed at step 412. Everything up to step 400 is saved.',
      remedy: 'Resume to go on from step 400.',
    },
  }),
];

export function runHandlers(state: FakeState): FakeHandlers {
  let list = state === 'empty' ? [] : runs;
  const find = (runId: string): Run => {
    const run = list.find((one) => one.id === runId);
    if (!run) throw new CallError('run-missing', `There is no run "${runId}".`, 'Choose another run.');
    return run;
  };
  const change = (runId: string, changes: Partial<Run>): Run => {
    const changed = { ...find(runId), ...changes };
    list = list.map((one) => (one.id === runId ? changed : one));
    return changed;
  };
  return {
    'runs.presets': () => presets,
    'runs.plan': (recipe) => planFor(recipe as Recipe),
    'runs.start': (recipe) => {
      const run = runOf(list.length + 4, {
        name: recipe.name,
        state: 'compiling',
        step: 0,
        endedAt: null,
        startedAt: now,
        trainLoss: null,
        validationLoss: null,
        bestStep: null,
        checkpointStep: null,
        createdAt: Date.now(),
      });
      list = [run, ...list];
      return run;
    },
    'runs.pause': ({ runId }) => change(runId, { state: 'paused' }),
    'runs.resume': ({ runId }) => change(runId, { state: 'running', error: null }),
    'runs.stop': ({ runId }) => change(runId, { state: 'stopping' }),
    'runs.list': () => list.filter((run) => run.deletedAt === null),
    'runs.get': ({ runId }) => find(runId),
    'runs.metrics': ({ runId }) => metricsOf(find(runId), runId === 'r6' ? 0.03 : 0),
    'runs.rename': ({ runId, name }) => change(runId, { name }),
    'runs.delete': ({ runId }) => {
      change(runId, { deletedAt: Date.now() });
      return {};
    },
    'runs.restore': ({ runId }) => change(runId, { deletedAt: null }),
  };
}
