// Quantized base models: the numbers in blocks, the file in the cache, and training over it, which has to
// be training over a float32 model with the same numbers.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { nf4Levels } from '../../../main/compiler/nf4.ts';
import type { Recompute } from '../../../main/models/builder.ts';
import { type Model, openModel } from '../../../main/models/load.ts';
import { LoraConfig } from '../../../main/models/lora.ts';
import { openQuantized, planQuantized, readQuantized } from '../../../main/models/quantize.ts';
import { dequantize, quantizationKinds, quantize } from '../../../main/models/quantize-blocks.ts';
import { fromFloat32, readTensor, writeSafetensors } from '../../../main/models/safetensors.ts';
import { writeScratchModel } from '../../../main/models/scratch.ts';
import { compileLogits } from '../../../main/training/programs.ts';
import { createSession } from '../../../main/training/session.ts';
import { type BatchArrays, createTrainer } from '../../../main/training/trainer.ts';
import { normals } from '../../helpers/gradients.ts';
import { temporaryFolder } from '../../helpers/tiny-model.ts';

const llama = {
  model_type: 'llama',
  vocab_size: 80,
  hidden_size: 64,
  intermediate_size: 96,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 64,
  tie_word_embeddings: false,
  initializer_range: 0.2,
};
const gpt2 = { model_type: 'gpt2', vocab_size: 80, n_embd: 64, n_layer: 1, n_head: 4, n_positions: 64 };

function scratch(config: Record<string, unknown> = llama): Model {
  const folder = temporaryFolder();
  writeScratchModel(folder, config, { seed: 5, dtype: 'bfloat16' });
  return openModel(folder);
}

/** The same model in float32, with the numbers that the quantized weights stand for. */
function denseTwin(quantized: Model): Model {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'config.json'), readFileSync(join(quantized.folder, 'config.json')));
  writeSafetensors(
    join(folder, 'model.safetensors'),
    quantized.specs.map(({ name, shape }) => ({
      name,
      shape,
      dtype: 'float32',
      bytes: () =>
        fromFloat32(
          quantized.quantized?.weights.has(name)
            ? readQuantized(quantized, name)
            : readTensor(quantized.tensors.get(name)!),
          'float32',
        ),
    })),
  );
  return openModel(folder);
}

const ids = Int32Array.from({ length: 24 }, (_, i) => (i * 29 + 7) % 80);
const batch: BatchArrays = {
  rows: 2,
  width: 12,
  inputIds: ids,
  positionIds: ids.map((_, i) => i % 12),
  labelRows: Int32Array.from({ length: 20 }, (_, i) => (i < 10 ? i : i + 2)),
  labels: Int32Array.from({ length: 20 }, (_, i) => ids[i < 10 ? i + 1 : i + 3]),
  weights: new Float32Array(20).fill(1),
};

/** Gradients of an adapter with random B, in pages, and the loss. */
async function gradientsOf(
  model: Model,
  dora: boolean,
  recompute: Recompute = 'off',
): Promise<{ loss: number; pages: Float32Array[] }> {
  const lora = LoraConfig.parse({ r: 4, lora_alpha: 8, target_modules: 'all-linear', use_dora: dora });
  const trainer = await createTrainer({
    model,
    lora,
    optimizer: { kind: 'sgd', momentum: 0 },
    weightDecay: 0,
    maxGradNorm: 0,
    recompute,
    threads: 1,
    seed: 2,
  });
  onTestFinished(() => trainer.release());
  for (const { name } of trainer.parameters.entries().filter(({ name }) => name.includes('lora_B')))
    trainer.parameters.view(name).set(normals(trainer.parameters.view(name).length, 9).map((x) => x / 10));
  const { lossSum } = await trainer.accumulate(batch);
  return { loss: lossSum, pages: trainer.gradients.arrays.map((page) => page.slice()) };
}

async function logitsOf(model: Model): Promise<Float32Array> {
  const options = { model, pages: [], sites: [], provider: 'cpu', dropout: 0, labelSmoothing: 0 } as const;
  const shape = { rows: 2, width: 12, labels: 1, segments: false };
  const program = compileLogits(shape, { ...options, recompute: 'off' });
  const session = await createSession(program, { threads: 1, weightsFolder: model.weightsFolder });
  onTestFinished(() => session.release());
  const { logits } = await session.run({ ids, positions: batch.positionIds });
  return logits as Float32Array;
}

/** |a - b| / |b|. */
function distance(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  const [x, y] = [a, b].map((arrays) => arrays.flatMap((array) => [...array]));
  return Math.hypot(...x.map((value, i) => value - y[i])) / Math.hypot(...y);
}

describe.each(quantizationKinds)('%s', (kind) => {
  test('each number becomes the nearest of its block', () => {
    const numbers = normals(512, 3);
    numbers.fill(0, 64, 128); // a block of zeros
    const back = dequantize(kind, quantize(kind, numbers, 64), 64);
    for (let start = 0; start < 512; start += 64) {
      const block = numbers.subarray(start, start + 64);
      const most = Math.max(...block.map(Math.abs));
      const range = Math.max(0, ...block) - Math.min(0, ...block);
      const gap = Math.max(...nf4Levels.map((level, i) => level - nf4Levels[Math.max(0, i - 1)]));
      const bound = { int8: most / 254, int4: range / 15, nf4: (gap / 2) * most }[kind];
      for (let i = start; i < start + 64; i++)
        expect(Math.abs(back[i] - numbers[i])).toBeLessThanOrEqual(bound * 1.0001);
    }
    if (kind === 'nf4') {
      const levels = Float32Array.from({ length: 32 }, (_, i) => 3 * nf4Levels[i % 16]);
      expect(dequantize(kind, quantize(kind, levels, 32), 32)).toEqual(levels);
    }
  });

  test.each([llama, gpt2])(
    'a quantized $model_type trains as the float32 model of the same numbers',
    async (config) => {
      const quantized = await openQuantized(scratch(config), kind, temporaryFolder());
      const dense = denseTwin(quantized);
      expect(distance([await logitsOf(quantized)], [await logitsOf(dense)])).toBeLessThan(1e-4);
      const [found, expected] = [await gradientsOf(quantized, false), await gradientsOf(dense, false)];
      expect(Math.abs(found.loss / expected.loss - 1)).toBeLessThan(1e-4);
      expect(distance(found.pages, expected.pages)).toBeLessThan(1e-4);
    },
  );

  test('a planned model has the bytes of the real one', async () => {
    const model = scratch();
    const { bytes, weightsFolder } = await openQuantized(model, kind, temporaryFolder());
    expect(planQuantized(model, kind).bytes).toBe(bytes);
    expect(readFileSync(join(weightsFolder, 'weights.bin')).length).toBe(bytes);
  });
});

test('DoRA over a quantized base starts from the norms of the quantized weights', async () => {
  const quantized = await openQuantized(scratch(), 'nf4', temporaryFolder());
  const [found, expected] = [
    await gradientsOf(quantized, true),
    await gradientsOf(denseTwin(quantized), true),
  ];
  expect(Math.abs(found.loss / expected.loss - 1)).toBeLessThan(1e-4);
  expect(distance(found.pages, expected.pages)).toBeLessThan(1e-4);
});

test('embeddings, norms and the output layer keep their precision', async () => {
  const { quantized, specs, tensors } = await openQuantized(scratch(), 'int8', temporaryFolder());
  const kept = specs.filter(({ name }) => !quantized!.weights.has(name)).map(({ name }) => name);
  const layerNorms = [0, 1].flatMap((layer) =>
    ['input_layernorm', 'post_attention_layernorm'].map((norm) => `model.layers.${layer}.${norm}.weight`),
  );
  const expected = ['model.embed_tokens.weight', 'model.norm.weight', 'lm_head.weight', ...layerNorms];
  expect(kept.sort()).toEqual(expected.sort());
  expect(kept.every((name) => tensors.get(name)?.dtype === 'bfloat16')).toBe(true);
});

test('what is computed again has the same bits', async () => {
  const quantized = await openQuantized(scratch(), 'int4', temporaryFolder());
  const kept = await gradientsOf(quantized, false);
  for (const recompute of ['selective', 'layer'] as const)
    expect(await gradientsOf(quantized, false, recompute)).toEqual(kept);
});

test('a layer too narrow for blocks stays as it is stored', async () => {
  const narrow = scratch({ ...llama, intermediate_size: 80 });
  const { quantized } = await openQuantized(narrow, 'nf4', temporaryFolder());
  expect(quantized?.weights.has('model.layers.0.mlp.up_proj.weight')).toBe(true);
  expect(quantized?.weights.has('model.layers.0.mlp.down_proj.weight')).toBe(false);
});

test('it is made once, checked when it is opened again, and made again where it is damaged', async () => {
  const [model, cache] = [scratch(), temporaryFolder()];
  const opened: boolean[] = [];
  const open = async () => {
    let made = false;
    const result = await openQuantized(model, 'int4', cache, {
      onProgress: ({ checking }) => {
        made ||= !checking;
      },
    });
    opened.push(made);
    return result;
  };
  const file = join((await open()).weightsFolder, 'weights.bin');
  await open();
  const right = readFileSync(file);
  const wrong = Buffer.from(right);
  wrong[1000] ^= 1;
  writeFileSync(file, wrong);
  await open();
  expect(opened).toEqual([true, false, true]);
  expect(readFileSync(file)).toEqual(right);
});

test('work that is cut leaves nothing that is taken for a model', async () => {
  const [model, cache] = [scratch(), temporaryFolder()];
  const cut = openQuantized(model, 'nf4', cache, { signal: AbortSignal.abort() });
  await expect(cut).rejects.toMatchObject({ code: 'cancelled' });
  expect(readdirSync(cache)).toEqual([]);
  expect((await openQuantized(model, 'nf4', cache)).quantized?.kind).toBe('nf4');
});

test('a weight that is no number is refused by name', async () => {
  const model = scratch();
  const info = model.tensors.get('model.layers.1.mlp.up_proj.weight')!;
  const bytes = readFileSync(info.file);
  bytes.writeUInt16LE(0x7fc0, info.offset + 10);
  writeFileSync(info.file, bytes);
  await expect(openQuantized(model, 'int4', temporaryFolder())).rejects.toThrow(
    '"model.layers.1.mlp.up_proj.weight" holds NaN',
  );
});
