// Dataset versions, records, tokens and base models of the fake backend.
import type { DatasetRecipe, DatasetRecord, DatasetVersion } from '../../../main/contract/datasets.ts';
import type { BaseModel } from '../../../main/contract/models.ts';
import type { FakeHandlers } from '../../../renderer/client/fake.ts';
import { families, planOf } from './designs.ts';
import { cachedModels, lookup, suggestedModels } from './hub.ts';
import { now } from './settings.ts';
import type { FakeState } from './world.ts';

const recipe: DatasetRecipe = {
  name: 'Service questions',
  sourceIds: ['s4'],
  steps: [
    { id: 'unicode', enabled: true, options: {} },
    { id: 'whitespace', enabled: true, options: {} },
    { id: 'length', enabled: true, options: { minimum: 40, maximum: 4000 } },
    { id: 'exact-duplicates', enabled: true, options: {} },
    { id: 'near-duplicates', enabled: false, options: { threshold: 0.85 } },
  ],
  shape: {
    type: 'chat',
    system: 'You answer service questions about AX heat pumps.',
    user: '{message}',
    assistant: '{answer}',
  },
  split: { seed: 42, validation: 0.05, test: 0.05, column: null, groupBy: null },
};

const text =
  'If the voltage is missing after a power cut, the surge fuse on the interface board has opened in most cases. Replace it with the same type (3.15 A, slow).';
const sampleOf = (after: string | null, kept: string | null) => [
  { before: text, after, kept, place: 'Service tickets 2021 to 2024.csv, row 29' },
];

export const report: DatasetVersion['report'] = {
  passages: 12_204,
  steps: [
    {
      id: 'unicode',
      label: 'Normalise Unicode and encoding',
      before: 12_204,
      after: 12_204,
      removed: 0,
      changed: 3912,
      samples: sampleOf(text.replace('fuse', 'fuse '), null),
    },
    {
      id: 'whitespace',
      label: 'Tidy white space',
      before: 12_204,
      after: 12_204,
      removed: 0,
      changed: 870,
      samples: sampleOf(text, null),
    },
    {
      id: 'length',
      label: 'Length, 40 to 4,000 characters',
      before: 12_204,
      after: 9866,
      removed: 2338,
      changed: 0,
      samples: sampleOf(null, null),
    },
    {
      id: 'exact-duplicates',
      label: 'Exact duplicates',
      before: 9866,
      after: 5240,
      removed: 4626,
      changed: 0,
      samples: sampleOf(null, text.replace('board', 'card')),
    },
  ],
  records: { train: 4716, validation: 262, test: 262 },
  characters: 1_240_000,
  leaks: 0,
  problems: ['212 of 12,204 rows have no text in "answer"; the first is row 14.'],
};

export const versions: DatasetVersion[] = [4, 3].map((number) => ({
  id: `v${number}`,
  projectId: 'p1',
  number,
  name: 'Service questions',
  hash: `9f2c41d8${number}`.padEnd(64, 'a'),
  recipe,
  report,
  recordType: 'chat',
  createdAt: now - (5 - number) * 864e5,
}));

export const records: DatasetRecord[] = Array.from({ length: 60 }, (_, at) => ({
  id: `rec${at}`,
  split: at % 20 === 18 ? 'validation' : at % 20 === 19 ? 'test' : 'train',
  content: {
    type: 'chat',
    messages: [
      { role: 'system', content: 'You answer service questions about AX heat pumps.' },
      { role: 'user', content: `After a power cut the unit shows E${14 + at}. What do I check first?` },
      {
        role: 'assistant',
        content: `E${14 + at} means that the controller gets no reply. 1. Switch off at the isolator and wait 60 s.`,
      },
    ],
  },
  provenance: [
    {
      sourceId: 's4',
      sourceName: 'Service tickets 2021 to 2024.csv',
      place: `row ${at + 2}`,
      start: at * 200,
      end: at * 200 + 180,
    },
  ],
  group: `row ${at + 2}`,
}));

const pieces =
  '<|im_start|>system\n|You| answer| service| questions| about| AX| heat| pumps|.<|im_end|>\n<|im_start|>user\n|After| a| power| cut| the| unit| shows| E|14|.| What| do| I| check| first|?<|im_end|>\n<|im_start|>assistant\n|*E|*14|* means|* that|* the|* controller|* gets|* no|* reply|*.|* 1|*.|* Switch|* off|* at|* the|* isolator|* and|* wait|* 60|* s|*.';
const tokens = pieces
  .split(/(<\|im_(?:start|end)\|>)|(?<!<)\|(?!>)/)
  .filter((piece) => piece)
  .map((piece, at) => ({ id: 100 + at, text: piece.replace(/^\*/, ''), trained: piece.startsWith('*') }));
tokens.push({ id: 2, text: '<|im_end|>', trained: true }, { id: 198, text: '\n', trained: false });

export const models: BaseModel[] = [
  {
    id: 'm0',
    name: 'Tunesmith Starter',
    origin: 'starter',
    folder: '/app/resources/models/starter',
    architecture: 'llama',
    task: 'causal',
    parameters: 4_700_000,
    bytes: 9.5e6,
    dtype: 'float16',
    contextLength: 512,
    vocabularySize: 4096,
    layers: 6,
    hiddenSize: 256,
    licence: 'apache-2.0',
    hasChatTemplate: true,
    addedAt: now,
    problem: null,
    warnings: [],
  },
  {
    id: 'm1',
    name: 'SmolLM2-135M-Instruct',
    origin: 'folder',
    folder: '/home/mia/models/SmolLM2-135M-Instruct',
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
    addedAt: now,
    problem: null,
    warnings: ['The folder has no generation_config.json; the end token of the tokenizer is used.'],
  },
  {
    id: 'm2',
    name: 'Llama-3.2-3B',
    origin: 'cache',
    folder: '/home/mia/.cache/huggingface/hub/models--meta-llama--Llama-3.2-3B',
    architecture: 'llama',
    task: 'causal',
    parameters: 3_212_749_824,
    bytes: 6.43e9,
    dtype: 'bfloat16',
    contextLength: 131_072,
    vocabularySize: 128_256,
    layers: 28,
    hiddenSize: 3072,
    licence: 'llama3.2',
    hasChatTemplate: false,
    addedAt: now,
    problem: null,
    warnings: [],
  },
  {
    id: 'm3',
    name: 'mamba-130m',
    origin: 'folder',
    folder: '/home/mia/models/mamba-130m',
    architecture: 'mamba2',
    task: 'causal',
    parameters: 129e6,
    bytes: 258e6,
    dtype: 'float32',
    contextLength: 2048,
    vocabularySize: 50_280,
    layers: 24,
    hiddenSize: 768,
    licence: null,
    hasChatTemplate: false,
    addedAt: now,
    problem: {
      code: 'architecture-unknown',
      message: 'Tunesmith cannot train "mamba2" models yet.',
      remedy: 'It can train Llama, Mistral and Qwen2 types. Choose another model.',
    },
    warnings: [],
  },
];

export function datasetHandlers(state: FakeState): FakeHandlers {
  const frozen = state === 'empty' ? [] : versions;
  let draft: DatasetRecipe | null = state === 'empty' ? null : recipe;
  let chosen: BaseModel | null = state === 'empty' ? null : models[1];
  return {
    'datasets.list': () => frozen,
    'datasets.get': ({ versionId }) => versions.find((one) => one.id === versionId) ?? versions[0],
    'datasets.suggest': () => ({
      recipe,
      why: 'The columns message and answer were recognised.',
      columns: ['message', 'answer', 'product'],
      example: {
        message: 'After a power cut the unit shows E14.',
        answer: 'E14 means that the controller gets no reply.',
        product: 'AX 9',
      },
    }),
    'datasets.draft': () => draft,
    'datasets.saveDraft': ({ recipe: next }) => {
      draft = next as DatasetRecipe;
      return {};
    },
    'datasets.preview': () => ({ jobId: 'preview' }),
    'datasets.build': () => ({ jobId: 'j3' }),
    'datasets.records': ({ split = null, find = '', offset = 0, limit = 100 }) => {
      const found = records.filter(
        (one) =>
          (!split || one.split === split) &&
          JSON.stringify(one.content).toLowerCase().includes(find.toLowerCase()),
      );
      return { records: found.slice(offset, offset + limit), total: find || split ? found.length : 5240 };
    },
    'datasets.render': () => ({
      text: tokens.map((token) => token.text).join(''),
      tokens,
      trainedTokens: tokens.filter((token) => token.trained).length,
      contextLength: 2048,
    }),
    'datasets.tokenStats': () => ({
      tokens: 1_247_338,
      trainedTokens: 612_443,
      longest: 561,
      histogram: Array.from({ length: 24 }, (_, at) => ({
        upTo: (at + 1) * 24,
        records: Math.round(420 * Math.exp(-(((at - 10) / 6) ** 2))),
      })),
      overLimit: 31,
      withoutTrained: 0,
      problems: ['The chat template refuses 7 of 9,702 records: System role not supported'],
      refused: [
        {
          sentence: 'System role not supported',
          reason: 'no-system-role',
          count: 7,
          repairs: [{ steps: ['merge-system'], count: 7 }],
        },
      ],
    }),
    'datasets.exportJsonl': () => ({ jobId: 'j3' }),
    'datasets.delete': () => ({}),
    'models.list': () => (state === 'empty' ? [] : models),
    'models.get': ({ modelId }) => models.find((one) => one.id === modelId) ?? models[0],
    'models.add': () => models[1],
    'models.remove': () => ({}),
    'models.fit': ({ modelId }) => {
      const size = models.find((one) => one.id === modelId)?.parameters ?? 1e6;
      return (['lora', 'full'] as const).map((method) => {
        const peakBytes = Math.round((method === 'lora' ? 6 : 18) * size + 3.4e8);
        const verdict = peakBytes < 7e9 ? 'fits' : peakBytes < 9e9 ? 'tight' : 'too-large';
        return { method, verdict, peakBytes, availableBytes: 7.8e9, secondsPerEpoch: Math.round(size / 7e4) };
      });
    },
    'models.layers': () => [
      ...['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'].map((name) => ({
        name,
        kind: 'linear' as const,
      })),
      { name: 'embed_tokens', kind: 'embedding' },
      { name: 'lm_head', kind: 'output' },
    ],
    'models.cached': () => ({
      folders: ['/home/mia/.cache/huggingface/hub', '/home/mia/.lmstudio/models', '/home/mia/.ollama/models'],
      models: state === 'empty' ? [] : cachedModels,
    }),
    'models.addCached': () => models[1],
    'models.addTokens': () => models[1],
    'models.suggested': () => suggestedModels,
    'models.lookup': () => lookup,
    'models.families': () => families,
    'models.createPlan': ({ design }) => planOf(design),
    'models.choose': ({ modelId }) => {
      chosen = models.find((one) => one.id === modelId) ?? null;
      return {};
    },
    'models.chosen': () => chosen,
  };
}
