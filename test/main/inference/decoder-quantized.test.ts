// Answers over a quantized base: against a float32 model with the numbers that its codes stand for.
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createDecoder } from '../../../main/inference/decoder.ts';
import { createGenerator } from '../../../main/inference/generate.ts';
import { openAsTrained } from '../../../main/inference/weights.ts';
import { type Model, openModel } from '../../../main/models/load.ts';
import { openQuantized, readQuantized } from '../../../main/models/quantize.ts';
import { quantizationKinds } from '../../../main/models/quantize-blocks.ts';
import { fromFloat32, readTensor, writeSafetensors } from '../../../main/models/safetensors.ts';
import { adapterFolder, llamaFolder, temporaryFolder } from '../../helpers/tiny-model.ts';

function floatTwin(model: Model): Model {
  const folder = temporaryFolder();
  cpSync(join(model.folder, 'config.json'), join(folder, 'config.json'));
  const numbers = (name: string) =>
    model.quantized?.weights.has(name) ? readQuantized(model, name) : readTensor(model.tensors.get(name)!);
  writeSafetensors(
    join(folder, 'model.safetensors'),
    model.specs.map(({ name, shape }) => ({
      name,
      shape,
      dtype: 'float32',
      bytes: () => fromFloat32(numbers(name), 'float32'),
    })),
  );
  return openModel(folder);
}

/** Products round to 8 bits what they multiply; the quantization itself moves the logits by more. */
const rounding = 4e-2;

const promptIds = Array.from({ length: 70 }, (_, i) => (i * 37 + 11) % 500);
const greedy = { maxNewTokens: 24, temperature: 0, eosIds: [] };

function distance(a: Float32Array, b: Float32Array): number {
  return Math.hypot(...a.map((value, i) => value - b[i])) / Math.hypot(...b);
}

function deviation(x: Float32Array): number {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  return Math.hypot(...x.map((value) => value - mean)) / Math.sqrt(x.length);
}

/** Logits after a prompt, and after one token more. */
async function logitsOf({ model, weights }: Awaited<ReturnType<typeof openAsTrained>>) {
  const decoder = createDecoder({ model, weights, threads: 1 });
  onTestFinished(() => decoder.release());
  const cache = decoder.newCache(1, 128);
  const first = (await decoder.prefill(cache, promptIds)) as Float32Array;
  const next = await decoder.step(cache, Int32Array.of(7), Int32Array.of(promptIds.length));
  return { first: first.slice(), next: next.slice() };
}

describe.each(quantizationKinds)('%s', (kind) => {
  test('logits of prompts and of single tokens are those of the float32 twin', async () => {
    const model = await openQuantized(openModel(llamaFolder), kind, temporaryFolder());
    const found = await logitsOf(await openAsTrained(model, null));
    const twin = await logitsOf(await openAsTrained(floatTwin(model), null));
    expect(distance(found.first, twin.first)).toBeLessThan(rounding);
    expect(distance(found.next, twin.next)).toBeLessThan(rounding);
  });

  test('greedy answers choose what the float32 twin likes best, or as good as best', async () => {
    const model = await openQuantized(openModel(llamaFolder), kind, temporaryFolder());
    const generator = createGenerator({ model, threads: 1 });
    const twin = createDecoder({ model: floatTwin(model), threads: 1 });
    onTestFinished(async () => {
      await generator.release();
      await twin.release();
    });
    const { ids } = await generator.generate({ promptIds, options: greedy });
    const [again, ...others] = await generator.generateBatch([promptIds, [3, 1, 4], [1, 5]], greedy);
    expect(others.map((other) => other.ids.length)).toEqual([24, 24]);
    for (const chosen of [ids, again.ids]) {
      const cache = twin.newCache(1, 128);
      let logits = (await twin.prefill(cache, promptIds)) as Float32Array;
      for (const [i, id] of chosen.entries()) {
        const least = Math.max(...logits) - logits[id];
        expect(least / deviation(logits)).toBeLessThan(0.15);
        logits = await twin.step(cache, Int32Array.of(id), Int32Array.of(promptIds.length + i));
      }
    }
  });
});

test('an adapter answers over the base that it was trained on, and without a quantized one over the original', async () => {
  const model = openModel(llamaFolder);
  const tuned = { kind: 'adapter', folder: adapterFolder } as const;
  const quantized = { kind: 'nf4', cacheFolder: temporaryFolder() } as const;
  const over = await openAsTrained(model, { ...tuned, quantized });
  expect(over.model.quantized?.kind).toBe('nf4');
  expect(over.lora).toBeDefined();
  const found = await logitsOf(over);
  const twin = await logitsOf(await openAsTrained(floatTwin(over.model), tuned));
  expect(distance(found.next, twin.next)).toBeLessThan(rounding);
  const original = await openAsTrained(model, { ...tuned, quantized: null });
  expect(original.model.quantized).toBeUndefined();
  const apart = await logitsOf(original);
  expect(distance(found.next, apart.next)).toBeGreaterThan(2 * rounding); // what NF4 costs
});

test('where the packed products cannot be written, weights are unpacked instead', async () => {
  const model = await openQuantized(openModel(llamaFolder), 'int8', temporaryFolder());
  mkdirSync(join(model.weightsFolder, 'products-2.bin')); // in its way
  const found = await logitsOf(await openAsTrained(model, null));
  const twin = await logitsOf(await openAsTrained(floatTwin(model), null));
  expect(distance(found.first, twin.first)).toBeLessThan(1e-4);
  expect(distance(found.next, twin.next)).toBeLessThan(1e-4);
});
