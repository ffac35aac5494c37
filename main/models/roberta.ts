// RoBERTa: BERT's encoder whose positions start behind the padding id, with other heads.
// Reference: transformers, models/roberta/modeling_roberta.py.
import { z } from 'zod';
import type { Architecture, ForwardResult, TensorSpec } from './architecture.ts';
import { BertConfig, bertLayout, renameNorm, sizesOf } from './bert.ts';
import { linearSpecs } from './blocks/decoder.ts';
import { encoderForward, encoderTensors, normSpecs } from './blocks/encoder.ts';
import { activation } from './blocks/feed-forward.ts';
import { firstPlaces, labelCount, linearHead, objectiveOf } from './blocks/heads.ts';
import type { ModelBuilder } from './builder.ts';

const RobertaConfig = BertConfig.extend({
  vocab_size: z.int().positive().default(50265),
  pad_token_id: z.int().nonnegative().default(1),
});
type RobertaConfig = z.infer<typeof RobertaConfig>;

const layout = bertLayout('roberta');
const objective = (config: RobertaConfig) => objectiveOf(config, 'masked-lm');

function headTensors(config: RobertaConfig): TensorSpec[] {
  const { hidden_size: hidden, vocab_size: vocabulary } = config;
  const head = objective(config);
  if (head === 'masked-lm') {
    return [
      ...linearSpecs('lm_head.dense', hidden, hidden, true),
      ...normSpecs('lm_head.layer_norm', hidden),
      ...(config.tie_word_embeddings
        ? [{ name: 'lm_head.bias', shape: [vocabulary], kind: 'bias' } as const]
        : linearSpecs('lm_head.decoder', vocabulary, hidden, true)),
    ];
  }
  const labels = labelCount(config);
  if (head === 'token-classification') return linearSpecs('classifier', labels, hidden, true);
  return [
    ...linearSpecs('classifier.dense', hidden, hidden, true),
    ...linearSpecs('classifier.out_proj', labels, hidden, true),
  ];
}

function forward(b: ModelBuilder, config: RobertaConfig): ForwardResult {
  const x = encoderForward(b, sizesOf(config), layout, config.pad_token_id + 1);
  const head = objective(config);
  if (head === 'token-classification') return linearHead(x, 'classifier');
  if (head === 'classification') {
    const [dense] = b.linear(firstPlaces(b, x), ['classifier.dense']);
    return linearHead(activation(b.g, 'tanh', dense), 'classifier.out_proj');
  }
  const [dense] = b.linear(x, ['lm_head.dense']);
  const hidden = b.layerNorm(activation(b.g, 'gelu', dense), 'lm_head.layer_norm', config.layer_norm_eps);
  if (!config.tie_word_embeddings) return linearHead(hidden, 'lm_head.decoder');
  const weight = 'roberta.embeddings.word_embeddings.weight';
  return { hidden, head: { module: 'lm_head.decoder', weight, bias: 'lm_head.bias' } };
}

export const roberta: Architecture<RobertaConfig> = {
  id: 'roberta',
  label: 'RoBERTa',
  description: 'BERT with longer pre-training: classifiers of texts and tokens, and masked words.',
  modelTypes: ['roberta', 'xlm-roberta'],
  task: 'encoder',
  objective,
  Config: RobertaConfig,
  shape: (config) => ({
    vocabularySize: config.vocab_size,
    hiddenSize: config.hidden_size,
    layers: config.num_hidden_layers,
    contextLength: config.max_position_embeddings - config.pad_token_id - 1,
    kvHeads: 0,
    headDim: 0,
    tiedEmbeddings: objective(config) === 'masked-lm' && config.tie_word_embeddings,
  }),
  tensors: (config) => [...encoderTensors(sizesOf(config), layout), ...headTensors(config)],
  rename: renameNorm,
  outputModules: ['lm_head.decoder', 'classifier', 'classifier.out_proj'],
  forward,
};
