// Settings, machine and capabilities of the fake backend.
import type { CudaLibraries, CudaLibrary } from '../../../main/contract/devices.ts';
import type { Job } from '../../../main/contract/jobs.ts';
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

const library = (file: string, part: string, more: Partial<CudaLibrary> = {}): CudaLibrary => ({
  file,
  part,
  needed: true,
  state: 'missing',
  folder: null,
  version: null,
  ...more,
});

const provider = 'the CUDA part of ONNX Runtime 1.30.0';
const toolkit = { folder: '/usr/local/cuda-12.4/targets/x86_64-linux/lib', version: '12.4.127' };

const cudaLibraries: CudaLibraries = {
  state: 'incomplete',
  message: `The CUDA part of ONNX Runtime 1.30.0 and libcublas.so.13, libcublasLt.so.13 of CUDA 13 are missing (${toolkit.folder} has libcublas of version 12.4.5.8).`,
  remedy:
    'Get all of it under Settings, Devices, or install the package cuda-libraries-13-0 of NVIDIA and get the rest there.',
  install: 'the package cuda-libraries-13-0 of NVIDIA',
  driver: '580.82.07',
  libraries: [
    library('libonnxruntime_providers_shared.so', provider),
    library('libonnxruntime_providers_cuda.so', provider),
    library('libcudart.so.13', 'CUDA 13', {
      state: 'found',
      folder: '/usr/lib/x86_64-linux-gnu',
      version: '13.0.96',
    }),
    library('libcublas.so.13', 'CUDA 13', { state: 'other-version', ...toolkit }),
    library('libcublasLt.so.13', 'CUDA 13'),
    library('libcudnn.so.9', 'cuDNN 9', { needed: false }),
  ],
  missing: [
    ['Microsoft.ML.OnnxRuntime.Gpu.Linux', '1.30.0', 236_000_000, 'api.nuget.org', 'MIT'] as const,
    ['nvidia-cublas', '13.1.1.3', 423_138_758, 'files.pythonhosted.org', 'NVIDIA CUDA Toolkit EULA'] as const,
    [
      'nvidia-cudnn-cu13',
      '9.20.0.48',
      366_173_588,
      'files.pythonhosted.org',
      'NVIDIA cuDNN licence',
    ] as const,
  ].map(([name, version, bytes, host, licence]) => ({
    name,
    version,
    bytes,
    host,
    licence,
    licenceAddress: 'https://docs.nvidia.com/cuda/eula/index.html',
  })),
  missingBytes: 1_025_312_346,
  unpackedBytes: 1_743_000_000,
  freeDiskBytes: 412e9,
  folder: '/home/mia/.local/share/tunesmith/cuda',
  fetchedBytes: 96_000_000,
};

const cudaDownload: Job = {
  id: 'job-cuda',
  kind: 'download-cuda',
  projectId: null,
  subjectId: null,
  title: 'Get the CUDA libraries (1.03 GB)',
  state: 'running',
  progress: 0.31,
  position: '318 MB of 1.03 GB, nvidia-cublas',
  rate: '11 MB/s',
  secondsLeft: 65,
  canPause: true,
  cancelLabel: 'Stop and keep what arrived',
  result: null,
  error: null,
  dismissed: false,
  createdAt: now,
  startedAt: now,
  endedAt: null,
};

export function settingsHandlers(state: FakeState): FakeHandlers {
  return {
    'settings.get': () => settings,
    'settings.set': (changes) => {
      settings = { ...settings, ...changes };
      return settings;
    },
    'settings.licences': () =>
      ['react', 'zod'].map((name) => ({
        name,
        version: '1.0.0',
        licence: 'MIT',
        source: `https://example.org/${name}`,
        text: 'MIT License',
      })),
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
            float16: null,
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
          detail: cudaLibraries.message,
          remedy: cudaLibraries.remedy,
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
    'devices.cudaLibraries': () => cudaLibraries,
    'devices.removeCudaLibraries': () => ({ ...cudaLibraries, fetchedBytes: 0 }),
    'devices.getCudaLibraries': () => cudaDownload,
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
          merges: false,
        },
        {
          id: 'hugging-face',
          merges: true,
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
