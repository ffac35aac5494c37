// Vocabularies that grow: what was known stays bit for bit, new rows are near the mean, and the model trains.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { resizeVocabulary } from '../../../main/models/resize.ts';
import { readBytes, readHeader, readTensor, type TensorInfo } from '../../../main/models/safetensors.ts';
import { createTrainer } from '../../../main/training/trainer.ts';
import { readStored, type StoredModel, toBatch } from '../../conformance/reference.ts';
import { logitsOf } from '../../conformance/training.ts';
import { openReference, referenceFolder } from '../../helpers/reference-model.ts';
import { temporaryFolder } from '../../helpers/tiny-model.ts';

const grown = (name: string, size: number, seed = 1) =>
  resizeVocabulary(openReference(name), size, join(temporaryFolder(), 'vocabulary.safetensors'), seed);

const tableOf = (model: ReturnType<typeof openReference>, name: string) =>
  model.tensors.get(name) as TensorInfo;

test('old rows keep their bytes and their type, and new ones lie close to the mean of the old', () => {
  const name = 'model.embed_tokens.weight';
  const base = openReference('llama3_bf16');
  const model = grown('llama3_bf16', 515);
  expect(model.shape.vocabularySize).toBe(515);
  const [old, table] = [tableOf(base, name), tableOf(model, name)];
  expect(table.dtype).toBe('bfloat16');
  expect(readBytes(table).subarray(0, old.bytes)).toEqual(readBytes(old));
  const values = readTensor(table);
  const width = old.shape[1];
  const means = Array.from({ length: width }, (_, i) => {
    return (
      readTensor(old).reduce((sum, value, at) => (at % width === i ? sum + value : sum), 0) / old.shape[0]
    );
  });
  for (let i = 0; i < width; i++) expect(Math.abs(values[513 * width + i] - means[i])).toBeLessThan(2e-4);
});

test('an untied output layer grows too, and nothing else is written', () => {
  const model = grown('mistral', 520);
  const { file } = tableOf(model, 'lm_head.weight');
  expect([...readHeader(file).keys()].sort()).toEqual(['lm_head.weight', 'model.embed_tokens.weight']);
  expect(tableOf(model, 'model.norm.weight').file).toContain(join('reference', 'mistral'));
});

test('new rows of one seed differ a little among themselves, and are the same again', () => {
  const values = (seed: number) =>
    readTensor(tableOf(grown('mistral', 514, seed), 'lm_head.weight')).slice(512 * 64);
  const [first, again, other] = [values(1), values(1), values(2)];
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
  expect(first.slice(0, 64)).not.toEqual(first.slice(64));
});

test('logits of the known tokens are those of the base, and new tokens can be trained', async () => {
  const base = openReference('gpt2');
  const model = grown('gpt2', 516);
  const batch = toBatch(readStored<StoredModel>(referenceFolder('gpt2')).batches[0]);
  const [before, after] = [await logitsOf(base, 'cpu', batch), await logitsOf(model, 'cpu', batch)];
  const rows = batch.rows * batch.width;
  let worst = 0;
  for (let row = 0; row < rows; row++) {
    for (let token = 0; token < 512; token++) {
      worst = Math.max(worst, Math.abs(before[row * 512 + token] - after[row * 516 + token]));
    }
  }
  expect(worst).toBeLessThan(1e-5);
  const trainer = await createTrainer({
    model,
    optimizer: { kind: 'sgd', momentum: 0 },
    weightDecay: 0,
    maxGradNorm: 0,
  });
  const labels = batch.labels.map(() => 515);
  const first = await trainer.accumulate({ ...batch, labels });
  await trainer.update(0.5);
  const second = await trainer.accumulate({ ...batch, labels });
  await trainer.release();
  expect(second.lossSum).toBeLessThan(first.lossSum);
});

test('a smaller vocabulary is refused, the same one is the same model', () => {
  const model = openReference('llama');
  expect(() => grown('llama', 500)).toThrow(/has 512 tokens, which cannot become 500/);
  expect(resizeVocabulary(model, 512, '/nowhere', 1)).toBe(model);
});
