// Phi-3 and Phi-4-mini: Llama with queries, keys and values in one projection, gate and up in another, and
// LongRoPE for long contexts. Adapters go on the fused projections, as PEFT puts them. Reference:
// transformers, models/phi3/modeling_phi3.py.
import { z } from 'zod';
import type { Value } from '../compiler/graph.ts';
import type { Architecture, TensorSpec } from './architecture.ts';
import { headDimOf, headResult, headSpecs, kvHeadsOf, linearSpecs } from './blocks/decoder.ts';
import { gated } from './blocks/feed-forward.ts';
import { decoderGguf, type GgufMapping } from './blocks/gguf-names.ts';
import { rotarySettings } from './blocks/rotary.ts';
import type { ModelBuilder } from './builder.ts';
import { LlamaConfig, llamaLike } from './llama.ts';

const Phi3Config = LlamaConfig.extend({
  rms_norm_eps: z.number().positive().default(1e-5),
  max_position_embeddings: z.int().positive().default(4096),
  original_max_position_embeddings: z.int().positive().nullish().default(4096),
});
type Phi3Config = z.infer<typeof Phi3Config>;

const rotary = (config: Phi3Config) => rotarySettings(config, { partial: 1 });

function tensors(config: Phi3Config): TensorSpec[] {
  const { hidden_size: hidden, intermediate_size: inner, vocab_size: vocabulary } = config;
  const headDim = headDimOf(config);
  const queryWidth = config.num_attention_heads * headDim;
  const keyWidth = kvHeadsOf(config) * headDim;
  const norm = (name: string): TensorSpec => ({ name: `${name}.weight`, shape: [hidden], kind: 'norm' });
  const layers = Array.from({ length: config.num_hidden_layers }, (_, i): TensorSpec[] => {
    const layer = `model.layers.${i}`;
    return [
      norm(`${layer}.input_layernorm`),
      ...linearSpecs(`${layer}.self_attn.qkv_proj`, queryWidth + 2 * keyWidth, hidden, false),
      ...linearSpecs(`${layer}.self_attn.o_proj`, hidden, queryWidth, false),
      norm(`${layer}.post_attention_layernorm`),
      ...linearSpecs(`${layer}.mlp.gate_up_proj`, 2 * inner, hidden, false),
      ...linearSpecs(`${layer}.mlp.down_proj`, hidden, inner, false),
    ];
  });
  return [
    { name: 'model.embed_tokens.weight', shape: [vocabulary, hidden], kind: 'embedding' },
    ...layers.flat(),
    norm('model.norm'),
    ...headSpecs(config),
  ];
}

function attention(b: ModelBuilder, x: Value, layer: number, config: Phi3Config): Value {
  const module = `model.layers.${layer}.self_attn`;
  const headDim = headDimOf(config);
  const queryWidth = config.num_attention_heads * headDim;
  const keyWidth = kvHeadsOf(config) * headDim;
  const rope = rotary(config);
  const three = (y: Value) => b.g.reshape(y, [b.batch, b.width, -1]);
  const [fused] = b.linear(x, [`${module}.qkv_proj`]);
  const [q, k, v] = b.g.split(fused, 1, [queryWidth, keyWidth, keyWidth]).map(three);
  const attended = b.attend(layer, b.rotate(q, headDim, rope), b.rotate(k, headDim, rope), v, {
    heads: config.num_attention_heads,
    kvHeads: kvHeadsOf(config),
    headDim,
    scale: headDim ** -0.5,
    window: config.sliding_window ?? undefined,
  });
  return b.linear(b.g.reshape(attended, [b.rows, -1]), [`${module}.o_proj`])[0];
}

function feedForward(b: ModelBuilder, x: Value, layer: number, config: Phi3Config): Value {
  const module = `model.layers.${layer}.mlp`;
  const inner = config.intermediate_size;
  const [gate, up] = b.g.split(b.linear(x, [`${module}.gate_up_proj`])[0], 1, [inner, inner]);
  return b.linear(gated(b.g, config.hidden_act, gate, up), [`${module}.down_proj`])[0];
}

/** What llama.cpp's loader of this family asks for. */
function ggufNames(config: Phi3Config): GgufMapping {
  if (headDimOf(config) * config.num_attention_heads !== config.hidden_size) {
    return {
      refused: 'has heads of another width than its hidden size gives, which llama.cpp does not know',
    };
  }
  const original = config.original_max_position_embeddings ?? config.max_position_embeddings;
  return decoderGguf(config, {
    architecture: 'phi3',
    rotary: rotary(config),
    sizes: true,
    biases: 'none',
    further: [
      ['rope.scaling.original_context_length', 'UINT32', original],
      ['attention.sliding_window', 'UINT32', config.sliding_window ?? 0],
    ],
  });
}

export const phi3: Architecture<Phi3Config> = {
  ...llamaLike(
    {
      id: 'phi3',
      label: 'Phi-3',
      description: 'Llama-like decoder with fused projections and LongRoPE: Phi-3, Phi-3.5 and Phi-4-mini.',
      modelTypes: ['phi3'],
    },
    Phi3Config,
    { rotary },
    ggufNames,
  ),
  tensors,
  forward: (b, config) => {
    const norm = (x: Value, name: string) => b.rmsNorm(x, `${name}.weight`, config.rms_norm_eps);
    let x = b.embed('model.embed_tokens'); // [rows, hidden]
    for (let i = 0; i < config.num_hidden_layers; i++) {
      const layer = `model.layers.${i}`;
      x = b.g.add(x, attention(b, norm(x, `${layer}.input_layernorm`), i, config));
      x = b.g.add(x, feedForward(b, norm(x, `${layer}.post_attention_layernorm`), i, config));
    }
    return headResult(b, config, norm(x, 'model.norm'));
  },
};
