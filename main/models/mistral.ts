// Mistral: Llama whose layers all see a sliding window, where config.json has one.
// Reference: transformers, models/mistral/modeling_mistral.py.
import { z } from 'zod';
import { LlamaConfig, llamaLike } from './llama.ts';

const MistralConfig = LlamaConfig.extend({
  num_key_value_heads: z.int().positive().nullish().default(8),
  sliding_window: z.int().positive().nullish().default(4096),
  max_position_embeddings: z
    .int()
    .positive()
    .default(4096 * 32),
});

export const mistral = llamaLike(
  {
    id: 'mistral',
    label: 'Mistral',
    description: 'Llama-like decoder with sliding-window attention: Mistral 7B and its relatives.',
    modelTypes: ['mistral'],
  },
  MistralConfig,
  { qkvBias: false, outputBias: false, window: (config) => config.sliding_window ?? undefined },
);
