// Llama 1 to 3 and what is built like it: RMS norms, rotary positions, grouped-query attention, SwiGLU.
// Reference: transformers, models/llama/modeling_llama.py.
import { z } from 'zod';
import type { Value } from '../compiler/graph.ts';
import type { Architecture, TensorSpec } from './architecture.ts';
import { activationNames, gated } from './blocks/feed-forward.ts';
import { RopeScaling } from './blocks/rotary.ts';
import type { ModelBuilder } from './builder.ts';

export const LlamaConfig = z.looseObject({
  vocab_size: z.int().positive(),
  hidden_size: z.int().positive(),
  intermediate_size: z.int().positive(),
  num_hidden_layers: z.int().positive(),
  num_attention_heads: z.int().positive(),
  num_key_value_heads: z.int().positive().optional(),
  head_dim: z.int().positive().nullish(),
  max_position_embeddings: z.int().positive().default(2048),
  rms_norm_eps: z.number().positive().default(1e-6),
  rope_theta: z.number().positive().optional(),
  rope_scaling: RopeScaling.nullish(),
  rope_parameters: RopeScaling.nullish(),
  hidden_act: z.enum(activationNames).default('silu'),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  tie_word_embeddings: z.boolean().default(false),
  sliding_window: z.int().positive().nullish(),
});
export type LlamaConfig = z.infer<typeof LlamaConfig>;

/** What sets the relatives of Llama apart. */
export interface LlamaVariant {
  /** Biases on q, k and v whatever the config says (Qwen2). */
  qkvBias?: boolean;
  /** Biases on the output projection; undefined = as `attention_bias`. */
  outputBias?: boolean;
  /** Window of a layer's attention. */
  window?(config: LlamaConfig, layer: number): number | undefined;
}

export function headDimOf(config: LlamaConfig): number {
  return config.head_dim ?? config.hidden_size / config.num_attention_heads;
}

export function ropeOf(config: LlamaConfig) {
  const scaling = config.rope_scaling ?? config.rope_parameters;
  const theta = config.rope_theta ?? (scaling as { rope_theta?: number } | null | undefined)?.rope_theta ?? 10000;
  return { theta, scaling, maxPositionEmbeddings: config.max_position_embeddings };
}

export function llamaTensors(config: LlamaConfig, variant: LlamaVariant): TensorSpec[] {
  const { hidden_size: hidden, intermediate_size: inner, vocab_size: vocabulary } = config;
  const headDim = headDimOf(config);
  const queryWidth = config.num_attention_heads * headDim;
  const keyWidth = (config.num_key_value_heads ?? config.num_attention_heads) * headDim;
  const qkvBias = variant.qkvBias ?? config.attention_bias;
  const outputBias = variant.outputBias ?? config.attention_bias;
  const linear = (module: string, out: number, input: number, bias: boolean): TensorSpec[] => [
    { name: `${module}.weight`, shape: [out, input], kind: 'linear' },
    ...(bias ? [{ name: `${module}.bias`, shape: [out], kind: 'bias' } as const] : []),
  ];
  const layers = Array.from({ length: config.num_hidden_layers }, (_, i): TensorSpec[] => {
    const layer = `model.layers.${i}`;
    return [
      { name: `${layer}.input_layernorm.weight`, shape: [hidden], kind: 'norm' },
      ...linear(`${layer}.self_attn.q_proj`, queryWidth, hidden, qkvBias),
      ...linear(`${layer}.self_attn.k_proj`, keyWidth, hidden, qkvBias),
      ...linear(`${layer}.self_attn.v_proj`, keyWidth, hidden, qkvBias),
      ...linear(`${layer}.self_attn.o_proj`, hidden, queryWidth, outputBias),
      { name: `${layer}.post_attention_layernorm.weight`, shape: [hidden], kind: 'norm' },
      ...linear(`${layer}.mlp.gate_proj`, inner, hidden, config.mlp_bias),
      ...linear(`${layer}.mlp.up_proj`, inner, hidden, config.mlp_bias),
      ...linear(`${layer}.mlp.down_proj`, hidden, inner, config.mlp_bias),
    ];
  });
  return [
    { name: 'model.embed_tokens.weight', shape: [vocabulary, hidden], kind: 'embedding' },
    ...layers.flat(),
    { name: 'model.norm.weight', shape: [hidden], kind: 'norm' },
    ...(config.tie_word_embeddings
      ? []
      : [{ name: 'lm_head.weight', shape: [vocabulary, hidden], kind: 'linear' } as const]),
  ];
}

function attention(b: ModelBuilder, x: Value, layer: number, config: LlamaConfig, variant: LlamaVariant): Value {
  const module = `model.layers.${layer}.self_attn`;
  const headDim = headDimOf(config);
  const three = (y: Value) => b.g.reshape(y, [b.batch, b.width, -1]);
  const [q, k, v] = b.linear(x, [`${module}.q_proj`, `${module}.k_proj`, `${module}.v_proj`]).map(three);
  const rope = ropeOf(config);
  const attended = b.attend(layer, b.rotate(q, headDim, rope), b.rotate(k, headDim, rope), v, {
    heads: config.num_attention_heads,
    kvHeads: config.num_key_value_heads ?? config.num_attention_heads,
    headDim,
    scale: headDim ** -0.5,
    window: variant.window?.(config, layer),
  });
  return b.linear(b.g.reshape(attended, [b.rows, -1]), [`${module}.o_proj`])[0];
}

function feedForward(b: ModelBuilder, x: Value, layer: number, config: LlamaConfig): Value {
  const module = `model.layers.${layer}.mlp`;
  const [gate, up] = b.linear(x, [`${module}.gate_proj`, `${module}.up_proj`]);
  const inner = gated(b.g, config.hidden_act, gate, up, b.selective);
  return b.linear(inner, [`${module}.down_proj`])[0];
}

export function llamaForward(b: ModelBuilder, config: LlamaConfig, variant: LlamaVariant) {
  const norm = (x: Value, name: string) => b.rmsNorm(x, `${name}.weight`, config.rms_norm_eps);
  let x = b.embed('model.embed_tokens.weight'); // [rows, hidden]
  for (let i = 0; i < config.num_hidden_layers; i++) {
    const layer = `model.layers.${i}`;
    x = b.g.add(x, attention(b, norm(x, `${layer}.input_layernorm`), i, config, variant));
    x = b.g.add(x, feedForward(b, norm(x, `${layer}.post_attention_layernorm`), i, config));
  }
  const weight = config.tie_word_embeddings ? 'model.embed_tokens.weight' : 'lm_head.weight';
  return { hidden: norm(x, 'model.norm'), head: { module: 'lm_head', weight } };
}

/** An architecture of Llama's kind. */
export function llamaLike(
  entry: Pick<Architecture, 'id' | 'label' | 'description' | 'modelTypes'>,
  variant: LlamaVariant,
): Architecture<LlamaConfig> {
  return {
    ...entry,
    task: 'causal',
    Config: LlamaConfig,
    shape: (config) => ({
      vocabularySize: config.vocab_size,
      hiddenSize: config.hidden_size,
      layers: config.num_hidden_layers,
      contextLength: config.max_position_embeddings,
      kvHeads: config.num_key_value_heads ?? config.num_attention_heads,
      headDim: headDimOf(config),
      tiedEmbeddings: config.tie_word_embeddings,
    }),
    tensors: (config) => llamaTensors(config, variant),
    outputModules: ['lm_head'],
    forward: (builder, config) => llamaForward(builder, config, variant),
  };
}

export const llama = llamaLike(
  {
    id: 'llama',
    label: 'Llama',
    description: 'Decoder with RMS norms, rotary positions and SwiGLU: Llama 1 to 3, TinyLlama, SmolLM2 and relatives.',
    modelTypes: ['llama'],
  },
  {},
);
