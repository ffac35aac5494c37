// OLMo 2: Llama with its norms after each part of a layer instead of before, and norms over all queries and
// all keys. Reference: transformers, models/olmo2/modeling_olmo2.py.
import { z } from 'zod';
import { LlamaConfig, llamaLike } from './llama.ts';

export const olmo2 = llamaLike(
  {
    id: 'olmo2',
    label: 'OLMo 2',
    description: 'Llama-like decoder with norms on what each part adds: OLMo 2.',
    modelTypes: ['olmo2'],
  },
  LlamaConfig.extend({ rms_norm_eps: z.number().positive().default(1e-5) }),
  { norms: 'after', queryKeyNorm: 'whole' },
);
