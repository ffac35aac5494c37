// DistilBERT against PyTorch's numbers, and the classifier that an adapter saves as a whole.
import { expect, test } from 'vitest';
import { LoraConfig, loraSites, savedTensors } from '../../../main/models/lora.ts';
import { encoders } from '../../conformance/encoders.ts';
import { compare } from '../../helpers/conformance.ts';
import { openReference } from '../../helpers/reference-model.ts';

test.each(['distilbert', 'relatives/distilbert_mlm'])(
  '%s: logits, losses, gradients and runs are those of transformers',
  async (name) => {
    const { compared, wrong } = await compare(encoders, name);
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(6);
  },
);

test('saving "classifier" saves "pre_classifier" too, whose name ends alike, and adapts neither', () => {
  const { specs, architecture } = openReference('distilbert');
  const settings = { r: 2, lora_alpha: 2, target_modules: 'all-linear', modules_to_save: ['classifier'] };
  const lora = LoraConfig.parse(settings);
  const sites = loraSites(lora, specs, architecture.outputModules);
  const saved = savedTensors(lora, sites, specs, architecture.outputModules);
  expect(saved.map(({ name }) => name).sort()).toEqual(
    ['classifier.bias', 'classifier.weight', 'pre_classifier.bias', 'pre_classifier.weight'].map(
      (name) => `base_model.model.${name}`,
    ),
  );
  expect(sites.filter(({ module }) => module.endsWith('classifier'))).toEqual([]);
});
