// Evaluations, exports and chat of the fake backend; runs are in runs.ts.
import type { Evaluation, Prediction } from '../../../main/contract/evaluations.ts';
import type { Export } from '../../../main/contract/exports.ts';
import type { FakeHandlers } from '../../../renderer/client/fake.ts';
import { runHandlers } from './runs.ts';
import { now } from './settings.ts';
import type { FakeState } from './world.ts';

const interval = (value: number, low: number, high: number) => ({ value, low, high });

const results: Evaluation['results'] = [
  {
    metricId: 'loss',
    label: 'Loss on the test set',
    unit: 'nats per token',
    description: 'Mean negative log-likelihood of the learned tokens.',
    betterWhen: 'lower',
    count: 262,
    base: interval(2.131, 2.094, 2.168),
    tuned: interval(1.421, 1.392, 1.45),
    difference: interval(-0.71, -0.734, -0.686),
    verdict: 'better',
  },
  {
    metricId: 'f1',
    label: 'Word overlap (F1)',
    unit: '0 to 1',
    description: 'Harmonic mean of word precision and recall against the reference.',
    betterWhen: 'higher',
    count: 262,
    base: interval(0.214, 0.196, 0.233),
    tuned: interval(0.461, 0.432, 0.49),
    difference: interval(0.247, 0.218, 0.276),
    verdict: 'better',
  },
  {
    metricId: 'exact-match',
    label: 'Exact match',
    unit: '%',
    description: 'Share of answers that equal the reference.',
    betterWhen: 'higher',
    count: 262,
    base: interval(0.034, 0.012, 0.095),
    tuned: interval(0.614, 0.509, 0.709),
    difference: interval(0.58, 0.469, 0.678),
    verdict: 'better',
  },
  {
    metricId: 'stops',
    label: 'Stops by itself',
    unit: '%',
    description: 'Share of answers that end with the end token, not at the limit.',
    betterWhen: 'higher',
    count: 262,
    base: interval(0.385, 0.339, 0.433),
    tuned: interval(0.368, 0.322, 0.416),
    difference: interval(-0.017, -0.051, 0.016),
    verdict: 'no-clear-change',
  },
];

function evaluationOf(id: string, runId: string, changes: Partial<Evaluation> = {}): Evaluation {
  return {
    id,
    projectId: 'p1',
    runId,
    versionId: 'v4',
    split: 'test',
    state: 'finished',
    jobId: null,
    records: 262,
    done: 262,
    results,
    verdict: 'Run 6 is better than the base on 3 of 4 measures, and worse on none.',
    leaks: 0,
    settings: { maxNewTokens: 128, seed: 42, temperature: 0 },
    seconds: 532,
    error: null,
    createdAt: now - 3600e3,
    ...changes,
  };
}

const questions = [
  'Compressor stops, display shows E27',
  'Which filter fits the AX 9?',
  'AX 5, red light, four short blinks',
  'How do I set the heating curve?',
];
const answers = [
  'E14 means that the controller gets no reply from the outdoor unit.',
  'Use filter AX-F90, part 77 310.',
  'E04: fan motor of the indoor unit is blocked.',
  'Set it to 0.6.',
];
const references = [
  'E27: high-pressure switch has opened. Check the fan of the outdoor unit.',
  'Filter 60 114, from 2019 on 60 118.',
  'E41: flow sensor gives no signal.',
  'Start at 0.6, then raise by 0.1 a day.',
];

const predictions: Prediction[] = Array.from({ length: 262 }, (_, at) => ({
  recordId: `rec${at}`,
  prompt: questions[at % 4],
  reference: references[at % 4],
  place: `Service tickets 2021 to 2024.csv, row ${at + 2}`,
  base: { output: 'The unit is a unit that is a unit.', lossSum: 90 + at, lossTokens: 31, stopped: false },
  tuned: {
    output: at > 200 ? references[at % 4] : answers[at % 4],
    lossSum: 151 - at / 2,
    lossTokens: 31,
    stopped: at % 7 !== 0,
  },
  scores: {
    loss: (151 - at / 2) / 31,
    f1: at > 200 ? 1 : at / 262,
    'exact-match': at > 200 ? 1 : 0,
    stops: at % 7 === 0 ? 0 : 1,
  },
}));

function exportOf(id: string, format: string, bytes: number, changes: Partial<Export> = {}): Export {
  return {
    id,
    projectId: 'p1',
    runId: 'r6',
    format,
    options: format === 'hugging-face' ? { dtype: 'float16' } : {},
    state: 'finished',
    jobId: null,
    folder: `/home/mia/Tunesmith/Heat pump service desk/exports/run-6-${format}`,
    files: [
      {
        name: format === 'hugging-face' ? 'model.safetensors' : 'adapter_model.safetensors',
        bytes: bytes - 3200,
        sha256: '9f2c41d8e1a07b5c3d6e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9007be07be',
      },
      {
        name: format === 'hugging-face' ? 'config.json' : 'adapter_config.json',
        bytes: 780,
        sha256: '41d89f2ce1a07b5c3d6e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9007be1234',
      },
      {
        name: 'README.md',
        bytes: 2420,
        sha256: '07be41d8e1a07b5c3d6e8f90a1b2c3d4e5f60718293a4b5c6d7e8f900000abcd',
      },
    ],
    bytes,
    parity: {
      maxLogitDifference: 2.1e-6,
      topTokenAgreement: 1,
      positions: 3108,
      same: true,
      sentence: 'The files give the same logits as the model here, within 2e-6.',
    },
    error: null,
    createdAt: now - 1800e3,
    ...changes,
  };
}

const exported: Export[] = [
  exportOf('x1', 'lora-adapter', 19.5e6),
  exportOf('x2', 'hugging-face', 269e6, {
    createdAt: now - 900e3,
    parity: {
      maxLogitDifference: 0.021,
      topTokenAgreement: 0.992,
      positions: 3108,
      same: false,
      sentence:
        'The most probable token differs at 25 of 3,108 positions, because float16 rounds the weights.',
      overBases: {
        holds: 'original',
        kind: 'nf4',
        original: { maxLogitDifference: 0.021, topTokenAgreement: 0.992 },
        quantized: { maxLogitDifference: 0.84, topTokenAgreement: 0.961 },
        sentence:
          'The adapter is merged into the original weights. It was trained, evaluated and asked in chat over the base in 4 bits (NF4); against that model, 2987 of 3108 next tokens agree, and logits differ by up to 0.84. The difference is the error of quantization, which the adapter was learned with.',
      },
    },
  }),
];

export function resultHandlers(state: FakeState): FakeHandlers {
  const empty = state === 'empty';
  let evaluations = empty ? [] : [evaluationOf('e1', 'r6')];
  let exports = empty ? [] : exported;
  return {
    ...runHandlers(state),
    'evaluations.list': () => evaluations,
    'evaluations.start': ({ runId }) => {
      const started = evaluationOf(`e${evaluations.length + 1}`, runId, {
        state: 'running',
        done: 12,
        results: [],
        verdict: null,
        createdAt: Date.now(),
      });
      evaluations = [started, ...evaluations];
      return started;
    },
    'evaluations.predictions': ({ offset = 0, limit = 100, sort }) => {
      const order = sort === 'best' ? [...predictions].reverse() : predictions;
      return { predictions: order.slice(offset, offset + limit), total: order.length };
    },
    'exports.list': () => exports,
    'exports.start': ({ format, runId }) => {
      const started = exportOf(`x${exports.length + 1}`, format, 0, {
        runId,
        state: 'running',
        files: [],
        parity: null,
        createdAt: Date.now(),
      });
      exports = [started, ...exports];
      return started;
    },
    'exports.reveal': ({ exportId }) => ({
      shown: false,
      folder: exports.find((one) => one.id === exportId)?.folder ?? '',
    }),
    'exports.download': () => ({ token: 'zip', fileName: 'run-6.zip' }),
    'exports.delete': ({ exportId }) => {
      exports = exports.filter((one) => one.id !== exportId);
      return {};
    },
    'chat.open': ({ modelId, runIds }) => ({
      id: 'c1',
      projectId: 'p1',
      modelId,
      columns: [
        { id: 'base', label: 'SmolLM2-135M-Instruct', runId: null },
        ...runIds.map((runId) => ({ id: runId, label: `Run ${runId.slice(1)}`, runId })),
      ],
      contextLength: 2048,
    }),
    'chat.send': async ({ conversations }) => {
      await new Promise((resolve) => setTimeout(resolve, 400));
      return Object.keys(conversations).map((columnId) => {
        const text = columnId === 'base' ? 'The power cut is a power cut. The power cut is a' : references[0];
        return {
          columnId,
          text,
          promptTokens: 41,
          newTokens: 24,
          tokensPerSecond: columnId === 'base' ? 36.1 : 38.4,
          msToFirstToken: 212,
          finish: columnId === 'base' ? ('length' as const) : ('stop' as const),
          tokens: text
            .split(/(?= )/)
            .map((piece, at) => ({ text: piece, probability: 0.25 + ((at * 37) % 75) / 100 })),
        };
      });
    },
    'chat.stop': () => ({}),
    'chat.close': () => ({}),
  };
}
