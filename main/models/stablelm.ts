// StableLM: Llama with layer norms, a quarter of each head rotated, and in its larger versions a feed-forward
// part beside attention instead of behind it, and a norm of its own for each head. Reference: transformers,
// models/stablelm/modeling_stablelm.py.
import { z } from 'zod';
import type { Value } from '../compiler/graph.ts';
import type { Architecture, TensorSpec } from './architecture.ts';
import { headDimOf, kvHeadsOf, linearSpecs } from './blocks/decoder.ts';
import { gated } from './blocks/feed-forward.ts';
import { rotarySettings } from './blocks/rotary.ts';
import type { ModelBuilder } from './builder.ts';
import { LlamaConfig, llamaLike } from './llama.ts';

const StableLmConfig = LlamaConfig.extend({
  layer_norm_eps: z.number().positive().default(1e-5),
  max_position_embeddings: z.int().positive().default(4096),
  use_qkv_bias: z.boolean().default(false),
  qk_layernorm: z.boolean().default(false),
  use_parallel_residual: z.boolean().default(false),
});
type StableLmConfig = z.infer<typeof StableLmConfig>;

const rotary = (config: StableLmConfig) => rotarySettings(config, { partial: 0.25 });

function tensors(config: StableLmConfig): TensorSpec[] {
  const { hidden_size: hidden, intermediate_size: inner, vocab_size: vocabulary } = config;
  const headDim = headDimOf(config);
  const keyWidth = kvHeadsOf(config) * headDim;
  const norm = (module: string): TensorSpec[] => [
    { name: `${module}.weight`, shape: [hidden], kind: 'norm' },
    { name: `${module}.bias`, shape: [hidden], kind: 'bias' },
  ];
  const headNorms = (module: string, heads: number): TensorSpec[] =>
    Array.from({ length: config.qk_layernorm ? heads : 0 }, (_, head) => ({
      name: `${module}.norms.${head}.weight`,
      shape: [headDim],
      kind: 'norm',
    }));
  const layers = Array.from({ length: config.num_hidden_layers }, (_, i): TensorSpec[] => {
    const layer = `model.layers.${i}`;
    const attention = `${layer}.self_attn`;
    return [
      ...norm(`${layer}.input_layernorm`),
      ...linearSpecs(`${attention}.q_proj`, hidden, hidden, config.use_qkv_bias),
      ...linearSpecs(`${attention}.k_proj`, keyWidth, hidden, config.use_qkv_bias),
      ...linearSpecs(`${attention}.v_proj`, keyWidth, hidden, config.use_qkv_bias),
      ...linearSpecs(`${attention}.o_proj`, hidden, hidden, false),
      ...headNorms(`${attention}.q_layernorm`, config.num_attention_heads),
      ...headNorms(`${attention}.k_layernorm`, kvHeadsOf(config)),
      ...(config.use_parallel_residual ? [] : norm(`${layer}.post_attention_layernorm`)),
      ...linearSpecs(`${layer}.mlp.gate_proj`, inner, hidden, false),
      ...linearSpecs(`${layer}.mlp.up_proj`, inner, hidden, false),
      ...linearSpecs(`${layer}.mlp.down_proj`, hidden, inner, false),
    ];
  });
  return [
    { name: 'model.embed_tokens.weight', shape: [vocabulary, hidden], kind: 'embedding' },
    ...layers.flat(),
    ...norm('model.norm'),
    ...(config.tie_word_embeddings ? [] : linearSpecs('lm_head', vocabulary, hidden, false)),
  ];
}

/** Layer norm of each head with gains of its own and no bias: x [rows, heads * headDim]. */
function headNorm(b: ModelBuilder, x: Value, module: string, headDim: number, epsilon: number): Value {
  const { g } = b;
  const heads = x.shape[1] / headDim;
  const ones = g.constant(new Float32Array(headDim).fill(1), [headDim]);
  const zeros = g.constant(new Float32Array(headDim), [headDim]);
  const [normal] = g.layerNorm(g.reshape(x, [-1, headDim]), ones, zeros, epsilon);
  const gains = Array.from({ length: heads }, (_, head) => b.tensor(`${module}.norms.${head}.weight`));
  return g.mul(g.reshape(normal, x.shape), g.concat(gains, 0));
}

function attention(b: ModelBuilder, x: Value, layer: number, config: StableLmConfig): Value {
  const module = `model.layers.${layer}.self_attn`;
  const headDim = headDimOf(config);
  const rope = rotary(config);
  const three = (y: Value) => b.g.reshape(y, [b.batch, b.width, -1]);
  const turned = (y: Value, name: string) => {
    const norm = config.qk_layernorm
      ? headNorm(b, y, `${module}.${name}`, headDim, config.layer_norm_eps)
      : y;
    return b.rotate(three(norm), headDim, rope);
  };
  const [q, k, v] = b.linear(x, [`${module}.q_proj`, `${module}.k_proj`, `${module}.v_proj`]);
  const attended = b.attend(layer, turned(q, 'q_layernorm'), turned(k, 'k_layernorm'), three(v), {
    heads: config.num_attention_heads,
    kvHeads: kvHeadsOf(config),
    headDim,
    scale: headDim ** -0.5,
  });
  return b.linear(b.g.reshape(attended, [b.rows, -1]), [`${module}.o_proj`])[0];
}

function feedForward(b: ModelBuilder, x: Value, layer: number, config: StableLmConfig): Value {
  const module = `model.layers.${layer}.mlp`;
  const [gate, up] = b.linear(x, [`${module}.gate_proj`, `${module}.up_proj`]);
  return b.linear(gated(b.g, config.hidden_act, gate, up), [`${module}.down_proj`])[0];
}

export const stablelm: Architecture<StableLmConfig> = {
  ...llamaLike(
    {
      id: 'stablelm',
      label: 'StableLM',
      description:
        'Llama-like decoder with layer norms and partly rotated heads: StableLM 2 and StableLM 3B.',
      modelTypes: ['stablelm'],
    },
    StableLmConfig,
    { rotary },
  ),
  tensors,
  forward: (b, config) => {
    const norm = (x: Value, module: string) => b.layerNorm(x, module, config.layer_norm_eps);
    let x = b.embed('model.embed_tokens'); // [rows, hidden]
    for (let i = 0; i < config.num_hidden_layers; i++) {
      const layer = `model.layers.${i}`;
      const first = norm(x, `${layer}.input_layernorm`);
      const attended = b.g.add(x, attention(b, first, i, config));
      const second = config.use_parallel_residual
        ? first
        : norm(attended, `${layer}.post_attention_layernorm`);
      x = b.g.add(attended, feedForward(b, second, i, config));
    }
    const weight = config.tie_word_embeddings ? 'model.embed_tokens.weight' : 'lm_head.weight';
    return { hidden: norm(x, 'model.norm'), head: { module: 'lm_head', weight } };
  },
};
