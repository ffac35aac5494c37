// BERT: an encoder with learned positions and token types, a pooled first token for classifiers, and an output layer for
// masked tokens that shares the embedding. Dropout of pre-training is not applied in fine-tuning.
// Reference: transformers, models/bert/modeling_bert.py.
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

export const BertConfig = z.looseObject({
  vocab_size: z.int().positive().default(30522),
  hidden_size: z.int().positive().default(768),
  intermediate_size: z.int().positive().default(3072),
  num_hidden_layers: z.int().positive().default(12),
  num_attention_heads: z.int().positive().default(12),
  max_position_embeddings: z.int().positive().default(512),
  type_vocab_size: z.int().nonnegative().default(2),
  layer_norm_eps: z.number().positive().default(1e-12),
  hidden_act: z.enum(activationNames).default('gelu'),
  position_embedding_type: z.literal('absolute').default('absolute'),
  is_decoder: z.literal(false).default(false),
  tie_word_embeddings: z.boolean().default(true),
  ...headFields,
});
export type BertConfig = z.infer<typeof BertConfig>;

export function sizesOf(config: BertConfig): EncoderSizes {
  return {
    vocabulary: config.vocab_size,
    hidden: config.hidden_size,
    inner: config.intermediate_size,
    layers: config.num_hidden_layers,
    heads: config.num_attention_heads,
    positions: config.max_position_embeddings,
    types: config.type_vocab_size,
    epsilon: config.layer_norm_eps,
    activation: config.hidden_act,
  };
}

/** Names below the module `root`. */
export function bertLayout(root: string): EncoderLayout {
  return {
    embeddings: `${root}.embeddings`,
    layer: (index) => `${root}.encoder.layer.${index}`,
    query: 'attention.self.query',
    key: 'attention.self.key',
    value: 'attention.self.value',
    output: 'attention.output.dense',
    attentionNorm: 'attention.output.LayerNorm',
    up: 'intermediate.dense',
    down: 'output.dense',
    feedForwardNorm: 'output.LayerNorm',
  };
}

const layout = bertLayout('bert');
const objective = (config: BertConfig) => objectiveOf(config, 'masked-lm');
const transform = 'cls.predictions.transform';
const decoder = 'cls.predictions.decoder';

function headTensors(config: BertConfig): TensorSpec[] {
  const { hidden_size: hidden, vocab_size: vocabulary } = config;
  const head = objective(config);
  if (head === 'masked-lm') {
    return [
      ...linearSpecs(`${transform}.dense`, hidden, hidden, true),
      ...normSpecs(`${transform}.LayerNorm`, hidden),
      // an output layer of its own has a bias of its own too, and leaves this one unread
      ...(config.tie_word_embeddings
        ? [{ name: 'cls.predictions.bias', shape: [vocabulary], kind: 'bias' } as const]
        : linearSpecs(decoder, vocabulary, hidden, true)),
    ];
  }
  return [
    ...(head === 'classification' ? linearSpecs('bert.pooler.dense', hidden, hidden, true) : []),
    ...linearSpecs('classifier', labelCount(config), hidden, true),
  ];
}

function forward(b: ModelBuilder, config: BertConfig): ForwardResult {
  const x = encoderForward(b, sizesOf(config), layout);
  const head = objective(config);
  if (head === 'token-classification') return linearHead(x, 'classifier');
  if (head === 'classification') {
    const [pooled] = b.linear(firstPlaces(b, x), ['bert.pooler.dense']);
    return linearHead(activation(b.g, 'tanh', pooled), 'classifier');
  }
  const [dense] = b.linear(x, [`${transform}.dense`]);
  const active = activation(b.g, config.hidden_act, dense);
  const hidden = b.layerNorm(active, `${transform}.LayerNorm`, config.layer_norm_eps);
  if (!config.tie_word_embeddings) return linearHead(hidden, decoder);
  const weight = 'bert.embeddings.word_embeddings.weight';
  return { hidden, head: { module: decoder, weight, bias: 'cls.predictions.bias' } };
}

/** The first published checkpoints call gains and shifts of norms gamma and beta. */
export function renameNorm(name: string): string {
  return name
    .replace(/\.LayerNorm\.gamma$/, '.LayerNorm.weight')
    .replace(/\.LayerNorm\.beta$/, '.LayerNorm.bias');
}

export const bert: Architecture<BertConfig> = {
  id: 'bert',
  label: 'BERT',
  description: 'Encoder that reads to both sides: classifiers of texts and tokens, and masked words.',
  modelTypes: ['bert'],
  task: 'encoder',
  objective,
  Config: BertConfig,
  shape: (config) => ({
    vocabularySize: config.vocab_size,
    hiddenSize: config.hidden_size,
    layers: config.num_hidden_layers,
    contextLength: config.max_position_embeddings,
    kvHeads: 0,
    headDim: 0,
    tiedEmbeddings: objective(config) === 'masked-lm' && config.tie_word_embeddings,
  }),
  tensors: (config) => [...encoderTensors(sizesOf(config), layout), ...headTensors(config)],
  rename: renameNorm,
  outputModules: [decoder, 'classifier'],
  forward,
};
