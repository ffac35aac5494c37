// Models of the Hub and of other programs, for the fake backend.
import type { CachedModel, HubLookup, SuggestedModel } from '../../../main/contract/models.ts';

const fitOf = (peakBytes: number, verdict: 'fits' | 'tight' | 'too-large') =>
  ({ method: 'lora', verdict, peakBytes, availableBytes: 7.8e9, secondsPerEpoch: null }) as const;

export const suggestedModels: SuggestedModel[] = [
  {
    repository: 'HuggingFaceTB/SmolLM2-135M-Instruct',
    name: 'SmolLM2 135M Instruct',
    use: 'The smallest that chats; trains in minutes on a processor.',
    licence: 'apache-2.0',
    gated: false,
    parameters: 134_515_008,
    bytes: 273e6,
    fit: fitOf(1.31e9, 'fits'),
  },
  {
    repository: 'google/gemma-3-270m-it',
    name: 'Gemma 3 270M',
    use: 'Small, with a large vocabulary for many languages; made to be fine-tuned.',
    licence: 'gemma',
    gated: true,
    parameters: 268_098_176,
    bytes: 575e6,
    fit: fitOf(2.4e9, 'fits'),
  },
  {
    repository: 'HuggingFaceTB/SmolLM2-1.7B-Instruct',
    name: 'SmolLM2 1.7B Instruct',
    use: 'The largest of its family, for English.',
    licence: 'apache-2.0',
    gated: false,
    parameters: 1_711_376_384,
    bytes: 3.43e9,
    fit: fitOf(8.2e9, 'too-large'),
  },
];

export const cachedModels: CachedModel[] = [
  {
    key: 'a',
    name: 'Qwen/Qwen2.5-0.5B-Instruct',
    place: 'Hugging Face cache',
    folder: '/home/mia/.cache/huggingface/hub/models--Qwen--Qwen2.5-0.5B-Instruct/snapshots/7ae5',
    bytes: 9.99e8,
    architecture: 'qwen2',
    parameters: 494_032_768,
    modelId: null,
    problem: null,
  },
  {
    key: 'b',
    name: 'llama3.2:latest',
    place: 'Ollama',
    folder: '/home/mia/.ollama/models/manifests/registry.ollama.ai/library/llama3.2',
    bytes: 2.02e9,
    architecture: null,
    parameters: null,
    modelId: null,
    problem: {
      code: 'weights-gguf',
      message:
        '"llama3.2:latest" is a GGUF file, whose rounded weights are made to run a model, not to train it.',
      remedy: 'Download the model that it was made from.',
    },
  },
];

export const lookup: HubLookup = {
  repository: 'HuggingFaceTB/SmolLM2-135M-Instruct',
  revision: 'main',
  commit: '7e27bd9f95328f0f3b08261d1252705110c806f8',
  licence: 'apache-2.0',
  gated: false,
  files: [
    { path: 'config.json', bytes: 861, here: true },
    { path: 'model.safetensors', bytes: 269_060_552, here: false },
    { path: 'tokenizer.json', bytes: 2_104_556, here: false },
  ],
  bytes: 271_165_969,
  missingBytes: 271_165_108,
  freeDiskBytes: 412e9,
  destination: '/home/mia/.cache/huggingface/hub/models--HuggingFaceTB--SmolLM2-135M-Instruct/snapshots/7e27',
  architecture: 'llama',
  parameters: 134_515_008,
  fits: [fitOf(1.31e9, 'fits')],
  problem: null,
};
