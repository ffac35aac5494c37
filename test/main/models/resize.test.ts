// Vocabularies that grow: what was known stays bit for bit, new rows are near the mean, and the model trains.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openModel } from '../../../main/models/load.ts';
import { writeResized } from '../../../main/models/resize.ts';
import { readBytes, readHeader, readTensor, type TensorInfo } from '../../../main/models/safetensors.ts';
import { createTrainer } from '../../../main/training/trainer.ts';
import { readStored, type StoredModel, toBatch } from '../../conformance/reference.ts';
import { logitsOf } from '../../conformance/training.ts';
import { openReference, referenceFolder } from '../../helpers/reference-model.ts';
import { temporaryFolder } from '../../helpers/tiny-model.ts';

const row = (id: number) => ({ id, content: `<${id}>`, wanted: true });

function grown(name: string, size: number, seed = 1, redrawn: number[] = []) {
  const base = openReference(name);
  const folder = temporaryFolder();
  const added = Array.from(
    { length: Math.max(0, size - base.shape.vocabularySize) },
    (_, i) => base.shape.vocabularySize + i,
  );
  writeResized(base, size, folder, { newRows: [...redrawn, ...added].map(row), seed });
  return openModel(folder);
}

const tableOf = (model: ReturnType<typeof openReference>, name: string) =>
  model.tensors.get(name) as TensorInfo;

test('old rows keep their bytes and their type, and new ones lie close to the mean of the old', () => {
  const name = 'model.embed_tokens.weight';
  const base = openReference('llama3_bf16');
  const model = grown('llama3_bf16', 515);
  expect(model.shape.vocabularySize).toBe(515);
  expect(model.newRows).toEqual([512, 513, 514].map(row));
  expect(model.warnings).toEqual([]);
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

test('an untied output layer grows too, and all other tensors are those of the base', () => {
  const base = openReference('mistral');
  const model = grown('mistral', 520);
  const { file } = tableOf(model, 'lm_head.weight');
  expect([...readHeader(file).keys()].sort()).toEqual(['lm_head.weight', 'model.embed_tokens.weight']);
  for (const { name } of model.specs.filter(({ shape }) => shape[0] !== 520))
    expect(readBytes(tableOf(model, name))).toEqual(readBytes(tableOf(base, name)));
});

test('files are named so that a program that reads them one by one sees the grown tables last', () => {
  const { folder } = grown('llama', 514);
  const files = readdirSync(folder).sort();
  expect(files).toEqual([
    'config.json',
    'model-00001-of-00002.safetensors',
    'model-00002-of-00002.safetensors',
    'model.safetensors.index.json',
  ]);
  const { weight_map: map } = JSON.parse(readFileSync(join(folder, 'model.safetensors.index.json'), 'utf8'));
  expect(map['model.embed_tokens.weight']).toBe('model-00002-of-00002.safetensors');
  expect(map['model.norm.weight']).toBe('model-00001-of-00002.safetensors');
});

test('rows that were padding are drawn again where a token takes them, and no row is added', () => {
  const name = 'model.embed_tokens.weight';
  const model = grown('llama', 512, 1, [511]);
  const [old, table] = [tableOf(openReference('llama'), name), tableOf(model, name)];
  expect(model.shape.vocabularySize).toBe(512);
  const rowBytes = old.bytes / 512;
  expect(readBytes(table).subarray(0, 511 * rowBytes)).toEqual(readBytes(old).subarray(0, 511 * rowBytes));
  expect(readBytes(table).subarray(511 * rowBytes)).not.toEqual(readBytes(old).subarray(511 * rowBytes));
});

test('a model that grew can grow again, and still says which rows are new', () => {
  const once = grown('llama', 513);
  const folder = temporaryFolder();
  writeResized(once, 514, folder, { newRows: [row(513)], seed: 1 });
  const twice = openModel(folder);
  expect(twice.newRows).toEqual([row(512), row(513)]);
  const name = 'model.embed_tokens.weight';
  expect(readBytes(tableOf(twice, name)).subarray(0, tableOf(once, name).bytes)).toEqual(
    readBytes(tableOf(once, name)),
  );
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
  for (let at = 0; at < rows; at++) {
    for (let token = 0; token < 512; token++) {
      worst = Math.max(worst, Math.abs(before[at * 512 + token] - after[at * 516 + token]));
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

test('a smaller vocabulary is refused', () => {
  expect(() => grown('llama', 500)).toThrow(/has 512 tokens, which cannot become 500/);
});
