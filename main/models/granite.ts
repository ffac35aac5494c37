// Granite: Llama with four multipliers, on embeddings, scores, residuals and logits.
// Reference: transformers, models/granite/modeling_granite.py.
import { z } from 'zod';
import { LlamaConfig, llamaLike } from './llama.ts';

const GraniteConfig = LlamaConfig.extend({
  embedding_multiplier: z.number().default(1),
  attention_multiplier: z.number().default(1),
  residual_multiplier: z.number().default(1),
  logits_scaling: z.number().default(1),
});

export const granite = llamaLike(
  {
    id: 'granite',
    label: 'Granite',
    description: 'Llama-like decoder with multipliers: the dense Granite 3 models.',
    modelTypes: ['granite'],
  },
  GraniteConfig,
  {
    embeddingScale: (config) => config.embedding_multiplier,
    scoreScale: (config) => config.attention_multiplier,
    residualScale: (config) => config.residual_multiplier,
    logitDivisor: (config) => config.logits_scaling,
  },
);
