// The dry run takes the longest batch, and leaves no trace in the losses.
import { expect, test } from 'vitest';
import { openModel } from '../../../main/models/load.ts';
import { LoraConfig } from '../../../main/models/lora.ts';
import { dryRun, longestBatch } from '../../../main/training/dry-run.ts';
import { createTrainer } from '../../../main/training/trainer.ts';
import { planUpdates } from '../../../main/training/updates.ts';
import { llamaFolder } from '../../helpers/tiny-model.ts';

test('one long record among many short ones makes the longest batch', () => {
  const lengths = Array.from({ length: 200 }, (_, i) => (i === 120 ? 2000 : 50));
  const options = {
    seed: 1,
    batchSize: 4,
    epochs: 1,
    packing: false,
    maxLength: 2048,
    microBatchTokens: 1024,
  };
  const longest = longestBatch(planUpdates(lengths, options));
  expect(longest?.rows).toEqual([[{ record: 120, start: 0, length: 2000 }]]);
});

const [rows, width] = [2, 16];
const labelRows = Int32Array.from({ length: 24 }, (_, i) => (i % 12) + (i < 12 ? 0 : width));
const batchOf = (seed: number) => {
  const inputIds = Int32Array.from({ length: rows * width }, (_, i) => (i * 31 + seed) % 200);
  return {
    rows,
    width,
    inputIds,
    positionIds: inputIds.map((_, i) => i % width),
    labelRows,
    labels: labelRows.map((row) => inputIds[row + 1]),
    weights: new Float32Array(labelRows.length).fill(1),
  };
};

test('losses, dropout and noise are the same to the last bit with and without it', async () => {
  const run = async (tried: boolean) => {
    const trainer = await createTrainer({
      model: openModel(llamaFolder),
      lora: LoraConfig.parse({ r: 2, lora_alpha: 4, lora_dropout: 0.2, target_modules: 'all-linear' }),
      optimizer: { kind: 'adamw', beta1: 0.9, beta2: 0.999, eps: 1e-8 },
      weightDecay: 0,
      maxGradNorm: 1,
      neftuneAlpha: 5,
      threads: 1,
      seed: 3,
    });
    if (tried) expect((await dryRun(trainer, batchOf(99))).peakBytes).toBeGreaterThan(50e6);
    const results: number[] = [];
    for (let step = 0; step < 3; step++) {
      results.push((await trainer.accumulate(batchOf(step))).lossSum);
      results.push((await trainer.update(1e-2)).gradNorm);
    }
    await trainer.release();
    return results;
  };
  const plain = await run(false);
  expect(new Set(plain).size).toBe(6);
  expect(await run(true)).toEqual(plain);
});
