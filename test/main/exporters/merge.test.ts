// Merging against PEFT's own merge: logits stored for every adapter of the tiny models in test/reference.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { huggingFace } from '../../../main/exporters/hugging-face.ts';
import { loraAdapter } from '../../../main/exporters/lora-adapter.ts';
import { mergedTensors, untiedOutput } from '../../../main/exporters/merge.ts';
import { logitsOf } from '../../../main/exporters/parity.ts';
import { openTuned } from '../../../main/inference/weights.ts';
import { readAdapter, writeAdapter } from '../../../main/models/adapter-files.ts';
import { openModel } from '../../../main/models/load.ts';
import { LoraConfig } from '../../../main/models/lora.ts';
import { readHeader, readTensor } from '../../../main/models/safetensors.ts';
import { adapterTensors, createTrainer } from '../../../main/training/trainer.ts';
import { llamaFolder, temporaryFolder } from '../../helpers/tiny-model.ts';

const reference = join(llamaFolder, '..');

test.each([
  ['llama', 'lora_all'],
  ['llama', 'lora_qv_rslora'],
  ['llama', 'dora'],
  ['gpt2', 'lora_all'], // Conv1D: weights lie the other way
])('%s with %s merged gives the logits that PEFT gives', async (name, key) => {
  const folder = join(reference, name);
  const base = openModel(folder);
  const tuned = openTuned(base, { kind: 'adapter', folder: join(folder, 'adapters', key, 'final') });
  const out = temporaryFolder();
  const source = { base, tuned, lineage: {}, signal: new AbortController().signal, onProgress: () => {} };
  await huggingFace.write(source, out, { dtype: 'as-base' });
  const stored = JSON.parse(readFileSync(join(folder, 'reference.json'), 'utf8'));
  const expected = readTensor(readHeader(join(folder, 'reference.safetensors')).get(`${key}.merged_logits`)!);
  const vocabulary = base.shape.vocabularySize;
  const { input_ids: rows, attention_mask: mask } = stored.batches[0] as Record<string, number[][]>;
  let worst = 0;
  for (const [r, ids] of rows.entries()) {
    const length = mask[r].filter((real) => real === 1).length; // padded on the right
    const found = await logitsOf(huggingFace.reopen(out, base), ids.slice(0, length));
    const start = r * ids.length * vocabulary;
    for (let i = 0; i < length * vocabulary; i++)
      worst = Math.max(worst, Math.abs(found[i] - expected[start + i]));
  }
  expect(worst).toBeLessThan(1e-4);
});

test('an output layer that was trained apart from the embedding gets a tensor of its own', async () => {
  const base = openModel(llamaFolder); // tied
  const lora = LoraConfig.parse({
    r: 2,
    lora_alpha: 4,
    target_modules: ['q_proj'],
    modules_to_save: ['embed_tokens'],
  });
  const options = {
    model: base,
    lora,
    optimizer: { kind: 'sgd', momentum: 0 } as const,
    weightDecay: 0,
    maxGradNorm: 0,
  };
  const trainer = await createTrainer(options);
  const saved = trainer.parameters.view('base_model.model.model.embed_tokens.weight');
  for (let i = 0; i < saved.length; i++) saved[i] *= 1.5;
  const adapter = temporaryFolder();
  writeAdapter(adapter, lora, adapterTensors(trainer));
  await trainer.release();
  expect(readAdapter(adapter).tensors.size).toBe(5);
  const tuned = openTuned(base, { kind: 'adapter', folder: adapter });
  expect(untiedOutput(tuned)).toEqual({ name: 'lm_head.weight', source: 'model.embed_tokens.weight' });
  expect(mergedTensors(tuned).at(-1)?.name).toBe('lm_head.weight');
  const out = temporaryFolder();
  const source = { base, tuned, lineage: {}, signal: new AbortController().signal, onProgress: () => {} };
  await huggingFace.write(source, out, { dtype: 'as-base' });
  expect(JSON.parse(readFileSync(join(out, 'config.json'), 'utf8')).tie_word_embeddings).toBe(false);
  const [live, written] = [
    await logitsOf(tuned, [1, 7, 9]),
    await logitsOf(huggingFace.reopen(out, base), [1, 7, 9]),
  ];
  expect(Math.max(...live.map((value, i) => Math.abs(value - written[i])))).toBeLessThan(1e-4);
});

test('a tied model whose layers alone were adapted stays tied', () => {
  const base = openModel(llamaFolder);
  const folder = join(llamaFolder, 'adapters/lora_all/final');
  expect(existsSync(folder) && readdirSync(folder)).toContain('adapter_config.json');
  expect(untiedOutput(openTuned(base, { kind: 'adapter', folder }))).toBeUndefined();
});

/** Logits of a run that trained what `settings` name, in the app and from the exported folder, with what was written. */
async function exportedWith(name: string, settings: object, changed: RegExp) {
  const base = openModel(join(reference, name));
  const lora = LoraConfig.parse({ r: 2, lora_alpha: 4, ...settings });
  const plain = { optimizer: { kind: 'sgd', momentum: 0 }, weightDecay: 0, maxGradNorm: 0 } as const;
  const trainer = await createTrainer({ model: base, lora, ...plain });
  for (const { name: tensor } of trainer.parameters.entries().filter((entry) => changed.test(entry.name))) {
    const values = trainer.parameters.view(tensor);
    for (let i = 0; i < values.length; i++) values[i] += ((i % 7) - 3) / 20;
  }
  const adapter = temporaryFolder();
  writeAdapter(adapter, lora, adapterTensors(trainer));
  await trainer.release();
  const tuned = openTuned(base, { kind: 'adapter', folder: adapter });
  const source = { base, tuned, lineage: {}, signal: new AbortController().signal, onProgress: () => {} };
  const [merged, alone] = [temporaryFolder(), temporaryFolder()];
  await huggingFace.write(source, merged, { dtype: 'float32' });
  await loraAdapter.write(source, alone, { dtype: 'float32', tokenizer: false });
  const before = await logitsOf({ model: base, weights: undefined, lora: undefined }, [5, 7, 9, 1]);
  const live = await logitsOf(tuned, [5, 7, 9, 1]);
  const apart = (other: Float32Array) => Math.max(...live.map((value, i) => Math.abs(value - other[i])));
  expect(apart(before)).toBeGreaterThan(0.01);
  return {
    ofMerged: apart(await logitsOf(huggingFace.reopen(merged, base), [5, 7, 9, 1])),
    ofAdapter: apart(await logitsOf(loraAdapter.reopen(alone, base), [5, 7, 9, 1])),
    merged: [...readHeader(join(merged, 'model.safetensors')).keys()],
    adapter: [...readHeader(join(alone, 'adapter_model.safetensors')).keys()],
    config: JSON.parse(readFileSync(join(merged, 'config.json'), 'utf8')),
  };
}

test('the bias of an output layer that left the embedding goes with it, by the name that it then has', async () => {
  const found = await exportedWith('bert_mlm', { target_modules: ['decoder', 'value'] }, /lora_B/);
  expect(found.config.tie_word_embeddings).toBe(false);
  expect(found.merged).toContain('cls.predictions.decoder.bias');
  expect(found.ofMerged).toBeLessThan(1e-4);
  expect(found.ofAdapter).toBe(0);
});

test("T5's table, which PEFT knows by its readers, is in the adapter once for each", async () => {
  const found = await exportedWith('t5', { target_modules: ['shared', 'q'] }, /shared\.lora_embedding_A/);
  const readers = ['encoder', 'decoder'].map(
    (side) => `base_model.model.${side}.embed_tokens.lora_embedding_A`,
  );
  expect(found.adapter).toEqual(expect.arrayContaining(readers));
  expect(found.adapter.some((name) => name.includes('.shared.'))).toBe(false);
  expect(found.config).toMatchObject({ tie_word_embeddings: false, scale_decoder_outputs: true });
  expect(found.ofMerged).toBeLessThan(1e-4);
  expect(found.ofAdapter).toBe(0);
});
