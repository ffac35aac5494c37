// BERT against PyTorch's numbers: classifiers, a regression and masked words; and the names of its first checkpoints.
import { expect, test } from 'vitest';
import { bert, renameNorm } from '../../../main/models/bert.ts';
import { LoraConfig, loraSites } from '../../../main/models/lora.ts';
import { encoders } from '../../conformance/encoders.ts';
import { compare } from '../../helpers/conformance.ts';
import { openReference } from '../../helpers/reference-model.ts';

test.each(['bert_classifier', 'bert_mlm', 'relatives/bert_regression'])(
  '%s: logits, losses, gradients and runs are those of transformers',
  async (name) => {
    const { compared, wrong } = await compare(encoders, name);
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(6);
  },
);

test('the class in config.json decides what the output layer predicts', () => {
  expect(openReference('bert_classifier').objective).toBe('classification');
  expect(openReference('bert_mlm').objective).toBe('masked-lm');
  const config = bert.Config.parse({ architectures: ['BertForTokenClassification'], num_labels: 5 });
  expect(bert.objective?.(config)).toBe('token-classification');
  const names = bert.tensors(config).map(({ name }) => name);
  expect(names).toContain('classifier.weight');
  expect(names).not.toContain('bert.pooler.dense.weight');
});

test('all-linear leaves the output layer out, as PEFT does', () => {
  const lora = LoraConfig.parse({ r: 2, lora_alpha: 2, target_modules: 'all-linear' });
  const modulesOf = (name: string) => {
    const { specs, architecture } = openReference(name);
    return loraSites(lora, specs, architecture.outputModules).map(({ module }) => module);
  };
  expect(modulesOf('bert_classifier')).toContain('bert.pooler.dense');
  expect(modulesOf('bert_classifier')).not.toContain('classifier');
  expect(modulesOf('bert_classifier')).not.toContain('cls.predictions.decoder');
  expect(modulesOf('bert_mlm')).toContain('cls.predictions.transform.dense');
  expect(modulesOf('bert_mlm')).not.toContain('cls.predictions.decoder');
});

test('gamma and beta of the first checkpoints are gains and shifts', () => {
  expect(renameNorm('bert.embeddings.LayerNorm.gamma')).toBe('bert.embeddings.LayerNorm.weight');
  expect(renameNorm('bert.embeddings.LayerNorm.beta')).toBe('bert.embeddings.LayerNorm.bias');
  expect(renameNorm('bert.pooler.dense.weight')).toBe('bert.pooler.dense.weight');
});

test('heads that cannot share the width are refused with both numbers', () => {
  const config = bert.Config.parse({ hidden_size: 20, num_attention_heads: 3 });
  expect(() => bert.tensors(config)).toThrow(
    'config.json says a width of 20, which 3 attention heads cannot share equally.',
  );
});

test.each(['encoder_adapters', 'untied_words'])(
  'rarer settings are those of transformers: %s',
  async (name) => {
    const { compared, wrong } = await compare(encoders, `variants/${name}`);
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(6);
  },
);
