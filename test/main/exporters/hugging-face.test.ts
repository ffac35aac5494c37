import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ExportSource } from '../../../main/exporters/exporter.ts';
import { huggingFace, inShards } from '../../../main/exporters/hugging-face.ts';
import { compareParity } from '../../../main/exporters/parity.ts';
import { openTuned } from '../../../main/inference/weights.ts';
import { openModel } from '../../../main/models/load.ts';
import { adapterFolder, llamaFolder, temporaryFolder } from '../../helpers/tiny-model.ts';

function sourceOf(adapter: string | null, folder = llamaFolder): ExportSource {
  const base = openModel(folder);
  const tuned = openTuned(base, adapter === null ? null : { kind: 'adapter', folder: adapter });
  return { base, tuned, lineage: {}, signal: new AbortController().signal, onProgress: () => {} };
}

test('a merged folder opens like any model and gives the logits of the unmerged adapter', async () => {
  const source = sourceOf(adapterFolder);
  const folder = temporaryFolder();
  await huggingFace.write(source, folder, { dtype: 'as-base' });
  const parity = await compareParity(
    source.tuned,
    huggingFace.reopen(folder, source.base),
    llamaFolder,
    'float32',
  );
  expect(parity).toMatchObject({ topTokenAgreement: 1, same: true });
  expect(parity.maxLogitDifference).toBeLessThan(1e-4);
  const base = await compareParity(source.tuned, openTuned(source.base, null), llamaFolder, 'float32');
  expect(base.same).toBe(false); // the adapter does change the model
  expect(base.sentence).toMatch(/^Differs: \d+ of \d+ next tokens/);
});

test.each([
  ['float16', 0.05],
  ['bfloat16', 0.4],
] as const)(
  'weights in %s stay as near as their rounding allows, and config.json says so',
  async (dtype, limit) => {
    const source = sourceOf(adapterFolder);
    const folder = temporaryFolder();
    await huggingFace.write(source, folder, { dtype });
    const reopened = huggingFace.reopen(folder, source.base);
    expect(reopened.model.dtype).toBe(dtype);
    expect(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')).torch_dtype).toBe(dtype);
    const parity = await compareParity(source.tuned, reopened, llamaFolder, dtype);
    expect(parity.same).toBe(true);
    expect(parity.maxLogitDifference).toBeGreaterThan(0);
    expect(parity.maxLogitDifference).toBeLessThan(limit);
  },
);

test('a model that was not changed is written byte by byte in its own type', async () => {
  const half = join(llamaFolder, '../llama3_bf16');
  const source = sourceOf(null, half);
  const folder = temporaryFolder();
  await huggingFace.write(source, folder, { dtype: 'as-base' });
  const parity = await compareParity(source.tuned, huggingFace.reopen(folder, source.base), half, 'bfloat16');
  expect(parity.maxLogitDifference).toBe(0);
  expect(openModel(folder).dtype).toBe('bfloat16');
});

test('generation settings keep the base’s and name every token that ends an answer', async () => {
  const folder = temporaryFolder();
  for (const name of readdirSync(llamaFolder)) {
    if (/\.(json|safetensors)$/.test(name)) copyFileSync(join(llamaFolder, name), join(folder, name));
  }
  const settings = JSON.parse(readFileSync(join(folder, 'tokenizer_config.json'), 'utf8'));
  settings.chat_template = "{% for m in messages %}{{ m['role'] + m['content'] + '<unk>' }}{% endfor %}";
  writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify(settings));
  writeFileSync(join(folder, 'generation_config.json'), JSON.stringify({ top_p: 0.9, eos_token_id: 2 }));
  const out = temporaryFolder();
  await huggingFace.write(sourceOf(null, folder), out, { dtype: 'as-base' });
  const written = JSON.parse(readFileSync(join(out, 'generation_config.json'), 'utf8'));
  expect(written).toMatchObject({ top_p: 0.9, bos_token_id: 1, eos_token_id: [2, 3] });
});

test('weights are cut into files of at most the limit, and a larger tensor gets its own', () => {
  const shards = inShards([3, 3, 5, 20, 1], (size) => size, 8);
  expect(shards).toEqual([[3, 3], [5], [20], [1]]);
});

test('an export that is cancelled ends with a sentence', async () => {
  const source = { ...sourceOf(null), signal: AbortSignal.abort() };
  await expect(huggingFace.write(source, temporaryFolder(), { dtype: 'as-base' })).rejects.toMatchObject({
    code: 'cancelled',
  });
});
