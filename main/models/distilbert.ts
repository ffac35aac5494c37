// DistilBERT: BERT's encoder in half the layers, without token types; its classifier has a hidden layer of its own.
// Reference: transformers, models/distilbert/modeling_distilbert.py.
import { z } from 'zod';
import type { Architecture, ForwardResult, TensorSpec } from './architecture.ts';
import { linearSpecs } from './blocks/decoder.ts';
import {
  type EncoderLayout,
  type EncoderSizes,
  encoderForward,
  encoderTensors,
  normSpecs,
} from './blocks/encoder.ts';
import { activation, activationNames } from './blocks/feed-forward.ts';
import { firstPlaces, headFields, labelCount, linearHead, objectiveOf } from './blocks/heads.ts';
import type { ModelBuilder } from './builder.ts';

const DistilBertConfig = z.looseObject({
  vocab_size: z.int().positive().default(30522),
  dim: z.int().positive().default(768),
  hidden_dim: z.int().positive().default(3072),
  n_layers: z.int().positive().default(6),
  n_heads: z.int().positive().default(12),
  max_position_embeddings: z.int().positive().default(512),
  activation: z.enum(activationNames).default('gelu'),
  tie_word_embeddings: z.boolean().default(true),
  ...headFields,
});
type DistilBertConfig = z.infer<typeof DistilBertConfig>;

const epsilon = 1e-12;
const words = 'distilbert.embeddings.word_embeddings.weight';
const objective = (config: DistilBertConfig) => objectiveOf(config, 'masked-lm');

const layout: EncoderLayout = {
  embeddings: 'distilbert.embeddings',
  layer: (index) => `distilbert.transformer.layer.${index}`,
  query: 'attention.q_lin',
  key: 'attention.k_lin',
  value: 'attention.v_lin',
  output: 'attention.out_lin',
  attentionNorm: 'sa_layer_norm',
  up: 'ffn.lin1',
  down: 'ffn.lin2',
  feedForwardNorm: 'output_layer_norm',
};

function sizesOf(config: DistilBertConfig): EncoderSizes {
  return {
    vocabulary: config.vocab_size,
    hidden: config.dim,
    inner: config.hidden_dim,
    layers: config.n_layers,
    heads: config.n_heads,
    positions: config.max_position_embeddings,
    types: 0,
    epsilon,
    activation: config.activation,
  };
}

function headTensors(config: DistilBertConfig): TensorSpec[] {
  const { dim, vocab_size: vocabulary } = config;
  const head = objective(config);
  if (head === 'masked-lm') {
    return [
      ...linearSpecs('vocab_transform', dim, dim, true),
      ...normSpecs('vocab_layer_norm', dim),
      ...(config.tie_word_embeddings ? [] : linearSpecs('vocab_projector', vocabulary, dim, false)),
      { name: 'vocab_projector.bias', shape: [vocabulary], kind: 'bias' },
    ];
  }
  return [
    ...(head === 'classification' ? linearSpecs('pre_classifier', dim, dim, true) : []),
    ...linearSpecs('classifier', labelCount(config), dim, true),
  ];
}

function forward(b: ModelBuilder, config: DistilBertConfig): ForwardResult {
  const x = encoderForward(b, sizesOf(config), layout);
  const head = objective(config);
  if (head === 'token-classification') return linearHead(x, 'classifier');
  if (head === 'classification') {
    const [before] = b.linear(firstPlaces(b, x), ['pre_classifier']);
    return linearHead(activation(b.g, 'relu', before), 'classifier');
  }
  const [dense] = b.linear(x, ['vocab_transform']);
  const active = activation(b.g, config.activation, dense);
  return {
    hidden: b.layerNorm(active, 'vocab_layer_norm', epsilon),
    head: {
      module: 'vocab_projector',
      weight: config.tie_word_embeddings ? words : 'vocab_projector.weight',
      bias: 'vocab_projector.bias',
    },
  };
}

export const distilbert: Architecture<DistilBertConfig> = {
  id: 'distilbert',
  label: 'DistilBERT',
  description: 'BERT in half the layers: classifiers of texts and tokens, and masked words.',
  modelTypes: ['distilbert'],
  task: 'encoder',
  objective,
  Config: DistilBertConfig,
  shape: (config) => ({
    vocabularySize: config.vocab_size,
    hiddenSize: config.dim,
    layers: config.n_layers,
    contextLength: config.max_position_embeddings,
    kvHeads: 0,
    headDim: 0,
    tiedEmbeddings: objective(config) === 'masked-lm' && config.tie_word_embeddings,
  }),
  tensors: (config) => [...encoderTensors(sizesOf(config), layout), ...headTensors(config)],
  outputModules: ['vocab_projector', 'classifier'],
  forward,
};
