// New output layers for labels: what is kept of the base, what is drawn, and that they can be trained.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { headIn, labelsOf, problemOf, withNewHead, withSavedHead } from '../../../main/models/new-head.ts';
import {
  fromFloat32,
  readTensor,
  type TensorInfo,
  writeSafetensors,
} from '../../../main/models/safetensors.ts';
import { classBatch } from '../../../main/training/tasks/classification.ts';
import { createTrainer } from '../../../main/training/trainer.ts';
import { plain } from '../../conformance/training.ts';
import { openReference } from '../../helpers/reference-model.ts';
import { temporaryFolder } from '../../helpers/tiny-model.ts';

const labels = ['bad', 'good', 'unknown'];
const head = { objective: 'classification', labels } as const;
const made = (name: string, seed = 1) =>
  withNewHead(openReference(name), head, join(temporaryFolder(), 'head.safetensors'), seed);
const values = (model: ReturnType<typeof made>, name: string) =>
  readTensor(model.tensors.get(name) as TensorInfo);

test('a masked language model becomes a classifier: new head and pooler, the same encoder', () => {
  const base = openReference('bert_mlm');
  const model = made('bert_mlm');
  expect(model.objective).toBe('classification');
  expect(model.rawConfig.architectures).toEqual(['BertForSequenceClassification']);
  expect(model.rawConfig.id2label).toEqual({ 0: 'bad', 1: 'good', 2: 'unknown' });
  expect(model.specs.some(({ name }) => name.startsWith('cls.'))).toBe(false);
  const word = 'bert.embeddings.word_embeddings.weight';
  expect(model.tensors.get(word)).toEqual(base.tensors.get(word));
  const drawn = values(model, 'bert.pooler.dense.weight');
  const deviation = Math.sqrt(drawn.reduce((sum, value) => sum + value * value, 0) / drawn.length);
  expect(deviation).toBeCloseTo(0.02, 3);
  expect([...values(model, 'classifier.bias')]).toEqual([0, 0, 0]);
});

test('a classifier of other labels keeps its pooler, but not its head', () => {
  const base = openReference('bert_classifier');
  const model = made('bert_classifier');
  expect(values(model, 'bert.pooler.dense.weight')).toEqual(
    readTensor(base.tensors.get('bert.pooler.dense.weight') as TensorInfo),
  );
  expect(values(model, 'classifier.weight')).not.toEqual(
    readTensor(base.tensors.get('classifier.weight') as TensorInfo),
  );
});

test.each(['bert_mlm', 'llama', 'gpt2'])('%s learns labels', async (name) => {
  const model = made(name);
  const texts = [1, 2, 3].map((id, label) => ({ ids: [1, 10 + id, 20 + id, 2], label }));
  const batch = classBatch(texts, { width: 6, padId: 0 });
  const trainer = await createTrainer({ model, ...plain });
  const losses: number[] = [];
  for (let step = 0; step < 16; step++) {
    const { lossSum, weight } = await trainer.accumulate(batch);
    losses.push(lossSum / weight);
    await trainer.update(0.1);
  }
  await trainer.release();
  expect(losses[0]).toBeCloseTo(Math.log(3), 0);
  expect(losses[15]).toBeLessThan(0.8 * losses[0]);
});

test('a family without such a head is refused', () => {
  expect(() => made('t5')).toThrow('"t5" (T5) cannot get an output layer for labels.');
});

test('an adapter folder gives its head back, and one that lacks a part of it is refused by name', () => {
  const folder = temporaryFolder();
  const base = openReference('bert_mlm');
  const model = withNewHead(base, head, join(temporaryFolder(), 'head.safetensors'), 1);
  expect(model.headModules).toEqual(['pooler', 'classifier']);
  expect(withSavedHead(base, folder)).toBe(base); // no config.json, as beside adapters of decoders
  writeFileSync(join(folder, 'config.json'), JSON.stringify(model.rawConfig));
  const saved = model.specs.filter(({ name }) => /pooler|classifier/.test(name));
  const write = (specs: typeof saved) =>
    writeSafetensors(
      join(folder, 'adapter_model.safetensors'),
      specs.map(({ name, shape }) => ({
        name: `base_model.model.${name}`,
        dtype: 'float32',
        shape,
        bytes: () => fromFloat32(values(model, name), 'float32'),
      })),
    );
  write(saved);
  const again = withSavedHead(base, folder);
  expect(labelsOf(again)).toEqual(labels);
  expect(again.headModules).toEqual(model.headModules);
  for (const { name } of saved) expect(values(again, name)).toEqual(values(model, name));
  write(saved.filter(({ name }) => name !== 'classifier.bias'));
  expect(() => withSavedHead(base, folder)).toThrow(
    'The adapter lacks "classifier.bias" [3] of the output layer for its 3 labels.',
  );
});

test('a head for the tags of tokens is told by the class alone, and comes back from an adapter folder', () => {
  const tags = ['O', 'B-A', 'I-A'];
  const base = openReference('bert_mlm');
  const model = withNewHead(base, { objective: 'token-classification', labels: tags }, null, 1);
  expect([labelsOf(model), problemOf(model), model.headModules]).toEqual([
    tags,
    'token_classification',
    ['classifier'],
  ]);
  expect(model.rawConfig).not.toHaveProperty('problem_type'); // transformers refuses other names there
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'config.json'), JSON.stringify(model.rawConfig));
  writeSafetensors(
    join(folder, 'adapter_model.safetensors'),
    model.specs
      .filter(({ name }) => name.startsWith('classifier.'))
      .map(({ name, shape }) => ({
        name: `base_model.model.${name}`,
        dtype: 'float32',
        shape,
        bytes: () => fromFloat32(new Float32Array(shape.reduce((a, b) => a * b)), 'float32'),
      })),
  );
  const again = withSavedHead(base, folder);
  expect([again.objective, labelsOf(again)]).toEqual(['token-classification', tags]);
});

test('what a classifier learns is read as transformers reads it, and a separator is kept beside the labels', () => {
  expect(problemOf({ rawConfig: { problem_type: 'regression', id2label: { 0: 'a', 1: 'b' } } })).toBe(
    'regression',
  );
  expect(problemOf({ rawConfig: { id2label: { 0: 'LABEL_0' } } })).toBe('regression');
  expect(problemOf({ rawConfig: { id2label: { 0: 5 } } })).toBe('regression'); // a label named by a number
  expect(problemOf({ rawConfig: { id2label: { 0: 'a', 1: 'b' } } })).toBe('single_label_classification');
  const problemType = 'multi_label_classification';
  const several = withNewHead(openReference('bert_mlm'), { ...head, problemType, separator: '; ' }, null, 1);
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'config.json'), JSON.stringify(several.rawConfig));
  expect(headIn(folder)).toEqual({ labels, problemType, separator: '; ' });
  expect(headIn(temporaryFolder())).toBeNull();
  // a later head of another kind forgets it
  expect(withNewHead(several, head, null, 1).rawConfig.label_separator).toBeUndefined();
});
