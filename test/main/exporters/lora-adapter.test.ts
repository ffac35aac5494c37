import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ExportSource } from '../../../main/exporters/exporter.ts';
import { loraAdapter } from '../../../main/exporters/lora-adapter.ts';
import { compareParity } from '../../../main/exporters/parity.ts';
import { openTuned } from '../../../main/inference/weights.ts';
import { readAdapter, writeAdapter } from '../../../main/models/adapter-files.ts';
import { openModel } from '../../../main/models/load.ts';
import { LoraConfig } from '../../../main/models/lora.ts';
import { adapterFolder, llamaFolder, temporaryFolder } from '../../helpers/tiny-model.ts';

function sourceOf(adapter: string): ExportSource {
  const base = openModel(llamaFolder);
  const tuned = openTuned(base, { kind: 'adapter', folder: adapter });
  const lineage = { model: { name: 'owner/llama' } };
  return { base, tuned, lineage, signal: new AbortController().signal, onProgress: () => {} };
}

test('the written adapter is the trained one, bit for bit, and names its base and its layers', async () => {
  const source = sourceOf(adapterFolder);
  const folder = temporaryFolder();
  await loraAdapter.write(source, folder, { dtype: 'float32', tokenizer: true });
  const parity = await compareParity(
    source.tuned,
    loraAdapter.reopen(folder, source.base),
    llamaFolder,
    'float32',
  );
  expect(parity).toMatchObject({ maxLogitDifference: 0, topTokenAgreement: 1, same: true });
  expect(parity.sentence).toContain('all logits are equal');
  const config = JSON.parse(readFileSync(join(folder, 'adapter_config.json'), 'utf8'));
  expect(config).toMatchObject({
    peft_type: 'LORA',
    r: 4,
    lora_alpha: 8,
    base_model_name_or_path: 'owner/llama',
  });
  expect(config.target_modules).toEqual([
    'down_proj',
    'gate_proj',
    'k_proj',
    'o_proj',
    'q_proj',
    'up_proj',
    'v_proj',
  ]);
  expect(existsSync(join(folder, 'tokenizer.json'))).toBe(true);
});

test('float16 halves the file and stays near', async () => {
  const source = sourceOf(adapterFolder);
  const folder = temporaryFolder();
  await loraAdapter.write(source, folder, { dtype: 'float16', tokenizer: false });
  const parity = await compareParity(
    source.tuned,
    loraAdapter.reopen(folder, source.base),
    llamaFolder,
    'float16',
  );
  expect(parity.same).toBe(true);
  expect(parity.maxLogitDifference).toBeGreaterThan(0);
  expect(existsSync(join(folder, 'tokenizer.json'))).toBe(false);
});

test('layers that share a short name with untrained ones are named in full', async () => {
  const { tensors } = readAdapter(adapterFolder);
  const first = new Map([...tensors].filter(([name]) => name.includes('.layers.0.self_attn.q_proj.')));
  const only = temporaryFolder();
  const lora = LoraConfig.parse({
    r: 4,
    lora_alpha: 8,
    target_modules: ['q_proj'],
    layers_to_transform: [0],
  });
  writeAdapter(only, lora, first);
  const out = temporaryFolder();
  await loraAdapter.write(sourceOf(only), out, { dtype: 'float32', tokenizer: false });
  expect(readAdapter(out).config.target_modules).toEqual(['model.layers.0.self_attn.q_proj']);
  expect(readAdapter(out).tensors.size).toBe(2);
});

test('a run without an adapter is refused', () => {
  const tuned = openTuned(openModel(llamaFolder), null);
  expect(loraAdapter.refuses(tuned)?.message).toContain('no adapter');
});
