// Llama 1 to 3 and what is built like it: RMS norms, rotary positions, grouped-query attention, SwiGLU.
// Reference: transformers, models/llama/modeling_llama.py.
import { z } from 'zod';
import type { Architecture } from './architecture.ts';
import {
  type DecoderConfig,
  type DecoderVariant,
  decoderForward,
  decoderTensors,
  headDimOf,
  kvHeadsOf,
  lengthsOf,
} from './blocks/decoder.ts';
import { activationNames } from './blocks/feed-forward.ts';
import { decoderGguf, type GgufMapping } from './blocks/gguf-names.ts';
import { headFields, objectiveOf } from './blocks/heads.ts';
import { rotaryFields } from './blocks/rotary.ts';

export const LlamaConfig = z.looseObject({
  vocab_size: z.int().positive(),
  hidden_size: z.int().positive(),
  intermediate_size: z.int().positive(),
  num_hidden_layers: z.int().positive(),
  num_attention_heads: z.int().positive(),
  num_key_value_heads: z.int().positive().nullish(),
  head_dim: z.int().positive().nullish(),
  rms_norm_eps: z.number().positive().default(1e-6),
  hidden_act: z.enum(activationNames).default('silu'),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  tie_word_embeddings: z.boolean().default(false),
  sliding_window: z.int().positive().nullish(),
  ...headFields,
  ...rotaryFields,
});
export type LlamaConfig = z.infer<typeof LlamaConfig>;

type Entry = Pick<Architecture, 'id' | 'label' | 'description' | 'modelTypes' | 'proven'>;

/** An architecture of Llama's kind; `Config` where its defaults or fields differ. */
export function llamaLike<Config extends DecoderConfig>(
  entry: Entry,
  Config: z.ZodType<Config>,
  variant: DecoderVariant<Config>,
  ggufNames?: (config: Config) => GgufMapping,
): Architecture<Config> {
  return {
    ...entry,
    task: 'causal',
    objective: (config) => objectiveOf(config, 'causal-lm'),
    Config,
    shape: (config) => ({
      vocabularySize: config.vocab_size,
      hiddenSize: config.hidden_size,
      layers: config.num_hidden_layers,
      ...lengthsOf(config, variant),
      kvHeads: kvHeadsOf(config),
      headDim: headDimOf(config),
      tiedEmbeddings: config.tie_word_embeddings && objectiveOf(config, 'causal-lm') === 'causal-lm',
    }),
    tensors: (config) => decoderTensors(config, variant),
    // of a checkpoint that was saved without its output layer
    rename: (name) => (/^(embed_tokens|layers|norm)\./.test(name) ? `model.${name}` : name),
    outputModules: ['lm_head', 'score'],
    ...(ggufNames === undefined ? {} : { ggufNames }),
    forward: (builder, config) => decoderForward(builder, config, variant),
  };
}

export const llama = llamaLike(
  {
    id: 'llama',
    label: 'Llama',
    description:
      'Decoder with RMS norms, rotary positions and SwiGLU: Llama 1 to 3, TinyLlama, SmolLM2 and relatives.',
    modelTypes: ['llama'],
  },
  LlamaConfig,
  {},
  (config) => decoderGguf(config, { architecture: 'llama', permuted: true, sizes: true, biases: 'all' }),
);
