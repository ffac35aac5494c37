// Dynamic loss scaling: overflow leaves the update out and halves the scale, many good updates double it, gradients come
// out as without it, and a resumed run goes on with the same bits.
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { openLog } from '../../../main/log.ts';
import { LoraConfig } from '../../../main/models/lora.ts';
import { newestCheckpoint, restoreCheckpoint, saveCheckpoint } from '../../../main/training/checkpoint.ts';
import { firstLossScale, nextLossScale, sumScale } from '../../../main/training/loss-scale.ts';
import { createTrainer, type Trainer, type TrainerOptions } from '../../../main/training/trainer.ts';
import { readStored, type StoredModel, toBatch } from '../../conformance/reference.ts';
import { openReference, referenceFolder } from '../../helpers/reference-model.ts';
import { temporaryFolder } from '../../helpers/tiny-model.ts';

const model = openReference('llama');
const lora = LoraConfig.parse({ r: 4, lora_alpha: 8, lora_dropout: 0.2, target_modules: 'all-linear' });
const batches = readStored<StoredModel>(referenceFolder('llama')).train_batches.map(toBatch);

beforeEach(() => openLog(join(temporaryFolder(), 'log.txt')));

async function trainerOf(options: Partial<TrainerOptions> = {}): Promise<Trainer> {
  const optimizer = { kind: 'adamw', beta1: 0.9, beta2: 0.999, eps: 1e-8 } as const;
  const fixed = { optimizer, weightDecay: 0.01, maxGradNorm: 1, threads: 1, seed: 8 };
  const trainer = await createTrainer({ model, lora, ...fixed, precision: 'fp16', ...options });
  onTestFinished(() => trainer.release());
  return trainer;
}

async function step(trainer: Trainer): Promise<{ loss: number; gradNorm: number; skipped?: boolean }> {
  const { lossSum, weight } = await trainer.accumulate(batches[trainer.updates % batches.length]);
  return { loss: lossSum / weight, ...(await trainer.update(1e-3)) };
}

const copies = (trainer: Trainer) => trainer.parameters.arrays.map((array) => array.slice());

test('the scale starts at 65,536, halves after an overflow and doubles after 2,000 good updates', () => {
  let state = firstLossScale;
  expect(state.scale).toBe(65536);
  state = nextLossScale(state, false);
  expect(state).toEqual({ scale: 32768, good: 0, skipped: 1 });
  for (let i = 0; i < 1999; i++) state = nextLossScale(state, true);
  expect(state).toEqual({ scale: 32768, good: 1999, skipped: 1 });
  expect(nextLossScale(state, true)).toEqual({ scale: 65536, good: 0, skipped: 1 });
  expect(nextLossScale(state, false)).toEqual({ scale: 16384, good: 0, skipped: 2 });
  expect(() => nextLossScale({ scale: 1, good: 3, skipped: 16 }, false)).toThrow(/beyond 65,504/);
});

test('the factor on a sum is that on the mean, as a power of two', () => {
  expect(sumScale({ scale: 65536, good: 0, skipped: 0 }, 256)).toBe(256);
  expect(sumScale({ scale: 65536, good: 0, skipped: 0 }, 21)).toBe(4096);
  expect(sumScale({ scale: 65536, good: 0, skipped: 0 }, 0)).toBe(65536);
});

test('an overflow leaves the update out, and training goes on with half the scale', async () => {
  const trainer = await trainerOf();
  await step(trainer);
  const before = copies(trainer);
  const moments = trainer.states.get('exp_avg')?.arrays.map((array) => array.slice());
  trainer.lossScale = { scale: 2 ** 40, good: 7, skipped: 0 };
  const { loss, gradNorm, skipped } = await step(trainer);
  expect(loss).toBeGreaterThan(1); // the loss itself is not scaled
  expect([gradNorm, skipped]).toEqual([0, true]);
  expect(trainer.lossScale).toEqual({ scale: 2 ** 39, good: 0, skipped: 1 });
  expect(copies(trainer)).toEqual(before);
  expect(trainer.states.get('exp_avg')?.arrays).toEqual(moments);
  expect(trainer.updates).toBe(2); // the batch is not seen again
  trainer.lossScale = { ...trainer.lossScale, scale: 1024 };
  const next = await step(trainer);
  expect(next.skipped).toBeUndefined();
  expect(copies(trainer)).not.toEqual(before);
});

test('an update that was left out does not count for the bias correction of Adam', async () => {
  const [plain, skipping] = [await trainerOf({ lora: undefined }), await trainerOf({ lora: undefined })];
  skipping.lossScale = { scale: 2 ** 60, good: 0, skipped: 0 };
  expect((await step(skipping)).skipped).toBe(true);
  skipping.lossScale = { ...firstLossScale, skipped: 1 };
  skipping.updates = 4; // the batch of the first update again
  skipping.lossScale = { ...firstLossScale, skipped: 4 };
  await step(plain);
  await step(skipping);
  expect(copies(skipping)).toEqual(copies(plain));
});

test('the scale leaves no trace in norm and update but for rounding to half', async () => {
  const run = async (scale: number) => {
    const trainer = await trainerOf();
    trainer.lossScale = { scale, good: 0, skipped: 0 };
    const { gradNorm } = await step(trainer);
    return gradNorm;
  };
  const [usual, smaller] = [await run(65536), await run(8192)];
  expect(Math.abs(smaller / usual - 1)).toBeLessThan(2e-3);
  // without a scale, small gradients lose digits below 6e-5 and vanish below 6e-8
  expect(usual).toBeGreaterThan(0);
});

test('micro-batches of one update share their factor', async () => {
  const [whole, exact] = [
    await trainerOf({ lora: undefined }),
    await trainerOf({ lora: undefined, precision: 'fp32' }),
  ];
  const norms: number[] = [];
  for (const trainer of [whole, exact]) {
    for (const batch of batches) await trainer.accumulate(batch);
    norms.push((await trainer.update(0)).gradNorm);
  }
  expect(Math.abs(norms[0] / norms[1] - 1)).toBeLessThan(2e-3);
});

test('a resumed run gives the bits of one that was never stopped, its scale included', async () => {
  const [whole, before] = [await trainerOf(), await trainerOf()];
  const losses: number[] = [];
  for (const trainer of [whole, before]) trainer.lossScale = { scale: 2 ** 22, good: 0, skipped: 0 };
  for (let i = 0; i < 6; i++) losses.push((await step(whole)).loss);
  for (let i = 0; i < 3; i++) await step(before);
  const root = temporaryFolder();
  saveCheckpoint(root, before, { model, lora, extra: {} });
  const resumed = await trainerOf();
  restoreCheckpoint(newestCheckpoint(root).found?.folder ?? '', resumed, true);
  expect(resumed.lossScale).toEqual(before.lossScale);
  expect(resumed.lossScale?.skipped).toBeGreaterThan(0);
  for (let i = 3; i < 6; i++) expect((await step(resumed)).loss).toBe(losses[i]);
  expect(copies(resumed)).toEqual(copies(whole));
  expect(resumed.lossScale).toEqual(whole.lossScale);
});

test('other precisions have no scale', async () => {
  const trainer = await trainerOf({ precision: 'bf16' });
  expect((await step(trainer)).skipped).toBeUndefined();
  expect(trainer.lossScale).toBeUndefined();
});
