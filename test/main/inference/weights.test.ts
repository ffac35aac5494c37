import { copyFileSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { logitsOf } from '../../../main/exporters/parity.ts';
import { adapterWeights, hasNoEffect, openTuned, widenedWeights } from '../../../main/inference/weights.ts';
import { readAdapter, writeAdapter } from '../../../main/models/adapter-files.ts';
import { openModel } from '../../../main/models/load.ts';
import { readTensor } from '../../../main/models/safetensors.ts';
import { adapterFolder, changedAdapter, llamaFolder, temporaryFolder } from '../../helpers/tiny-model.ts';

test('no tuned folder is the base itself', () => {
  const base = openModel(llamaFolder);
  expect(openTuned(base, null)).toEqual({ model: base, weights: undefined, lora: undefined });
});

test('a folder with nothing but model.safetensors takes the configuration of its base', async () => {
  const base = openModel(llamaFolder);
  const folder = temporaryFolder();
  copyFileSync(join(llamaFolder, 'model.safetensors'), join(folder, 'model.safetensors'));
  const tuned = openTuned(base, { kind: 'full', folder });
  expect(tuned.model.weightsFolder).toBe(folder);
  expect(await logitsOf(tuned, [1, 2, 3])).toEqual(await logitsOf(openTuned(base, null), [1, 2, 3]));
  renameSync(join(folder, 'model.safetensors'), join(folder, 'other.safetensors'));
  expect(() => openTuned(base, { kind: 'full', folder })).toThrow('has no model.safetensors');
});

test('full weights of another model are refused with the first tensor that does not fit', () => {
  const base = openModel(llamaFolder);
  const folder = temporaryFolder();
  copyFileSync(join(llamaFolder, '../phi3/model.safetensors'), join(folder, 'model.safetensors'));
  expect(() => openTuned(base, { kind: 'full', folder })).toThrow(/first that does not: model\./);
});

test('an adapter that lacks one matrix is refused with counts', () => {
  const { tensors, config } = readAdapter(adapterFolder);
  const [first] = [...tensors.keys()].filter((name) => name.includes('lora_B'));
  tensors.delete(first);
  const broken = temporaryFolder();
  writeAdapter(broken, config, tensors);
  expect(() => openTuned(openModel(llamaFolder), { kind: 'adapter', folder: broken })).toThrow(
    /\d+ of \d+ tensors/,
  );
});

test('an adapter whose B is zero has no effect, a trained one has', () => {
  const untrained = changedAdapter((name, data) => name.includes('lora_B') && data.fill(0));
  const model = openModel(llamaFolder);
  expect(hasNoEffect(adapterWeights(model, readAdapter(untrained)))).toBe(true);
  expect(hasNoEffect(adapterWeights(model, readAdapter(adapterFolder)))).toBe(false);
});

test('16-bit weights are widened once for each model, float32 ones never', () => {
  const half = openModel(join(llamaFolder, '../llama3_bf16'));
  const widened = widenedWeights(half, new Set());
  expect(widened.size).toBe(half.specs.length);
  const { name } = half.specs[1];
  expect(widened.get(name)).toEqual(readTensor(half.tensors.get(name)!));
  expect(widenedWeights(half, new Set([name])).has(name)).toBe(false);
  expect(widenedWeights(half, new Set()).get(name)).toBe(widened.get(name)); // the same array
  expect(widenedWeights(openModel(llamaFolder), new Set()).size).toBe(0);
});

test('an adapter folder that lost a file says which files belong there', () => {
  const broken = join(temporaryFolder(), 'adapter');
  mkdirSync(broken);
  copyFileSync(join(adapterFolder, 'adapter_config.json'), join(broken, 'adapter_config.json'));
  const open = () => openTuned(openModel(llamaFolder), { kind: 'adapter', folder: broken });
  expect(open).toThrow('adapter_model.safetensors');
  rmSync(join(broken, 'adapter_config.json'));
  expect(open).toThrow('adapter_config.json');
});
