// A dataset version, a base model and a plan as the backend sends them, for tests of the Train screen.
import type { DatasetVersion } from '../../../../main/contract/datasets.ts';
import type { BaseModel } from '../../../../main/contract/models.ts';
import type { Plan } from '../../../../main/contract/runs.ts';

export const version: DatasetVersion = {
  id: 'v4',
  projectId: 'p1',
  number: 4,
  name: 'Service questions',
  hash: '9f2c41d8',
  recipe: {
    name: 'Service questions',
    sourceIds: ['s1'],
    steps: [],
    shape: { type: 'completion', prompt: '{question}', completion: '{answer}' },
    split: { seed: 42, validation: 0.05, test: 0.05, column: null, groupBy: null },
  },
  report: {
    passages: 16_731,
    steps: [],
    records: { train: 4716, validation: 262, test: 262 },
    characters: 7_820_000,
    leaks: 0,
    problems: [],
  },
  recordType: 'completion',
  createdAt: 1_780_000_000_000,
};

export const model: BaseModel = {
  id: 'm1',
  name: 'SmolLM2-135M-Instruct',
  origin: 'folder',
  folder: '/models/smollm2',
  architecture: 'llama',
  task: 'causal',
  parameters: 134_515_008,
  bytes: 269_060_552,
  dtype: 'bfloat16',
  contextLength: 2048,
  vocabularySize: 49_152,
  layers: 30,
  hiddenSize: 576,
  licence: 'apache-2.0',
  hasChatTemplate: true,
  addedAt: 1_780_000_000_000,
  problem: null,
  warnings: [],
};

export const plan: Plan = {
  steps: 942,
  stepsPerEpoch: 314,
  tokens: 1_247_338,
  trainedTokens: 612_443,
  trainableParameters: 4_884_480,
  totalParameters: 139_399_488,
  seconds: 5880,
  lossUnit: 'nats per token',
  peakBytes: 4.47e9,
  memory: [
    { name: 'Base model', bytes: 0.54e9 },
    { name: 'Activations', bytes: 3.93e9 },
  ],
  availableBytes: 7.8e9,
  verdict: 'fits',
  diskBytes: 118e6,
  quantizedBytes: 0,
  checks: [
    { state: 'passed', sentence: 'No test record is in the training data.' },
    { state: 'warning', sentence: '31 records are cut at 512 tokens.' },
  ],
  learningRates: [],
  policies: [],
  nearest: null,
};
