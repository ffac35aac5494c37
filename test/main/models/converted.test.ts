// Weights in the types that a device reads: what is changed and what is not, the same numbers where the type holds them,
// one file that is made once, and graphs without a cast of a weight.
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { schedule } from '../../../main/compiler/rewrite.ts';
import { openConverted, planConverted, type ReadBy } from '../../../main/models/converted.ts';
import { type Model, openModel } from '../../../main/models/load.ts';
import { LoraConfig } from '../../../main/models/lora.ts';
import { openQuantized } from '../../../main/models/quantize.ts';
import { readTensor, type TensorInfo, writeSafetensors } from '../../../main/models/safetensors.ts';
import { writeScratchModel } from '../../../main/models/scratch.ts';
import { gradientGraph } from '../../../main/training/programs.ts';
import { createTrainer, type TrainerOptions } from '../../../main/training/trainer.ts';
import { readStored, type StoredModel, toBatch } from '../../conformance/reference.ts';
import { openReference, referenceFolder } from '../../helpers/reference-model.ts';
import { temporaryFolder } from '../../helpers/tiny-model.ts';

const model = openReference('llama3_bf16');
const gpu = (precision: ReadBy['precision'], provider: ReadBy['provider'] = 'webgpu') => ({
  provider,
  precision,
});
const lora = LoraConfig.parse({ r: 4, lora_alpha: 8, target_modules: 'all-linear' });
const typesOf = ({ specs, tensors }: Model) =>
  Object.fromEntries(
    ['linear', 'embedding', 'norm'].map((kind) => [
      kind,
      [
        ...new Set(specs.filter((spec) => spec.kind === kind).map(({ name }) => tensors.get(name)?.dtype)),
      ].join(),
    ]),
  );

describe('types', () => {
  test.each([
    [gpu('fp32'), { linear: 'float32', embedding: 'float32', norm: 'float32' }],
    [gpu('fp16'), { linear: 'float16', embedding: 'float16', norm: 'float32' }],
    [gpu('fp16', 'dml'), { linear: 'float16', embedding: 'float16', norm: 'float32' }],
    [gpu('fp16', 'cuda'), { linear: 'float16', embedding: 'float16', norm: 'bfloat16' }],
  ])('of bfloat16 weights for %j: %j', (by, types) => {
    expect(typesOf(planConverted(model, by))).toEqual(types);
  });

  test.each([
    [model, gpu('bf16', 'cuda')],
    [model, gpu('fp32', 'cuda')],
    [model, gpu('fp16', 'cpu')],
    [openReference('llama'), gpu('fp32')],
  ])('weights that the device reads as they are stay where they are: %#', async (given, by) => {
    expect(planConverted(given, by)).toBe(given);
    const cache = temporaryFolder();
    expect(await openConverted(given, by, cache)).toBe(given);
    expect(readdirSync(cache)).toEqual([]);
  });

  test('weights that are made float32 on their way to the device are not written anew', async () => {
    const cache = temporaryFolder();
    expect(await openConverted(model, gpu('fp32'), cache)).toBe(model);
    expect(readdirSync(cache)).toEqual([]);
  });

  test('of float32 weights: products read half, lookups keep what the file has', () => {
    const types = typesOf(planConverted(openReference('llama'), gpu('bf16', 'cuda')));
    expect(types).toEqual({ linear: 'bfloat16', embedding: 'float32', norm: 'float32' });
  });
});

test('the file is made once, holds the same numbers, and is made again when it is damaged', async () => {
  const cache = temporaryFolder();
  const converted = await openConverted(model, gpu('fp16'), cache);
  expect(converted.bytes).toBe(planConverted(model, gpu('fp16')).bytes);
  for (const { name } of model.specs) {
    const [before, after] = [model, converted].map(({ tensors }) =>
      readTensor(tensors.get(name) as TensorInfo),
    );
    const beyond = before.findIndex(
      (value, i) => Math.abs(after[i] - value) > (Math.abs(value) < 2 ** -14 ? 2 ** -25 : 0),
    );
    expect(beyond, name).toBe(-1); // float16 holds all bfloat16 numbers but tiny ones, which lose digits
  }
  const [folder] = readdirSync(cache);
  const file = join(cache, folder, 'weights.bin');
  const { mtimeMs } = statSync(file);
  await openConverted(model, gpu('fp16'), cache);
  expect(statSync(file).mtimeMs).toBe(mtimeMs);
  rmSync(file);
  await openConverted(model, gpu('fp16'), cache);
  expect(statSync(file).size).toBeGreaterThan(0);
});

test('a weight beyond float16 is refused by name', async () => {
  const folder = join(temporaryFolder(), 'wide');
  const config = {
    ...{ model_type: 'llama', vocab_size: 32, hidden_size: 16, intermediate_size: 16, num_hidden_layers: 1 },
    ...{ num_attention_heads: 2, num_key_value_heads: 2, max_position_embeddings: 32, rms_norm_eps: 1e-5 },
  };
  writeScratchModel(folder, config, { seed: 1 });
  const { tensors } = openModel(folder);
  writeSafetensors(
    join(folder, 'model.safetensors'),
    [...tensors].map(([name, info]) => {
      const numbers = readTensor(info);
      if (name.endsWith('down_proj.weight')) numbers[5] = 70000;
      return { name, dtype: 'float32', shape: info.shape, bytes: () => new Uint8Array(numbers.buffer) };
    }),
  );
  await expect(openConverted(openModel(folder), gpu('fp16'), temporaryFolder())).rejects.toThrow(
    /down_proj\.weight" holds 70000, and float16 ends at 65,504/,
  );
});

describe('training over it', () => {
  const batch = toBatch(readStored<StoredModel>(referenceFolder('llama3_bf16')).batches[2]);
  const lossesOf = async (given: Model, options: Partial<TrainerOptions>) => {
    const optimizer = { kind: 'adamw', beta1: 0.9, beta2: 0.999, eps: 1e-8 } as const;
    const fixed = { optimizer, weightDecay: 0, maxGradNorm: 1, threads: 1, seed: 2 };
    const trainer = await createTrainer({ model: given, ...fixed, ...options });
    const losses: number[] = [];
    for (let step = 0; step < 3; step++) {
      losses.push((await trainer.accumulate(batch)).lossSum);
      await trainer.update(1e-2);
    }
    await trainer.release();
    return losses;
  };

  test.each<[string, ReadBy, Partial<TrainerOptions>]>([
    ['LoRA in float32', gpu('fp32', 'dml'), { lora }],
    ['LoRA in float16', gpu('fp16'), { lora, precision: 'fp16' }],
    [
      'saved modules',
      gpu('fp16'),
      { lora: LoraConfig.parse({ ...lora, modules_to_save: ['norm'] }), precision: 'fp16' },
    ],
    ['the last layer', gpu('fp32', 'dml'), { lastLayers: 1 }],
  ])('gives the same bits: %s', async (_, by, options) => {
    const converted = await openConverted(model, by, temporaryFolder());
    expect(await lossesOf(converted, options)).toEqual(await lossesOf(model, options));
  });

  test('goes with a quantized base in the same cache', async () => {
    const cache = temporaryFolder();
    const quantized = await openQuantized(model, 'int8', cache);
    const converted = await openConverted(quantized, gpu('fp16'), cache);
    expect(converted.bytes).toBeGreaterThan(quantized.bytes);
    const options = { lora, precision: 'fp16' } as const;
    expect(await lossesOf(converted, options)).toEqual(await lossesOf(quantized, options));
  });

  test.each([
    ['webgpu', 'fp32'],
    ['webgpu', 'fp16'],
    ['cuda', 'fp16'],
  ] as const)('no graph for %s in %s casts a matrix of weights', async (provider, precision) => {
    const converted = planConverted(model, { provider, precision });
    const trainer = await createTrainer({
      ...{ model, lora, optimizer: { kind: 'sgd', momentum: 0 }, weightDecay: 0, maxGradNorm: 0 },
    });
    const { pages, sites } = trainer;
    await trainer.release();
    const shape = { rows: 1, width: 32, labels: 8, segments: false };
    const common = { pages, sites, provider, precision, dropout: 0, labelSmoothing: 0 };
    const castsIn = (read: Model) =>
      schedule(gradientGraph(shape, { ...common, model: read, recompute: 'off' })).filter(
        ({ op, inputs: [x] }) => op === 'cast' && x.source?.kind === 'weight' && x.shape.length > 1,
      ).length;
    expect(castsIn(converted)).toBe(0);
    expect(castsIn(model)).toBeGreaterThan(0);
  });
});
