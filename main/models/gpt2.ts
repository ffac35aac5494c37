// GPT-2: learned positions, layer norms with biases, and linear layers stored as Conv1D, [in, out]. Its
// dropout in pre-training (0.1) is not applied in fine-tuning. Reference: transformers,
// models/gpt2/modeling_gpt2.py.
import { z } from 'zod';
import type { Value } from '../compiler/graph.ts';
import type { Architecture, TensorSpec } from './architecture.ts';
import { linearSpecs } from './blocks/decoder.ts';
import { activation, activationNames } from './blocks/feed-forward.ts';
import { type GgufMapping, renamedFor } from './blocks/gguf-names.ts';
import { headFields, labelCount, lastPlaces, linearHead, objectiveOf } from './blocks/heads.ts';
import type { ModelBuilder } from './builder.ts';

const Gpt2Config = z
  .looseObject({
    vocab_size: z.int().positive().default(50257),
    n_positions: z.int().positive().default(1024),
    n_embd: z.int().positive().default(768),
    n_layer: z.int().positive().default(12),
    n_head: z.int().positive().default(12),
    n_inner: z.int().positive().nullish(),
    activation_function: z.enum(activationNames).default('gelu_new'),
    layer_norm_epsilon: z.number().positive().default(1e-5),
    scale_attn_weights: z.boolean().default(true),
    scale_attn_by_inverse_layer_idx: z.boolean().default(false),
    add_cross_attention: z.literal(false).default(false),
    tie_word_embeddings: z.boolean().default(true),
    ...headFields,
  })
  .refine(({ n_embd, n_head }) => n_embd % n_head === 0, {
    path: ['n_head'],
    message: 'does not divide n_embd',
  });
type Gpt2Config = z.infer<typeof Gpt2Config>;

const objective = (config: Gpt2Config) => objectiveOf(config, 'causal-lm');

function tensors(config: Gpt2Config): TensorSpec[] {
  const { n_embd: hidden, vocab_size: vocabulary } = config;
  const inner = config.n_inner ?? 4 * hidden;
  const conv = (module: string, input: number, out: number, deviation = 1): TensorSpec[] => [
    { name: `${module}.weight`, shape: [input, out], kind: 'conv1d', deviation },
    { name: `${module}.bias`, shape: [out], kind: 'bias' },
  ];
  const norm = (module: string): TensorSpec[] => [
    { name: `${module}.weight`, shape: [hidden], kind: 'norm' },
    { name: `${module}.bias`, shape: [hidden], kind: 'bias' },
  ];
  // what is added to the residual stream starts smaller, so that its variance does not grow with the layers
  const residual = 1 / Math.sqrt(2 * config.n_layer);
  const layers = Array.from({ length: config.n_layer }, (_, i): TensorSpec[] => {
    const layer = `transformer.h.${i}`;
    return [
      ...norm(`${layer}.ln_1`),
      ...conv(`${layer}.attn.c_attn`, hidden, 3 * hidden),
      ...conv(`${layer}.attn.c_proj`, hidden, hidden, residual),
      ...norm(`${layer}.ln_2`),
      ...conv(`${layer}.mlp.c_fc`, hidden, inner),
      ...conv(`${layer}.mlp.c_proj`, inner, hidden, residual),
    ];
  });
  return [
    { name: 'transformer.wte.weight', shape: [vocabulary, hidden], kind: 'embedding' },
    { name: 'transformer.wpe.weight', shape: [config.n_positions, hidden], kind: 'embedding' },
    ...layers.flat(),
    ...norm('transformer.ln_f'),
    ...headSpecs(config),
  ];
}

/** The output layer: of tokens, or of a classifier, which sees a text from its last token. */
function headSpecs(config: Gpt2Config): TensorSpec[] {
  const { n_embd: hidden, vocab_size: vocabulary } = config;
  const head = objective(config);
  if (head === 'classification') return linearSpecs('score', labelCount(config), hidden, false);
  if (head === 'token-classification') return linearSpecs('classifier', labelCount(config), hidden, true);
  return config.tie_word_embeddings ? [] : linearSpecs('lm_head', vocabulary, hidden, false);
}

function attention(b: ModelBuilder, x: Value, layer: number, config: Gpt2Config): Value {
  const { n_embd: hidden, n_head: heads } = config;
  const module = `transformer.h.${layer}.attn`;
  const headDim = hidden / heads;
  const three = (y: Value) => b.g.reshape(y, [b.batch, b.width, hidden]);
  const [fused] = b.linear(x, [`${module}.c_attn`], 'conv1d');
  const [q, k, v] = b.g.split(fused, 1, [hidden, hidden, hidden]).map(three);
  const scale = config.scale_attn_weights ? headDim ** -0.5 : 1;
  const attended = b.attend(layer, q, k, v, {
    heads,
    kvHeads: heads,
    headDim,
    scale: config.scale_attn_by_inverse_layer_idx ? scale / (layer + 1) : scale,
  });
  return b.linear(b.g.reshape(attended, [b.rows, hidden]), [`${module}.c_proj`], 'conv1d')[0];
}

function feedForward(b: ModelBuilder, x: Value, layer: number, config: Gpt2Config): Value {
  const module = `transformer.h.${layer}.mlp`;
  const [inner] = b.linear(x, [`${module}.c_fc`], 'conv1d');
  const active = activation(b.g, config.activation_function, inner);
  return b.linear(active, [`${module}.c_proj`], 'conv1d')[0];
}

/** Conv1D weights are turned round. */
function ggufNames(config: Gpt2Config): GgufMapping {
  if (config.activation_function !== 'gelu_new') {
    return { refused: `uses ${config.activation_function}, where llama.cpp has gelu_new` };
  }
  if (!config.scale_attn_weights || config.scale_attn_by_inverse_layer_idx) {
    return { refused: 'scales its scores otherwise than llama.cpp does' };
  }
  const { n_embd: hidden } = config;
  const whole = {
    'transformer.wte': 'token_embd',
    'transformer.wpe': 'position_embd',
    'transformer.ln_f': 'output_norm',
    lm_head: 'output',
  };
  const inLayer = {
    ln_1: 'attn_norm',
    'attn.c_attn': 'attn_qkv',
    'attn.c_proj': 'attn_output',
    ln_2: 'ffn_norm',
    'mlp.c_fc': 'ffn_up',
    'mlp.c_proj': 'ffn_down',
  };
  return {
    architecture: 'gpt2',
    metadata: [
      ['block_count', 'UINT32', config.n_layer],
      ['context_length', 'UINT32', config.n_positions],
      ['embedding_length', 'UINT32', hidden],
      ['feed_forward_length', 'UINT32', config.n_inner ?? 4 * hidden],
      ['attention.head_count', 'UINT32', config.n_head],
      ['attention.layer_norm_epsilon', 'FLOAT32', config.layer_norm_epsilon],
    ],
    tensor: (name) => {
      const found = renamedFor(name, 'transformer.h.', whole, inLayer);
      if (found === undefined) return undefined;
      return { name: found, ...(/\.c_\w+\.weight$/.test(name) ? { layout: 'transposed' } : {}) };
    },
  };
}

export const gpt2: Architecture<Gpt2Config> = {
  id: 'gpt2',
  label: 'GPT-2',
  description: 'Decoder with learned positions and layer norms: GPT-2, DistilGPT-2 and relatives.',
  modelTypes: ['gpt2'],
  task: 'causal',
  objective,
  Config: Gpt2Config,
  shape: (config) => ({
    vocabularySize: config.vocab_size,
    hiddenSize: config.n_embd,
    layers: config.n_layer,
    contextLength: config.n_positions,
    kvHeads: config.n_head,
    headDim: config.n_embd / config.n_head,
    tiedEmbeddings: config.tie_word_embeddings && objective(config) === 'causal-lm',
  }),
  tensors,
  // the first published checkpoints name their tensors without the prefix
  rename: (name) => (/^(wte|wpe|h|ln_f)\./.test(name) ? `transformer.${name}` : name),
  outputModules: ['lm_head', 'score', 'classifier'],
  ggufNames,
  forward: (b, config) => {
    const norm = (x: Value, module: string) => b.layerNorm(x, module, config.layer_norm_epsilon);
    const places = b.embed('transformer.wpe', { ids: b.options.positions });
    let x = b.g.add(b.embed('transformer.wte'), places); // [rows, hidden]
    for (let i = 0; i < config.n_layer; i++) {
      const layer = `transformer.h.${i}`;
      x = b.g.add(x, attention(b, norm(x, `${layer}.ln_1`), i, config));
      x = b.g.add(x, feedForward(b, norm(x, `${layer}.ln_2`), i, config));
    }
    const last = norm(x, 'transformer.ln_f');
    const head = objective(config);
    if (head === 'token-classification') return linearHead(last, 'classifier');
    if (head === 'classification') return lastPlaces(b, last);
    const weight = config.tie_word_embeddings ? 'transformer.wte.weight' : 'lm_head.weight';
    return { hidden: last, head: { module: 'lm_head', weight } };
  },
};
