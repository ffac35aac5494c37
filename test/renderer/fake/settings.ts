// Settings, machine and capabilities of the fake backend.
import type { Settings } from '../../../main/contract/settings.ts';
import type { FakeHandlers } from '../../../renderer/client/fake.ts';
import type { FakeState } from './world.ts';

let settings: Settings = {
  theme: 'auto',
  threads: 0,
  memoryShare: 0.8,
  singleLetterKeys: true,
  attester: 'M. Okafor',
  lastProjectId: null,
};

export const now = Date.now();

export function settingsHandlers(state: FakeState): FakeHandlers {
  return {
    'settings.get': () => settings,
    'settings.set': (changes) => {
      settings = { ...settings, ...changes };
      return settings;
    },
    'settings.hubToken': () => ({ kept: 'none' }),
    'settings.setHubToken': ({ token }) => ({ kept: token === null ? 'none' : 'memory' }),
    'settings.machine': () => ({
      platform: 'Linux x64',
      cpu: 'AMD Ryzen 7 5700G',
      cores: 8,
      memoryBytes: 16e9,
      freeMemoryBytes: 9.8e9,
      freeDiskBytes: 412e9,
      devices: [
        {
          provider: 'cpu',
          name: 'AMD Ryzen 7 5700G',
          memoryBytes: 16e9,
          driver: null,
          state: 'ready',
          detail: '8 cores, exact',
          remedy: '',
          verdict: null,
        },
        {
          provider: 'webgpu',
          name: 'Intel Arc A380',
          memoryBytes: 6e9,
          driver: 'Mesa 25.2',
          state: 'refused',
          detail:
            'webgpu must not be used for training here: 154 of 155 operations agree with the processor. Wrong: matmul.',
          remedy: '',
          verdict: {
            trusted: false,
            operations: 155,
            agreeing: 154,
            wrong: ['matmul'],
            sentence: '154 of 155 operations agree with the processor. Wrong: matmul.',
            time: now - 3 * 86400e3,
          },
        },
        {
          provider: 'cuda',
          name: 'CUDA',
          memoryBytes: null,
          driver: null,
          state: 'absent',
          detail: 'The CUDA part of ONNX Runtime (libonnxruntime_providers_cuda.so) is not installed.',
          remedy: 'Use WebGPU, which needs no such files.',
          verdict: null,
        },
      ],
      versions: { Tunesmith: '0.1.0', Node: '26.10.0', 'ONNX Runtime': '1.30.0' },
      homeFolder: '/home/mia/.local/share/tunesmith',
      logFile: '/home/mia/.local/share/tunesmith/log.txt',
    }),
    'devices.check': () => {
      throw new Error('The fake backend has no devices to check.');
    },
    'settings.capabilities': () => ({
      shell: 'browser',
      canReveal: false,
      canPickFolders: false,
      importers: [
        ['pdf', 'PDF'],
        ['docx', 'Word'],
        ['html', 'Web page'],
        ['csv', 'CSV'],
        ['jsonl', 'JSON Lines'],
        ['text', 'Text'],
        ['markdown', 'Markdown'],
      ].map(([id, label]) => ({ id, label, description: '', extensions: [id] })),
      steps: [
        {
          id: 'unicode',
          label: 'Normalise Unicode and encoding',
          description: 'Composes characters and expands ligatures, so that equal words are equal.',
          defaultEnabled: true,
          options: {},
        },
        {
          id: 'whitespace',
          label: 'Tidy white space',
          description: 'Joins runs of spaces and removes empty lines at the ends.',
          defaultEnabled: true,
          options: {},
        },
        {
          id: 'length',
          label: 'Length',
          description: 'Keeps passages within these limits.',
          defaultEnabled: true,
          options: {
            type: 'object',
            properties: {
              minimum: { type: 'integer', title: 'At least', description: 'characters', default: 40 },
              maximum: { type: 'integer', title: 'At most', description: 'characters', default: 4000 },
            },
          },
        },
        {
          id: 'exact-duplicates',
          label: 'Exact duplicates',
          description: 'Keeps the first of passages that are equal after normalisation.',
          defaultEnabled: true,
          options: {},
        },
        {
          id: 'near-duplicates',
          label: 'Near duplicates',
          description: 'Keeps the first of passages that share most of their words.',
          defaultEnabled: false,
          options: {
            type: 'object',
            properties: {
              threshold: { type: 'number', title: 'Alike from', default: 0.85, minimum: 0.5, maximum: 1 },
            },
          },
        },
      ],
      architectures: [
        { id: 'llama', label: 'Llama', description: '', modelTypes: ['llama', 'mistral'] },
        { id: 'qwen2', label: 'Qwen 2', description: '', modelTypes: ['qwen2'] },
      ],
      metrics: [
        {
          id: 'loss',
          label: 'Loss on the test set',
          description: 'Mean negative log-likelihood of the learned tokens.',
          unit: 'nats per token',
          betterWhen: 'lower',
        },
        {
          id: 'exact-match',
          label: 'Exact match',
          description: 'Share of answers that equal the reference.',
          unit: '%',
          betterWhen: 'higher',
        },
        {
          id: 'f1',
          label: 'Word overlap (F1)',
          description: 'Harmonic mean of word precision and recall.',
          unit: '',
          betterWhen: 'higher',
        },
      ],
      exporters: [
        {
          id: 'lora-adapter',
          label: 'Adapter (PEFT)',
          description: 'For Python tools, with the base model.',
          optionsSchema: {},
        },
        {
          id: 'hugging-face',
          label: 'Merged model (safetensors)',
          description: 'Hugging Face folder.',
          optionsSchema: {
            type: 'object',
            properties: {
              dtype: { enum: ['float32', 'float16', 'bfloat16'], default: 'float16', title: 'Precision' },
            },
          },
        },
      ],
      loraTargets: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'],
      settingHelp: {},
    }),
    'settings.ledger': () =>
      state === 'empty'
        ? []
        : [
            {
              time: now - 864e5,
              host: 'huggingface.co',
              why: 'Download of SmolLM2-135M-Instruct, started by you',
              bytesOut: 4200,
              bytesIn: 271_300_000,
            },
          ],
    'files.pick': () => [{ token: 'token-picked', name: 'picked' }],
    'files.fromPath': ({ path }) => ({ token: 'token-path', name: path.split('/').at(-1) ?? path }),
  };
}
