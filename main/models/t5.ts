// T5 and T5 v1.1: an encoder and a decoder with relative positions, RMS norms, no biases and unscaled scores. v1.1 has gated
// feed-forward layers and an output layer of its own. Dropout of pre-training is not applied in fine-tuning.
// Reference: Raffel et al. 2020, https://arxiv.org/abs/1910.10683; transformers, models/t5/modeling_t5.py.
import { z } from 'zod';
import type { Value } from '../compiler/graph.ts';
import { AppError } from '../errors.ts';
import type { Architecture, ForwardResult, TensorSpec } from './architecture.ts';
import { linearSpecs } from './blocks/decoder.ts';
import { causalMask, encoderAttention, segmentMask, tokenMask } from './blocks/encoder-attention.ts';
import { type ActivationName, activation, activationNames, gated } from './blocks/feed-forward.ts';
import { relativeBias } from './blocks/relative-position.ts';
import type { ModelBuilder } from './builder.ts';

const T5Config = z.looseObject({
  vocab_size: z.int().positive().default(32128),
  d_model: z.int().positive().default(512),
  d_kv: z.int().positive().default(64),
  d_ff: z.int().positive().default(2048),
  num_layers: z.int().positive().default(6),
  num_decoder_layers: z.int().positive().nullish(),
  num_heads: z.int().positive().default(8),
  relative_attention_num_buckets: z.int().positive().default(32),
  relative_attention_max_distance: z.int().positive().default(128),
  layer_norm_epsilon: z.number().positive().default(1e-6),
  feed_forward_proj: z.string().default('relu'),
  n_positions: z.int().positive().default(512),
  tie_word_embeddings: z.boolean().default(true),
  scale_decoder_outputs: z.boolean().nullish(),
  decoder_start_token_id: z.int().nonnegative().default(0),
});
type T5Config = z.infer<typeof T5Config>;

const decoderLayers = (config: T5Config) => config.num_decoder_layers ?? config.num_layers;

/** `gated-gelu` is the approximated GELU, whatever it is called elsewhere. */
function activationOf({ feed_forward_proj: name }: T5Config): { isGated: boolean; name: ActivationName } {
  const isGated = name.startsWith('gated-');
  const plain = name === 'gated-gelu' ? 'gelu_new' : name.replace(/^gated-/, '');
  const known = activationNames.find((candidate) => candidate === plain);
  if (known !== undefined) return { isGated, name: known };
  throw new AppError(
    'activation-unsupported',
    `The model's feed-forward layers use "${name}", which Tunesmith does not know.`,
    'Choose another model.',
  );
}

/** A stack of layers: `parts` are the kinds of attention in a layer, in order. */
function stackTensors(
  config: T5Config,
  stack: string,
  layers: number,
  parts: readonly string[],
): TensorSpec[] {
  const { d_model: hidden, d_ff: inner, num_heads: heads } = config;
  const width = heads * config.d_kv;
  const norm = (module: string): TensorSpec => ({ name: `${module}.weight`, shape: [hidden], kind: 'norm' });
  const ups = activationOf(config).isGated ? ['wi_0', 'wi_1'] : ['wi'];
  const blocks = Array.from({ length: layers }, (_, i): TensorSpec[] => {
    const layer = (part: number) => `${stack}.block.${i}.layer.${part}`;
    const attentions = parts.flatMap((part, k): TensorSpec[] => [
      norm(`${layer(k)}.layer_norm`),
      ...['q', 'k', 'v'].flatMap((name) => linearSpecs(`${layer(k)}.${part}.${name}`, width, hidden, false)),
      ...linearSpecs(`${layer(k)}.${part}.o`, hidden, width, false),
      ...(i === 0 && k === 0
        ? [
            {
              name: `${layer(k)}.${part}.relative_attention_bias.weight`,
              shape: [config.relative_attention_num_buckets, heads],
              kind: 'embedding',
            } as const,
          ]
        : []),
    ]);
    const last = layer(parts.length);
    return [
      ...attentions,
      norm(`${last}.layer_norm`),
      ...ups.flatMap((name) => linearSpecs(`${last}.DenseReluDense.${name}`, inner, hidden, false)),
      ...linearSpecs(`${last}.DenseReluDense.wo`, hidden, inner, false),
    ];
  });
  return [...blocks.flat(), norm(`${stack}.final_layer_norm`)];
}

function tensors(config: T5Config): TensorSpec[] {
  const { vocab_size: vocabulary, d_model: hidden } = config;
  return [
    { name: 'shared.weight', shape: [vocabulary, hidden], kind: 'embedding' },
    ...stackTensors(config, 'encoder', config.num_layers, ['SelfAttention']),
    ...stackTensors(config, 'decoder', decoderLayers(config), ['SelfAttention', 'EncDecAttention']),
    ...(config.tie_word_embeddings ? [] : linearSpecs('lm_head', vocabulary, hidden, false)),
  ];
}

/** What the layers of a stack share: masks and biases of its attention. */
interface Stack {
  name: string;
  layers: number;
  mask: Value | undefined;
  bias: Value;
  /** Output of the encoder [batch * width, hidden], for the decoder, and the mask of its padding. */
  memory?: { rows: Value; mask: Value | undefined };
}

function stackForward(b: ModelBuilder, config: T5Config, start: Value, stack: Stack): Value {
  const { g } = b;
  const { num_heads: heads, d_kv: headDim, layer_norm_epsilon: epsilon } = config;
  const norm = (y: Value, module: string) => b.rmsNorm(y, `${module}.weight`, epsilon);
  const three = (y: Value) => g.reshape(y, [b.batch, -1, heads * headDim]);
  const attend = (module: string, q: Value, k: Value, v: Value, mask: Value | undefined, bias?: Value) => {
    const spec = { heads, headDim, scale: 1, mask, bias };
    const attended = encoderAttention(g, three(q), three(k), three(v), spec, b.selective);
    return b.linear(g.reshape(attended, [-1, heads * headDim]), [`${module}.o`])[0];
  };
  const { isGated, name } = activationOf(config);

  let x = start;
  for (let i = 0; i < stack.layers; i++) {
    const layer = (part: number) => `${stack.name}.block.${i}.layer.${part}`;
    let part = 0;
    const self = `${layer(part)}.SelfAttention`;
    const seen = norm(x, `${layer(part++)}.layer_norm`);
    const [q, k, v] = b.linear(seen, [`${self}.q`, `${self}.k`, `${self}.v`]);
    x = g.add(x, attend(self, q, k, v, stack.mask, stack.bias));
    if (stack.memory !== undefined) {
      const cross = `${layer(part)}.EncDecAttention`;
      const [asked] = b.linear(norm(x, `${layer(part++)}.layer_norm`), [`${cross}.q`]);
      const [keys, values] = b.linear(stack.memory.rows, [`${cross}.k`, `${cross}.v`]);
      x = g.add(x, attend(cross, asked, keys, values, stack.memory.mask));
    }
    const dense = `${layer(part)}.DenseReluDense`;
    const before = norm(x, `${layer(part)}.layer_norm`);
    const ups = b.linear(before, isGated ? [`${dense}.wi_0`, `${dense}.wi_1`] : [`${dense}.wi`]);
    const inner = isGated ? gated(g, name, ups[0], ups[1]) : activation(g, name, ups[0]);
    x = g.add(x, b.linear(inner, [`${dense}.wo`])[0]);
  }
  return norm(x, `${stack.name}.final_layer_norm`);
}

function forward(b: ModelBuilder, config: T5Config): ForwardResult {
  const { g } = b;
  const { segments } = b.options;
  const targets = b.input('targetIds');
  const targetWidth = targets.shape[1];
  const bias = (stack: string, width: number, bothSides: boolean) =>
    relativeBias(b, `${stack}.block.0.layer.0.SelfAttention.relative_attention_bias`, width, width, {
      buckets: config.relative_attention_num_buckets,
      maxDistance: config.relative_attention_max_distance,
      bothSides,
    });
  const encoded = stackForward(b, config, b.embed('shared'), {
    name: 'encoder',
    layers: config.num_layers,
    mask: segments && segmentMask(g, segments),
    bias: bias('encoder', b.width, true),
  });
  const decoded = stackForward(b, config, b.embed('shared', { ids: targets }), {
    name: 'decoder',
    layers: decoderLayers(config),
    mask: causalMask(g, targetWidth),
    bias: bias('decoder', targetWidth, false),
    memory: { rows: encoded, mask: segments && tokenMask(g, segments) },
  });
  const scaled = config.scale_decoder_outputs ?? config.tie_word_embeddings;
  return {
    hidden: scaled ? g.mul(decoded, config.d_model ** -0.5) : decoded,
    head: { module: 'lm_head', weight: config.tie_word_embeddings ? 'shared.weight' : 'lm_head.weight' },
  };
}

export const t5: Architecture<T5Config> = {
  id: 't5',
  label: 'T5',
  description: 'Encoder and decoder for texts out of texts: T5, T5 v1.1, FLAN-T5.',
  modelTypes: ['t5', 'mt5'],
  proven: ['t5'],
  task: 'seq2seq',
  objective: () => 'seq2seq-lm',
  decoderStart: (config) => config.decoder_start_token_id,
  Config: T5Config,
  shape: (config) => ({
    vocabularySize: config.vocab_size,
    hiddenSize: config.d_model,
    layers: decoderLayers(config),
    contextLength: config.n_positions,
    kvHeads: 0,
    headDim: 0,
    tiedEmbeddings: config.tie_word_embeddings,
  }),
  tensors,
  outputModules: ['lm_head'],
  forward,
};
