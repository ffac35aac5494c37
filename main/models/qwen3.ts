// Qwen3: Llama with RMS norms on each head of queries and keys, and heads as wide as config.json says.
// Reference: transformers, models/qwen3/modeling_qwen3.py.
import { z } from 'zod';
import { decoderGguf } from './blocks/gguf-names.ts';
import { llamaLike } from './llama.ts';
import { QwenConfig, qwenGguf, qwenWindow } from './qwen2.ts';

const Qwen3Config = QwenConfig.extend({ head_dim: z.int().positive().nullish().default(128) });

export const qwen3 = llamaLike(
  {
    id: 'qwen3',
    label: 'Qwen3',
    description: 'Llama-like decoder with norms on the heads of queries and keys: the dense Qwen3 models.',
    modelTypes: ['qwen3'],
  },
  Qwen3Config,
  { queryKeyNorm: 'head', window: qwenWindow },
  (config) =>
    qwenGguf(config, () =>
      decoderGguf(config, { architecture: 'qwen3', headWidth: 'always', biases: 'none' }),
    ),
);
