// NEFTune: the size of the noise, that it comes from the seed, and that only training has it.
import { expect, onTestFinished, test } from 'vitest';
import { LoraConfig } from '../../../main/models/lora.ts';
import { createRandom } from '../../../main/tokens/random.ts';
import { embeddingNoise } from '../../../main/training/noise.ts';
import { type BatchArrays, createTrainer } from '../../../main/training/trainer.ts';
import { readStored, type StoredModel, toBatch } from '../../conformance/reference.ts';
import { openReference, referenceFolder } from '../../helpers/reference-model.ts';

const empty = new Int32Array(0);
const batchOf = (rows: number, width: number, segmentIds?: Int32Array): BatchArrays => ({
  rows,
  width,
  inputIds: empty,
  positionIds: empty,
  segmentIds,
  labelRows: empty,
  labels: empty,
  weights: new Float32Array(0),
});
const largest = (values: Float32Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

test('is uniform up to alpha / sqrt(length * width), with mean 0', () => {
  const noise = embeddingNoise(createRandom(1), [4000, 50], batchOf(40, 100), 5);
  const bound = 5 / Math.sqrt(100 * 50);
  expect(largest(noise)).toBeLessThanOrEqual(bound);
  expect(largest(noise)).toBeGreaterThan(0.99 * bound);
  const mean = noise.reduce((sum, value) => sum + value, 0) / noise.length;
  const square = noise.reduce((sum, value) => sum + value ** 2, 0) / noise.length;
  expect(Math.abs(mean)).toBeLessThan(0.03 * bound);
  expect(square / bound ** 2).toBeCloseTo(1 / 3, 2);
});

test('of packed records follows the length of each record', () => {
  const segments = Int32Array.from({ length: 100 }, (_, i) => (i < 4 ? 1 : 2));
  const noise = embeddingNoise(createRandom(1), [100, 64], batchOf(1, 100, segments), 5);
  expect(largest(noise.subarray(0, 4 * 64))).toBeGreaterThan(0.95 * (5 / Math.sqrt(4 * 64)));
  expect(largest(noise.subarray(4 * 64))).toBeLessThanOrEqual(5 / Math.sqrt(96 * 64));
});

test.each(['llama', 'gpt2'])(
  'changes the training loss of %s, seeded, and never the measured one',
  async (name) => {
    const lora = LoraConfig.parse({ r: 4, lora_alpha: 8, target_modules: 'all-linear' });
    const stored = readStored<StoredModel>(referenceFolder(name));
    const batch = toBatch(stored.batches[0]);
    const trained = async (neftuneAlpha: number, seed: number) => {
      const trainer = await createTrainer({
        model: openReference(name),
        lora,
        optimizer: { kind: 'sgd', momentum: 0 },
        weightDecay: 0,
        maxGradNorm: 0,
        threads: 1,
        seed,
        neftuneAlpha,
      });
      onTestFinished(() => trainer.release());
      const losses = [(await trainer.accumulate(batch)).lossSum, (await trainer.accumulate(batch)).lossSum];
      return { losses, measured: await trainer.losses(batch) };
    };
    const [plain, noisy, again] = [await trained(0, 3), await trained(5, 3), await trained(5, 3)];
    expect(noisy.losses).toEqual(again.losses);
    expect(noisy.losses[0]).not.toBe(noisy.losses[1]);
    expect(noisy.losses[0]).not.toBe(plain.losses[0]);
    expect(plain.losses[0]).toBe(plain.losses[1]);
    expect(noisy.measured).toEqual(plain.measured);
  },
);
