// T5 and T5 v1.1: an encoder and a decoder with relative positions, RMS norms, no biases and unscaled scores. v1.1 has gated
// feed-forward layers and an output layer of its own. Dropout of pre-training is not applied in fine-tuning.
// Reference: Raffel et al. 2020, https://arxiv.org/abs/1910.10683; transformers, models/t5/modeling_t5.py.
import { z } from 'zod';
import type { Value } from '../compiler/graph.ts';
import { AppError } from '../errors.ts';
import type { ForwardResult, TensorSpec } from './architecture.ts';
import { causalMask, encoderAttention, segmentMask, tokenMask } from './blocks/encoder-attention.ts';
import { type ActivationName, activation, activationNames, gated } from './blocks/feed-forward.ts';
import { nextBias, type RelativePositions, relativeBias } from './blocks/relative-position.ts';
import type { ModelBuilder } from './builder.ts';
import type { EncoderDecoder, TargetStep } from './encoder-decoder.ts';

const T5Config = z.looseObject({
  model_type: z.string().nullish(),
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
  initializer_factor: z.number().positive().default(1),
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

/** A new one is drawn as transformers draws it (`_init_weights`): queries smaller, since their scores are not scaled. */
function matrix(config: T5Config, module: string, out: number, input: number, deviation = input ** -0.5) {
  const standardDeviation = config.initializer_factor * deviation;
  return { name: `${module}.weight`, shape: [out, input], kind: 'linear', standardDeviation } as const;
}

/** A stack of layers: `parts` are the kinds of attention in a layer, in order. */
function stackTensors(
  config: T5Config,
  stack: string,
  layers: number,
  parts: readonly string[],
): TensorSpec[] {
  const { d_model: hidden, d_ff: inner, num_heads: heads, d_kv: headDim } = config;
  const width = heads * headDim;
  const norm = (module: string): TensorSpec => ({ name: `${module}.weight`, shape: [hidden], kind: 'norm' });
  const ups = activationOf(config).isGated ? ['wi_0', 'wi_1'] : ['wi'];
  const blocks = Array.from({ length: layers }, (_, i): TensorSpec[] => {
    const layer = (part: number) => `${stack}.block.${i}.layer.${part}`;
    const attentions = parts.flatMap((part, k): TensorSpec[] => [
      norm(`${layer(k)}.layer_norm`),
      matrix(config, `${layer(k)}.${part}.q`, width, hidden, (hidden * headDim) ** -0.5),
      matrix(config, `${layer(k)}.${part}.k`, width, hidden),
      matrix(config, `${layer(k)}.${part}.v`, width, hidden),
      matrix(config, `${layer(k)}.${part}.o`, hidden, width),
      ...(i === 0 && k === 0
        ? [
            {
              name: `${layer(k)}.${part}.relative_attention_bias.weight`,
              shape: [config.relative_attention_num_buckets, heads],
              kind: 'embedding',
              standardDeviation: config.initializer_factor * hidden ** -0.5,
            } as const,
          ]
        : []),
    ]);
    const last = layer(parts.length);
    return [
      ...attentions,
      norm(`${last}.layer_norm`),
      ...ups.map((name) => matrix(config, `${last}.DenseReluDense.${name}`, inner, hidden)),
      matrix(config, `${last}.DenseReluDense.wo`, hidden, inner),
    ];
  });
  return [...blocks.flat(), norm(`${stack}.final_layer_norm`)];
}

function tensors(config: T5Config): TensorSpec[] {
  const { vocab_size: vocabulary, d_model: hidden, initializer_factor: factor } = config;
  return [
    {
      name: 'shared.weight',
      shape: [vocabulary, hidden],
      kind: 'embedding',
      standardDeviation: factor,
      readers: ['encoder.embed_tokens', 'decoder.embed_tokens'],
    },
    ...stackTensors(config, 'encoder', config.num_layers, ['SelfAttention']),
    ...stackTensors(config, 'decoder', decoderLayers(config), ['SelfAttention', 'EncDecAttention']),
    ...(config.tie_word_embeddings ? [] : [matrix(config, 'lm_head', vocabulary, hidden, 1)]),
  ];
}

/** What the layers of a stack attend to. Queries, keys and values are [rows, heads * headDim], as what comes back. */
interface Stack {
  name: string;
  layers: number;
  self(layer: number, q: Value, k: Value, v: Value): Value;
  /** Attention of a decoder to the encoder, through the weights of `module`. */
  cross?(layer: number, q: Value, module: string): Value;
}

const crossModule = (layer: number) => `decoder.block.${layer}.layer.1.EncDecAttention`;

function stackForward(b: ModelBuilder, config: T5Config, start: Value, stack: Stack): Value {
  const { g } = b;
  const norm = (y: Value, module: string) => b.rmsNorm(y, `${module}.weight`, config.layer_norm_epsilon);
  const { isGated, name } = activationOf(config);

  let x = start;
  for (let i = 0; i < stack.layers; i++) {
    const layer = (part: number) => `${stack.name}.block.${i}.layer.${part}`;
    let part = 0;
    const self = `${layer(part)}.SelfAttention`;
    const seen = norm(x, `${layer(part++)}.layer_norm`);
    const [q, k, v] = b.linear(seen, [`${self}.q`, `${self}.k`, `${self}.v`]);
    x = g.add(x, b.linear(stack.self(i, q, k, v), [`${self}.o`])[0]);
    if (stack.cross !== undefined) {
      const cross = crossModule(i);
      const [asked] = b.linear(norm(x, `${layer(part++)}.layer_norm`), [`${cross}.q`]);
      x = g.add(x, b.linear(stack.cross(i, asked, cross), [`${cross}.o`])[0]);
    }
    const dense = `${layer(part)}.DenseReluDense`;
    const before = norm(x, `${layer(part)}.layer_norm`);
    const ups = b.linear(before, isGated ? [`${dense}.wi_0`, `${dense}.wi_1`] : [`${dense}.wi`]);
    const inner = isGated ? gated(g, name, ups[0], ups[1]) : activation(g, name, ups[0]);
    x = g.add(x, b.linear(inner, [`${dense}.wo`])[0]);
  }
  return norm(x, `${stack.name}.final_layer_norm`);
}

const biasModule = (stack: string) => `${stack}.block.0.layer.0.SelfAttention.relative_attention_bias`;

const positionsOf = (config: T5Config, bothSides: boolean): RelativePositions => ({
  buckets: config.relative_attention_num_buckets,
  maxDistance: config.relative_attention_max_distance,
  bothSides,
});

/** Attention of whole texts: rows are [batch * width]. */
function attend(b: ModelBuilder, config: T5Config, q: Value, k: Value, v: Value, mask?: Value, bias?: Value) {
  const { num_heads: heads, d_kv: headDim } = config;
  const three = (y: Value) => b.g.reshape(y, [b.batch, -1, heads * headDim]);
  const spec = { heads, headDim, scale: 1, mask, bias };
  const attended = encoderAttention(b.g, three(q), three(k), three(v), spec, b.selective);
  return b.g.reshape(attended, [-1, heads * headDim]);
}

/** Output of the encoder [batch * width, hidden]. */
function encoded(b: ModelBuilder, config: T5Config): Value {
  const { segments } = b.options;
  const bias = relativeBias(b, biasModule('encoder'), b.width, b.width, positionsOf(config, true));
  const mask = segments && segmentMask(b.g, segments);
  return stackForward(b, config, b.embed('shared'), {
    name: 'encoder',
    layers: config.num_layers,
    self: (_, q, k, v) => attend(b, config, q, k, v, mask, bias),
  });
}

/** Keys and values of the encoder's output, for one layer of the decoder. */
function keysAndValues(b: ModelBuilder, memory: Value, module: string): { keys: Value; values: Value } {
  const [keys, values] = b.linear(memory, [`${module}.k`, `${module}.v`]);
  return { keys, values };
}

function resultOf(b: ModelBuilder, config: T5Config, decoded: Value): ForwardResult {
  // mT5 does not scale, whatever its output layer is
  const scaled = config.model_type !== 'mt5' && (config.scale_decoder_outputs ?? config.tie_word_embeddings);
  return {
    hidden: scaled ? b.g.mul(decoded, config.d_model ** -0.5) : decoded,
    head: { module: 'lm_head', weight: config.tie_word_embeddings ? 'shared.weight' : 'lm_head.weight' },
  };
}

function forward(b: ModelBuilder, config: T5Config): ForwardResult {
  const { g } = b;
  const { segments } = b.options;
  const targets = b.input('targetIds');
  const width = targets.shape[1];
  const memory = encoded(b, config);
  const bias = relativeBias(b, biasModule('decoder'), width, width, positionsOf(config, false));
  const mask = causalMask(g, width);
  const padding = segments && tokenMask(g, segments);
  const decoded = stackForward(b, config, b.embed('shared', { ids: targets }), {
    name: 'decoder',
    layers: decoderLayers(config),
    self: (_, q, k, v) => attend(b, config, q, k, v, mask, bias),
    cross: (_, q, module) => {
      const { keys, values } = keysAndValues(b, memory, module);
      return attend(b, config, q, keys, values, padding);
    },
  });
  return resultOf(b, config, decoded);
}

function encode(b: ModelBuilder, config: T5Config): { keys: Value; values: Value }[] {
  const memory = encoded(b, config);
  return Array.from({ length: decoderLayers(config) }, (_, layer) =>
    keysAndValues(b, memory, crossModule(layer)),
  );
}

function decode(b: ModelBuilder, config: T5Config, step: TargetStep): ForwardResult {
  const { ids, past, places } = step;
  const bias = nextBias(b, biasModule('decoder'), past, places, positionsOf(config, false));
  const decoded = stackForward(b, config, b.embed('shared', { ids }), {
    name: 'decoder',
    layers: decoderLayers(config),
    self: (layer, q, k, v) => step.self(layer, q, k, v, bias),
    cross: step.cross,
  });
  return resultOf(b, config, decoded);
}

export const t5: EncoderDecoder<T5Config> = {
  id: 't5',
  label: 'T5',
  description: 'Encoder and decoder for texts out of texts: T5, T5 v1.1, FLAN-T5.',
  modelTypes: ['t5', 'mt5'],
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
  targetAttention: (config) => ({
    layers: decoderLayers(config),
    heads: config.num_heads,
    headDim: config.d_kv,
    scale: 1,
  }),
  forward,
  encode,
  decode,
};
