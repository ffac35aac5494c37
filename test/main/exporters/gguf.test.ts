import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ExportSource } from '../../../main/exporters/exporter.ts';
import type { WritableType } from '../../../main/exporters/gguf/quantize.ts';
import { type GgufFile, readGguf } from '../../../main/exporters/gguf/reader.ts';
import { gguf } from '../../../main/exporters/gguf.ts';
import { compareParity } from '../../../main/exporters/parity.ts';
import { openTuned } from '../../../main/inference/weights.ts';
import { exportModel } from '../../../main/jobs/export.ts';
import { writeAdapter } from '../../../main/models/adapter-files.ts';
import { openModel } from '../../../main/models/load.ts';
import { LoraConfig } from '../../../main/models/lora.ts';
import {
  readHeader,
  readTensor,
  type TensorInfo,
  writeSafetensors,
} from '../../../main/models/safetensors.ts';
import type { TokenizerJson } from '../../../main/tokens/tokenizer-file.ts';
import { adapterTensors, createTrainer } from '../../../main/training/trainer.ts';
import { adapterFolder, jobContext, llamaFolder, temporaryFolder } from '../../helpers/tiny-model.ts';

const reference = join(llamaFolder, '..');

function sourceOf(folder: string, adapter: string | null = null): ExportSource {
  const base = openModel(folder);
  const tuned = openTuned(base, adapter === null ? null : { kind: 'adapter', folder: adapter });
  return { base, tuned, lineage: {}, signal: new AbortController().signal, onProgress: () => {} };
}

/** Writes, opens again and compares. */
async function exported(folder: string, type: WritableType, adapter: string | null = null) {
  const source = sourceOf(folder, adapter);
  const out = join(temporaryFolder(), 'out');
  mkdirSync(out);
  await gguf.write(source, out, { type });
  const parity = await compareParity(
    source.tuned,
    gguf.reopen(out, source.base),
    folder,
    gguf.dtype(source, { type }),
  );
  return {
    parity,
    file: readGguf(join(out, 'model.gguf')),
    modelfile: readFileSync(join(out, 'Modelfile'), 'utf8'),
  };
}

/** A copy of the tiny llama whose files `change` may edit. */
function changedLlama(change: (folder: string) => void): string {
  const folder = temporaryFolder();
  for (const name of readdirSync(llamaFolder)) {
    if (/^(config|tokenizer|tokenizer_config)\.json$|^model\.safetensors$/.test(name)) {
      cpSync(join(llamaFolder, name), join(folder, name));
    }
  }
  change(folder);
  return folder;
}

const listOf = <List>(file: GgufFile, key: string): List => file.metadata.get(key)?.value as List;

function editJson<T>(file: string, edit: (value: T) => void): void {
  const value = JSON.parse(readFileSync(file, 'utf8')) as T;
  edit(value);
  writeFileSync(file, JSON.stringify(value));
}

test.each(['llama', 'llama3_bf16', 'gpt2', 'qwen2', 'qwen3', 'phi3'])(
  '%s gives bit-equal logits from float32',
  async (name) => {
    const { parity } = await exported(join(reference, name), 'F32');
    expect(parity).toMatchObject({ maxLogitDifference: 0, topTokenAgreement: 1, same: true });
  },
);

test('an adapter is merged, and float16 stays as near as its rounding allows', async () => {
  const full = await exported(llamaFolder, 'F32', adapterFolder);
  expect(full.parity.same).toBe(true);
  expect(full.parity.maxLogitDifference).toBeLessThan(1e-4);
  const half = await exported(llamaFolder, 'F16', adapterFolder);
  expect(half.parity.same).toBe(true);
  expect(half.parity.maxLogitDifference).toBeGreaterThan(0);
  expect(half.file.metadata.get('general.file_type')?.value).toBe(1);
});

test('rounded weights are told by what they change, and vectors stay float32', async () => {
  const eight = await exported(llamaFolder, 'Q8_0', adapterFolder);
  expect(eight.parity.same).toBe(true);
  expect(eight.parity.sentence).toMatch(
    /^Rounded: \d+ of \d+ next tokens agree, and no logit differs by more than/,
  );
  const four = await exported(llamaFolder, 'Q4_0', adapterFolder);
  expect(four.parity.maxLogitDifference).toBeGreaterThan(eight.parity.maxLogitDifference);
  const types = [...four.file.tensors.values()].map(({ name, type }) => [name, type]);
  expect(types).toContainEqual(['blk.0.attn_q.weight', 'Q4_0']);
  expect(types).toContainEqual(['blk.0.attn_norm.weight', 'F32']);
  expect(types).toContainEqual(['token_embd.weight', 'Q8_0']);
  expect(types).toContainEqual(['blk.0.ffn_down.weight', 'F16']); // 112 numbers a row are no whole blocks
});

test('an output layer that was trained apart from the embedding gets a tensor of its own', async () => {
  const base = openModel(llamaFolder); // tied
  const modules = { target_modules: ['q_proj'], modules_to_save: ['embed_tokens'] };
  const lora = LoraConfig.parse({ r: 2, lora_alpha: 4, ...modules });
  const optimizer = { kind: 'sgd', momentum: 0 } as const;
  const trainer = await createTrainer({ model: base, lora, optimizer, weightDecay: 0, maxGradNorm: 0 });
  const saved = trainer.parameters.view('base_model.model.model.embed_tokens.weight');
  for (let i = 0; i < saved.length; i++) saved[i] *= 1.5;
  const adapter = temporaryFolder();
  writeAdapter(adapter, lora, adapterTensors(trainer));
  await trainer.release();
  const { parity, file } = await exported(llamaFolder, 'F32', adapter);
  expect(file.tensors.has('output.weight')).toBe(true);
  expect(parity).toMatchObject({ topTokenAgreement: 1, same: true });
});

test('Llama 3 frequencies lie in a tensor of their own', async () => {
  const { file } = await exported(join(reference, 'llama3_bf16'), 'F16');
  expect(file.tensors.get('rope_freqs.weight')).toMatchObject({ type: 'F32', shape: [8] });
});

test('the job writes it like any other format', async () => {
  const folder = join(temporaryFolder(), 'export');
  const { context } = jobContext<'export'>();
  const tuned = { kind: 'adapter', folder: adapterFolder } as const;
  const input = {
    format: 'gguf',
    options: { type: 'Q8_0' },
    modelFolder: llamaFolder,
    tuned,
    folder,
    lineage: {},
  };
  const { files, parity } = await exportModel.run(input, context);
  expect(files.map(({ name }) => name)).toEqual(['Modelfile', 'README.md', 'model.gguf']);
  expect(readFileSync(join(folder, 'README.md'), 'utf8')).toContain(parity.sentence);
});

describe('what llama.cpp would compute otherwise is refused with a reason', () => {
  test.each([
    ['mistral', /Mistral, which is not mapped/],
    ['gemma3_text', /windowed layers in another order/],
    ['relatives/qwen2_window', /only a window/],
    ['relatives/llama_yarn', /"yarn"/],
    ['bert_classifier', /BERT with an output layer for labels/],
    ['t5', /T5 with an encoder and a decoder/],
  ])('%s', (name, message) => {
    expect(gguf.refuses(openTuned(openModel(join(reference, name)), null))?.message).toMatch(message);
  });
});

test('Gemma 3 of the usual layout comes back with its gains, which the file has around 1', async () => {
  const folder = temporaryFolder();
  for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors']) {
    cpSync(join(reference, 'gemma3_text', name), join(folder, name));
  }
  editJson(join(folder, 'config.json'), (config: Record<string, unknown>) => {
    config.sliding_window_pattern = 6;
    config.query_pre_attn_scalar = config.head_dim;
  });
  const { parity, file } = await exported(folder, 'F32');
  expect(parity.same).toBe(true);
  expect(file.metadata.get('gemma3.attention.key_length')?.value).toBe(24);
  expect(file.tensors.has('blk.1.post_ffw_norm.weight')).toBe(true);
});

describe('vocabulary', () => {
  test('rows without a token become unused placeholders, as many tokens as rows (D01)', async () => {
    const folder = changedLlama((path) => {
      const tensors = readHeader(join(path, 'model.safetensors'));
      const grown = [...tensors.values()].map((info: TensorInfo) => {
        const more = info.name === 'model.embed_tokens.weight' ? 3 : 0;
        const values = readTensor(info);
        const data = new Float32Array(values.length + more * 64);
        data.set(values);
        const shape = [info.shape[0] + more, ...info.shape.slice(1)];
        return {
          name: info.name,
          dtype: 'float32' as const,
          shape,
          bytes: () => new Uint8Array(data.buffer),
        };
      });
      writeSafetensors(join(path, 'grown.safetensors'), grown);
      cpSync(join(path, 'grown.safetensors'), join(path, 'model.safetensors'));
    });
    const { file } = await exported(folder, 'F16');
    const tokens = listOf<string[]>(file, 'tokenizer.ggml.tokens');
    expect(tokens).toHaveLength(515);
    expect(tokens.slice(-3)).toEqual(['[PAD512]', '[PAD513]', '[PAD514]']);
    expect(listOf<number[]>(file, 'tokenizer.ggml.token_type').slice(-4)).toEqual([1, 5, 5, 5]);
    expect(file.metadata.get('llama.vocab_size')?.value).toBe(515);
  });

  test('added tokens keep their spelling, as text or as control tokens', async () => {
    const folder = changedLlama((path) =>
      editJson(join(path, 'tokenizer.json'), (value: TokenizerJson) => {
        const vocabulary = value.model.vocab as Record<string, number>;
        const last = Object.keys(vocabulary).filter((token) => vocabulary[token] > 509);
        for (const token of last) delete vocabulary[token];
        value.model.merges = (value.model.merges as (string | string[])[]).filter(
          (merge) => !last.includes([merge].flat().join('').replace(' ', '')),
        );
        const added = { single_word: false, lstrip: false, rstrip: false, normalized: false };
        value.added_tokens.push({ ...added, id: 510, content: '<SECTION>', special: false });
        value.added_tokens.push({ ...added, id: 511, content: '<|case|>', special: true });
      }),
    );
    const { file } = await exported(folder, 'F16');
    expect(listOf<string[]>(file, 'tokenizer.ggml.tokens').slice(-2)).toEqual(['<SECTION>', '<|case|>']);
    expect(listOf<number[]>(file, 'tokenizer.ggml.token_type').slice(-2)).toEqual([4, 3]);
  });

  test('a token without a row is refused by its name and id', async () => {
    const folder = changedLlama((path) =>
      editJson(join(path, 'tokenizer.json'), (value: TokenizerJson) => {
        value.added_tokens.push({ ...value.added_tokens[0], id: 512, content: '<|new|>' });
      }),
    );
    await expect(gguf.write(sourceOf(folder), temporaryFolder(), { type: 'F16' })).rejects.toMatchObject({
      code: 'export-refused',
      message: expect.stringContaining('"<|new|>" has the id 512'),
    });
  });
});

test('an export that is cancelled ends with a sentence and leaves no file of the name', async () => {
  const source = { ...sourceOf(llamaFolder), signal: AbortSignal.abort() };
  const folder = temporaryFolder();
  await expect(gguf.write(source, folder, { type: 'F16' })).rejects.toMatchObject({ code: 'cancelled' });
  expect(existsSync(join(folder, 'model.gguf'))).toBe(false);
});
