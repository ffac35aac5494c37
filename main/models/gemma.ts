// Gemma 1, 2 and the text models of Gemma 3: gains stored around 0 and scaled embeddings. From Gemma 2 on also norms
// before and after each part of a layer, and windows in most layers. Gemma 2 caps its scores and logits; Gemma 3 norms
// queries and keys, and turns the positions of its windowed layers with a base of their own. Reference: transformers,
// models/gemma/modeling_gemma.py, models/gemma2/modeling_gemma2.py and models/gemma3/modeling_gemma3.py.
import { z } from 'zod';
import type { DecoderVariant } from './blocks/decoder.ts';
import { activationNames } from './blocks/feed-forward.ts';
import { decoderGguf, type GgufMapping } from './blocks/gguf-names.ts';
import { slidesAt, windowFields, windowOf } from './blocks/layer-types.ts';
import { RopeScaling, type RotarySettings, ropeType, rotarySettings } from './blocks/rotary.ts';
import { LlamaConfig, llamaLike } from './llama.ts';

const Gemma1Config = LlamaConfig.extend({
  head_dim: z.int().positive().default(256),
  num_key_value_heads: z.int().positive().default(16),
  max_position_embeddings: z.int().positive().default(8192),
  hidden_act: z.enum(activationNames).default('gelu_pytorch_tanh'),
  tie_word_embeddings: z.boolean().default(true),
  use_bidirectional_attention: z.literal(false).nullish(),
}).transform((config) => ({
  ...config,
  // what the first files call "gelu" was trained with its tanh form
  hidden_act: config.hidden_act === 'gelu' ? ('gelu_pytorch_tanh' as const) : config.hidden_act,
}));

export const gemma = llamaLike(
  {
    id: 'gemma',
    label: 'Gemma',
    description: 'Decoder with gains around 0 and scaled embeddings: the first Gemma and CodeGemma.',
    modelTypes: ['gemma'],
  },
  Gemma1Config,
  { normOffset: 1, embeddingScale: (config) => config.hidden_size ** 0.5 },
);

const GemmaConfig = LlamaConfig.extend({
  ...windowFields,
  sliding_window: z.int().positive().nullish().default(4096),
  head_dim: z.int().positive().default(256),
  num_key_value_heads: z.int().positive().default(4),
  hidden_activation: z.enum(activationNames).nullish(),
  query_pre_attn_scalar: z.number().positive().default(256),
  attn_logit_softcapping: z.number().positive().nullish(),
  final_logit_softcapping: z.number().positive().nullish(),
  tie_word_embeddings: z.boolean().default(true),
  // models that see the future too are no language models
  use_bidirectional_attention: z.literal(false).nullish(),
});
type GemmaConfig = z.infer<typeof GemmaConfig>;

/** `hidden_act` of older files is not what the model computes: `hidden_activation` counts. */
const withActivation = <Config extends GemmaConfig>(config: Config): Config => ({
  ...config,
  hidden_act: config.hidden_activation ?? 'gelu_pytorch_tanh',
});

const shared = {
  norms: 'both',
  normOffset: 1,
  scoreScale: (config) => config.query_pre_attn_scalar ** -0.5,
  logitSoftcap: (config) => config.final_logit_softcapping ?? undefined,
  embeddingScale: (config) => config.hidden_size ** 0.5,
} satisfies DecoderVariant<GemmaConfig>;

const Gemma2Config = GemmaConfig.extend({
  max_position_embeddings: z.int().positive().default(8192),
  attn_logit_softcapping: z.number().positive().nullish().default(50),
  final_logit_softcapping: z.number().positive().nullish().default(30),
}).transform(withActivation);

export const gemma2 = llamaLike(
  {
    id: 'gemma2',
    label: 'Gemma 2',
    description: 'Decoder with capped scores and windows in every other layer: Gemma 2.',
    modelTypes: ['gemma2'],
  },
  Gemma2Config,
  {
    ...shared,
    window: (config, layer) => windowOf(config, slidesAt(config, layer, layer % 2 === 0)),
    scoreSoftcap: (config) => config.attn_logit_softcapping ?? undefined,
  },
);

/** One rotation for all layers, or one for each type of layer. */
const PerLayerType = z.looseObject({
  full_attention: RopeScaling.nullish(),
  sliding_attention: RopeScaling.nullish(),
});

const Gemma3Config = GemmaConfig.extend({
  max_position_embeddings: z.int().positive().default(131072),
  rope_parameters: PerLayerType.nullish(),
  rope_local_base_freq: z.number().positive().default(10000),
  sliding_window_pattern: z.int().positive().default(6),
}).transform(withActivation);
type Gemma3Config = z.infer<typeof Gemma3Config>;

/** Whether a layer is a windowed one: without `layer_types`, all but every `sliding_window_pattern`th are. */
function slides(config: Gemma3Config, layer: number): boolean {
  return slidesAt(config, layer, (layer + 1) % config.sliding_window_pattern !== 0);
}

/** Windowed layers: a base of their own, never scaled. The others: `rope_theta` and `rope_scaling`. */
function gemma3Rotary(config: Gemma3Config, layer: number): RotarySettings {
  const { rope_parameters: parameters, rope_scaling: scaling, rope_theta: theta, ...rest } = config;
  return slides(config, layer)
    ? rotarySettings({
        ...rest,
        rope_theta: config.rope_local_base_freq,
        rope_scaling: parameters?.sliding_attention,
      })
    : rotarySettings(
        { ...rest, rope_theta: theta, rope_scaling: scaling ?? parameters?.full_attention },
        { theta: 1e6 },
      );
}

/** llama.cpp fixes the order of windowed layers, their rotation, and the scale of scores. */
function gemma3Gguf(config: Gemma3Config): GgufMapping {
  const layers = Array.from({ length: config.num_hidden_layers }, (_, i) => i);
  if (layers.some((layer) => slides(config, layer) !== ((layer + 1) % 6 !== 0))) {
    return { refused: 'has windowed layers in another order than llama.cpp’s, where every sixth sees all' };
  }
  const local = layers.filter((layer) => slides(config, layer)).map((layer) => gemma3Rotary(config, layer));
  if (local.some(({ theta, scaling }) => theta !== 10000 || ropeType(scaling) !== 'default')) {
    return { refused: 'turns its windowed layers by another base than 10000, which llama.cpp does not read' };
  }
  if (config.query_pre_attn_scalar !== config.head_dim) {
    return { refused: 'scales its scores otherwise than by the width of a head, as llama.cpp does' };
  }
  if (config.final_logit_softcapping || config.attn_logit_softcapping) {
    return { refused: 'caps scores or logits, which llama.cpp does not know in its family' };
  }
  const seesAll = layers.find((layer) => !slides(config, layer));
  return decoderGguf(config, {
    architecture: 'gemma3',
    headWidth: 'always',
    norms: 'both',
    normOffset: 1,
    biases: 'none',
    activation: 'gelu_pytorch_tanh',
    rotary: gemma3Rotary(config, seesAll ?? 5),
    further: [['attention.sliding_window', 'UINT32', config.sliding_window ?? 0]],
  });
}

export const gemma3 = llamaLike(
  {
    id: 'gemma3_text',
    label: 'Gemma 3',
    description:
      'Decoder with norms around each part and windows in five of six layers: text models of Gemma 3.',
    modelTypes: ['gemma3_text'],
  },
  Gemma3Config,
  {
    ...shared,
    queryKeyNorm: 'head',
    window: (config, layer) => windowOf(config, slides(config, layer)),
    rotary: gemma3Rotary,
  },
  gemma3Gguf,
);
