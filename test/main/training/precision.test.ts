// Training with products of half numbers: as near to float32 as torch.autocast comes, the same bits for the same recipe,
// less memory, and one sentence where a device cannot do it. The processor rounds as a graphics card does, and multiplies
// in float32, so these runs show the rounding, not the speed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Precision } from '../../../main/compiler/precision.ts';
import type { TrainSettings } from '../../../main/contract/runs.ts';
import { openModel } from '../../../main/models/load.ts';
import { LoraConfig } from '../../../main/models/lora.ts';
import { writeScratchModel } from '../../../main/models/scratch.ts';
import { sumScale } from '../../../main/training/loss-scale.ts';
import { predictStep, trainedOf } from '../../../main/training/memory.ts';
import { makePlan } from '../../../main/training/plan.ts';
import { baseSettings } from '../../../main/training/presets.ts';
import { compileGradients, compileLoss } from '../../../main/training/programs.ts';
import { createSession } from '../../../main/training/session.ts';
import { createTrainer, type Trainer, type TrainerOptions } from '../../../main/training/trainer.ts';
import { readStored, type StoredModel, toBatch } from '../../conformance/reference.ts';
import { openReference, referenceFolder } from '../../helpers/reference-model.ts';
import { noWebGpu } from '../../helpers/software-driver.ts';

interface Case {
  loss: number;
  losses: number[];
  gradients_off: number;
  gradient_off: Record<string, number>;
}
const stored = readStored<{ models: Record<string, Record<Precision, Case>> }>(referenceFolder('autocast'));
const adamw = { kind: 'adamw', beta1: 0.9, beta2: 0.999, eps: 1e-8 } as const;
const halves = ['bf16', 'fp16'] as const;

async function trainerOf(name: string, options: Partial<TrainerOptions>): Promise<Trainer> {
  const fixed = { optimizer: adamw, weightDecay: 0, maxGradNorm: 0, threads: 1, seed: 3 };
  const trainer = await createTrainer({ model: openReference(name), ...fixed, ...options });
  onTestFinished(() => trainer.release());
  return trainer;
}

const norm = (list: ArrayLike<number>) =>
  Math.sqrt(Array.from(list).reduce((sum, value) => sum + value * value, 0));

describe.each(Object.keys(stored.models))('%s beside torch.autocast', (name) => {
  const folder = referenceFolder(name);
  const { batches, train_batches } = readStored<StoredModel>(folder);

  // both round at the same places, but add in another order, so their errors are as large, not equal
  test.each(halves)('%s gradients are as far from float32 as those of torch', async (precision) => {
    const [trainer, plain] = [await trainerOf(name, { precision }), await trainerOf(name, {})];
    const torch = stored.models[name][precision];
    const { lossSum, weight } = await trainer.accumulate(toBatch(batches[0]));
    await plain.accumulate(toBatch(batches[0])); // within 1e-6 of PyTorch's own
    const off = Math.abs(torch.loss - stored.models[name].fp32.loss);
    const unit = precision === 'bf16' ? 2 ** -8 : 2 ** -11; // what one rounding may change, relative
    expect(Math.abs(lossSum / weight - stored.models[name].fp32.loss)).toBeLessThan(2 * off + unit);
    const factor = weight * (trainer.lossScale === undefined ? 1 : sumScale(trainer.lossScale, weight));
    let [squares, all] = [0, 0];
    for (const [tensor, error] of Object.entries(torch.gradient_off)) {
      const exact = plain.gradients.view(tensor).map((value) => value / weight);
      const found = trainer.gradients.view(tensor).map((value) => value / factor);
      const distance = norm(found.map((value, i) => value - exact[i]));
      expect(distance / norm(exact), tensor).toBeLessThan(2 * error);
      squares += distance ** 2;
      all += norm(exact) ** 2;
    }
    const whole = Math.sqrt(squares / all);
    expect(whole).toBeLessThan(1.5 * torch.gradients_off);
    expect(whole).toBeGreaterThan(torch.gradients_off / 2); // it does round
  });

  test.each(halves)('%s learns as torch does over six steps', async (precision) => {
    const trainer = await trainerOf(name, { precision });
    const exact = stored.models[name].fp32.losses;
    const torch = stored.models[name][precision].losses;
    const off = Math.max(...torch.map((loss, step) => Math.abs(loss - exact[step])));
    for (const [step, loss] of exact.entries()) {
      const { lossSum, weight } = await trainer.accumulate(toBatch(train_batches[step % 4]));
      expect(Math.abs(lossSum / weight - loss), `step ${step}`).toBeLessThan(2 * off);
      await trainer.update(1e-3);
    }
  });
});

describe('whatever is trained', () => {
  const lora = LoraConfig.parse({ r: 4, lora_alpha: 8, lora_dropout: 0.1, target_modules: 'all-linear' });
  const batch = toBatch(readStored<StoredModel>(referenceFolder('llama')).batches[2]);
  const run = async (options: Partial<TrainerOptions>, name = 'llama') => {
    const trainer = await trainerOf(name, options);
    const losses: number[] = [];
    for (let step = 0; step < 8; step++) {
      const { lossSum, weight } = await trainer.accumulate(batch);
      losses.push(lossSum / weight);
      await trainer.update(5e-3);
    }
    return { losses, parameters: trainer.parameters.arrays };
  };

  test.each([
    ['LoRA', { lora }, 'llama'],
    ['LoRA on bfloat16 weights', { lora }, 'llama3_bf16'],
    ['DoRA', { lora: LoraConfig.parse({ ...lora, use_dora: true }) }, 'llama'],
    ['full fine-tuning', {}, 'llama'],
  ])('%s learns in half, and recomputation keeps its bits', async (_, options, name) => {
    const exact = await run(options, name);
    for (const precision of halves) {
      const kept = await run({ ...options, precision }, name);
      expect(kept.losses[7]).toBeLessThan(kept.losses[0] - 0.5 * (exact.losses[0] - exact.losses[7]));
      expect(kept.losses).not.toEqual(exact.losses);
      for (const recompute of ['selective', 'layer'] as const)
        expect(await run({ ...options, precision, recompute }, name)).toEqual(kept);
    }
  });

  test('validation rounds as training does', async () => {
    const trainer = await trainerOf('llama', { precision: 'bf16' });
    const { lossSum, weight } = await trainer.accumulate(batch);
    const losses = await trainer.losses(batch);
    const sum = losses.reduce((total, loss) => total + loss, 0);
    expect(sum / weight).toBeCloseTo(lossSum / weight, 5);
  });
});

describe('the graph for a graphics card', () => {
  const model = openReference('llama');
  const {
    inputIds: ids,
    positionIds: positions,
    ...batch
  } = toBatch(readStored<StoredModel>(referenceFolder('llama')).batches[2]);
  const { labelRows: rows, labels, weights } = batch;
  const shape = { rows: 1, width: ids.length, labels: labels.length, segments: false };

  test.each(['off', 'layer'] as const)(
    'multiplies halves, and gives what rounding gives: recomputation %s',
    async (recompute) => {
      const trainer = await trainerOf('llama', {});
      const { pages, sites, parameters } = trainer;
      const options = { model, pages, sites, recompute, dropout: 0, labelSmoothing: 0 };
      const run = async (provider: 'cpu' | 'webgpu') => {
        const program = compileGradients(shape, { ...options, provider, precision: 'fp16' });
        // onnxruntime has these products on the processor too, with casts of its own
        const session = await createSession(
          { ...program, provider: 'cpu' },
          { threads: 1, weightsFolder: model.weightsFolder },
        );
        const feeds = { ids, positions, rows, labels, weights, lossScale: Float32Array.of(2048) };
        const outputs = await session.run({ ...feeds, ...parameters.named('p') });
        await session.release();
        return outputs;
      };
      const [rounded, native] = [await run('cpu'), await run('webgpu')];
      expect(Number(native.loss[0]) / Number(rounded.loss[0])).toBeCloseTo(1, 3);
      for (const { index } of pages) {
        const [a, b] = [rounded, native].map((outputs) => outputs[`g${index}`] as Float32Array);
        // other sums, rounded to 11 digits: as far from each other as from float32, or less
        expect(norm(a.map((value, i) => value - b[i])) / norm(a)).toBeLessThan(4e-3);
      }
    },
  );

  test.each(['webgpu', 'cuda', 'dml'] as const)('is legal on %s', async (provider) => {
    const { pages, sites } = await trainerOf('llama3_bf16', {});
    const common = { pages, sites, dropout: 0, labelSmoothing: 0, recompute: 'selective' as const };
    const precision = provider === 'cuda' ? 'bf16' : 'fp16';
    for (const compile of [compileGradients, compileLoss])
      expect(() =>
        compile(shape, { ...common, model: openReference('llama3_bf16'), provider, precision }),
      ).not.toThrow();
  });

  test.skipIf(noWebGpu !== '')('an adapter without float16 is told in one sentence', async () => {
    const options = { model, optimizer: adamw, weightDecay: 0, maxGradNorm: 0, threads: 1 };
    const trainer = await createTrainer({ ...options, provider: 'webgpu', precision: 'fp16' });
    onTestFinished(() => trainer.release());
    // the software driver has none
    await expect(
      trainer.accumulate({ ...batch, inputIds: ids, positionIds: positions }),
    ).rejects.toMatchObject({ code: 'precision-device' });
  });
});

describe('the plan', () => {
  const config = {
    ...{
      model_type: 'llama',
      vocab_size: 512,
      hidden_size: 64,
      intermediate_size: 176,
      num_hidden_layers: 12,
    },
    ...{ num_attention_heads: 4, num_key_value_heads: 2, max_position_embeddings: 256, rms_norm_eps: 1e-5 },
  };
  const folder = mkdtempSync(join(tmpdir(), 'tunesmith-precision-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  writeScratchModel(folder, config, { seed: 1, dtype: 'bfloat16' });
  const model = openModel(folder);
  const base = baseSettings({ model, records: 10, validation: true, fits: true });
  const shape = { rows: 4, width: 256, labels: 64, segments: false };
  const activations = (changes: Partial<TrainSettings>) => {
    const settings = { ...base, ...changes };
    const { parts } = predictStep(model, settings, trainedOf(model, settings), shape);
    return parts.find(({ name }) => name === 'Activations')?.bytes ?? 0;
  };

  test.each(['off', 'selective'] as const)(
    'half products keep less for the backward pass: %s',
    (recompute) => {
      const [exact, full] = [activations({ recompute }), activations({ recompute, method: 'full' })];
      const shares = [
        activations({ recompute, provider: 'cuda', precision: 'bf16' }) / exact,
        activations({ recompute, provider: 'webgpu', precision: 'fp16' }) / exact,
        activations({ recompute, method: 'full', provider: 'cuda', precision: 'bf16' }) / full,
      ];
      for (const share of shares) expect(share).toBeLessThan(0.9);
    },
  );

  const checksWith = (changes: Partial<TrainSettings>) =>
    makePlan({
      model,
      records: [],
      settings: { ...base, ...changes },
      endIds: [],
      memoryBytes: 8e9,
      diskBytes: 1e12,
      gflops: 100,
    }).checks.filter(({ sentence }) => /fp32/.test(sentence));

  test('a device without such products fails the checks, and a trainer on it is refused', async () => {
    expect(checksWith({})).toEqual([]);
    expect(checksWith({ provider: 'cuda', precision: 'bf16' })).toEqual([]);
    expect(checksWith({ provider: 'webgpu', precision: 'fp16' })).toEqual([]);
    const [refused] = checksWith({ provider: 'webgpu', precision: 'bf16' });
    expect(refused).toEqual({
      state: 'failed',
      sentence:
        'webgpu has no bf16 products; it has fp32 and fp16. Choose fp32 or fp16 as the precision, or another device.',
    });
    const [slow] = checksWith({ provider: 'cpu', precision: 'fp16' });
    expect(slow.state).toBe('warning');
    await expect(
      createTrainer({
        model,
        optimizer: adamw,
        weightDecay: 0,
        maxGradNorm: 0,
        provider: 'dml',
        precision: 'bf16',
      }),
    ).rejects.toMatchObject({ code: 'precision-device' });
  });
});
