// Recomputation by policy: the same losses and gradients to the last bit, in less memory.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { schedule } from '../../../main/compiler/rewrite.ts';
import type { Recompute } from '../../../main/models/builder.ts';
import { openModel } from '../../../main/models/load.ts';
import { LoraConfig } from '../../../main/models/lora.ts';
import { writeScratchModel } from '../../../main/models/scratch.ts';
import { footprintOf } from '../../../main/training/footprint.ts';
import { gradientGraph } from '../../../main/training/programs.ts';
import { createTrainer, type TrainerOptions } from '../../../main/training/trainer.ts';

const [rows, width, vocabulary] = [2, 96, 128];
const config = {
  vocab_size: vocabulary,
  hidden_size: 32,
  intermediate_size: 80,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 128,
  rms_norm_eps: 1e-5,
  tie_word_embeddings: true,
  hidden_act: 'silu',
};

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tunesmith-recompute-'));
  for (const type of ['llama', 'qwen2'])
    writeScratchModel(join(folder, type), { ...config, model_type: type }, { seed: 2 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ids = Int32Array.from({ length: rows * width }, (_, i) => (i * 7919 + 13) % vocabulary);
const labelRows = Int32Array.from(
  [...ids.keys()].filter((row) => row % width !== width - 1), // the last place of a row has no next token
);
const batch = {
  rows,
  width,
  inputIds: ids,
  positionIds: ids.map((_, i) => i % width),
  labelRows,
  labels: labelRows.map((row) => ids[row + 1]),
  weights: new Float32Array(labelRows.length).fill(1),
};

const lora = LoraConfig.parse({ r: 4, lora_alpha: 8, lora_dropout: 0.1, target_modules: 'all-linear' });
const optionsOf = (type: string, method: string, recompute: Recompute): TrainerOptions => ({
  model: openModel(join(folder, type)),
  lora: method === 'lora' ? lora : undefined,
  optimizer: { kind: 'adamw', beta1: 0.9, beta2: 0.999, eps: 1e-8 },
  weightDecay: 0,
  maxGradNorm: 1,
  recompute,
  threads: 1,
  seed: 4,
});

async function run(type: string, method: string, recompute: Recompute) {
  const options = optionsOf(type, method, recompute);
  const trainer = await createTrainer(options);
  const losses: number[] = [];
  for (let step = 0; step < 3; step++) {
    losses.push((await trainer.accumulate(batch)).lossSum);
    if (step < 2) await trainer.update(1e-2);
  }
  const gradients = trainer.gradients.arrays.map((array) => Buffer.from(array.buffer).toString('base64'));
  const { pages, sites } = trainer;
  await trainer.release();
  const shape = { rows, width, labels: rows * width, segments: false };
  const { model } = options;
  const dropout = method === 'lora' ? 0.1 : 0;
  const graph = gradientGraph(shape, {
    model,
    pages,
    sites,
    provider: 'cpu',
    recompute,
    dropout,
    labelSmoothing: 0,
  });
  return { losses, gradients, peakBytes: footprintOf(graph, schedule(graph)).peakBytes };
}

describe.each(['llama', 'qwen2'])('%s with 4 layers', (type) => {
  test.each(['lora', 'full'])('%s: the same bits under every policy, and a falling peak', async (method) => {
    const [off, selective, layer] = [
      await run(type, method, 'off'),
      await run(type, method, 'selective'),
      await run(type, method, 'layer'),
    ];
    expect(new Set(off.losses).size).toBe(3);
    for (const other of [selective, layer]) {
      expect(other.losses).toEqual(off.losses);
      expect(other.gradients).toEqual(off.gradients);
    }
    expect(selective.peakBytes).toBeLessThan(off.peakBytes);
    expect(layer.peakBytes).toBeLessThan(0.75 * selective.peakBytes);
  });
});
