// What stays on a device between steps: the same numbers as when it comes back after each step, adding on
// the device, and that every node of a training step is computed there. On a software driver of WebGPU.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Graph } from '../../../main/compiler/graph.ts';
import { lower, type Provider } from '../../../main/compiler/lowering.ts';
import { openModel } from '../../../main/models/load.ts';
import { LoraConfig } from '../../../main/models/lora.ts';
import { padBatch } from '../../../main/tokens/batch.ts';
import { restoreCheckpoint, saveCheckpoint } from '../../../main/training/checkpoint.ts';
import { createDeviceState } from '../../../main/training/device-state.ts';
import { type LoopOptions, runLoop } from '../../../main/training/loop.ts';
import { PagedArrays } from '../../../main/training/parameters.ts';
import { createSession } from '../../../main/training/session.ts';
import { createTrainer, type Trainer, type TrainerOptions } from '../../../main/training/trainer.ts';
import { noWebGpu } from '../../helpers/software-driver.ts';
import { scratchModel, temporaryFolder } from '../../helpers/tiny-model.ts';

// a software driver compiles a shader for each shape, which takes most of the time
const slow = { timeout: 400_000 };
const loraOn = (targets: 'all-linear' | string[]) =>
  LoraConfig.parse({ r: 4, lora_alpha: 8, lora_dropout: 0.1, target_modules: targets });
const lora = loraOn(['v_proj', 'down_proj']);

async function trainerOn(provider: Provider, options: Partial<TrainerOptions> = {}): Promise<Trainer> {
  const trainer = await createTrainer({
    model: openModel(scratchModel(64)),
    optimizer: { kind: 'adamw', beta1: 0.9, beta2: 0.999, eps: 1e-8 },
    weightDecay: 0.01,
    maxGradNorm: 1,
    threads: 1,
    seed: 4,
    provider,
    lora,
    ...options,
  });
  onTestFinished(() => trainer.release());
  return trainer;
}

const batchFrom = (first: number) =>
  padBatch(
    [
      {
        ids: Array.from({ length: 24 }, (_, i) => (first + 7 * i) % 60),
        trained: Array.from({ length: 24 }, (_, i) => Number(i > 10)),
      },
    ],
    { padId: 0 },
  );

/** Two steps of two micro-batches each; `between` runs after each micro-batch. */
async function twoSteps(trainer: Trainer, between: () => Promise<void> = async () => {}) {
  const losses: number[] = [];
  for (const step of [0, 1]) {
    for (const part of [0, 1]) {
      losses.push((await trainer.accumulate(batchFrom(1 + 3 * step + part))).lossSum);
      await between();
    }
    losses.push((await trainer.update(1e-2)).gradNorm);
  }
  await trainer.download();
  const { parameters, states } = trainer;
  return {
    losses,
    numbers: [parameters, ...states.values()].flatMap(({ arrays }) => arrays.map((a) => [...a])),
  };
}

const largest = (a: readonly number[], b: readonly number[]) =>
  Math.max(...a.map((value, i) => Math.abs(value - b[i])));

describe.skipIf(noWebGpu !== '')(`arrays on the device ${noWebGpu}`, () => {
  test('steps equal those of the processor, and coming back in between changes no bit', slow, async () => {
    const there = await twoSteps(await trainerOn('webgpu'));
    const often = await trainerOn('webgpu');
    expect(await twoSteps(often, () => often.download())).toEqual(there);
    const here = await twoSteps(await trainerOn('cpu'));
    expect(largest(there.losses, here.losses)).toBeLessThan(1e-4);
    there.numbers.forEach((numbers, i) => {
      expect(largest(numbers, here.numbers[i])).toBeLessThan(1e-4);
    });
  });

  test('what is written into memory after a download counts, and nothing before it does', slow, async () => {
    const trainer = await trainerOn('webgpu', { optimizer: { kind: 'sgd', momentum: 0 } });
    await trainer.accumulate(batchFrom(1));
    await trainer.update(1e-2);
    const name = trainer.parameters.entries()[0].name;
    const stale = trainer.parameters.view(name).slice();
    await trainer.download();
    expect(trainer.parameters.view(name)).not.toEqual(stale);
    trainer.parameters.view(name).set(stale);
    await trainer.accumulate(batchFrom(2));
    await trainer.update(0);
    await trainer.download();
    expect(trainer.parameters.view(name)).toEqual(stale);
  });

  test('a checkpoint from the device goes on as the run that was not stopped', slow, async () => {
    const model = openModel(scratchModel(64));
    const saves = temporaryFolder();
    const options = (trainer: Trainer, totalSteps: number): LoopOptions => ({
      trainer,
      totalSteps,
      batchesOf: (step) => [batchFrom(1 + step), batchFrom(9 + step)],
      learningRateOf: () => 1e-2,
      onStep: () => {},
      validateEvery: 2,
      validate: async () => {
        await trainer.losses(batchFrom(3));
        return { improved: false, stop: false };
      },
      saveEvery: 2,
      save: async () => void saveCheckpoint(saves, trainer, { model, lora, extra: {} }),
      signal: new AbortController().signal,
      unlessPaused: async () => {},
    });
    const whole = await trainerOn('webgpu', { model });
    await runLoop(options(whole, 3));
    const again = await trainerOn('webgpu', { model });
    restoreCheckpoint(join(saves, 'checkpoints', '00000002'), again, true);
    expect(again.updates).toBe(2);
    await runLoop(options(again, 3));
    for (const trainer of [whole, again]) await trainer.download();
    expect(again.parameters.arrays).toEqual(whole.parameters.arrays);
  });

  test('outputs are added on the device, and go on to another session', slow, async () => {
    const pages = [{ index: 0, size: 6, decay: false, rate: 1, matrix: undefined, entries: [] }];
    const arrays = new PagedArrays(pages);
    const g = new Graph();
    g.output('g0', g.mul(g.input('x', [6]), 2));
    const session = await createSession(lower(g, 'webgpu'), { threads: 1, keep: ['g0'] });
    const device = createDeviceState('webgpu');
    const x = Float32Array.of(1, 2, 3, 4, 5, 6);
    device.take(arrays, 'g', (await session.runKeeping({ x })).kept);
    await device.add(arrays, 'g', (await session.runKeeping({ x })).kept);
    expect(arrays.arrays[0].every((value) => value === 0)).toBe(true);
    await device.download();
    expect(arrays.arrays[0]).toEqual(x.map((value) => 4 * value));
    await device.release();
    await session.release();
  });
});

test('a processor has no device to keep arrays on', async () => {
  const g = new Graph();
  g.output('y', g.neg(g.input('x', [1])));
  await expect(createSession(lower(g, 'cpu'), { keep: ['y'] })).rejects.toThrow('cpu keeps nothing');
});

/**
 * Operators that onnxruntime may compute on the processor in a graph for a GPU. Each holds no data of the
 * model: shapes and axes are constants, and nothing has to be copied for them while a step runs.
 */
const allowedOnProcessor: readonly string[] = [];

describe.skipIf(noWebGpu !== '')(`where the nodes of a step are computed ${noWebGpu}`, () => {
  test.each([
    ['LoRA', { lora: loraOn('all-linear') }],
    ['full fine-tuning with recomputation', { lora: undefined, recompute: 'selective' as const }],
  ])('%s: none of them falls back to the processor', slow, async (_, options) => {
    const folder = mkdtempSync(join(tmpdir(), 'tunesmith-profile-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const trainer = await trainerOn('webgpu', { ...options, profile: join(folder, 'step') });
    await trainer.accumulate(batchFrom(1));
    await trainer.release();
    const events = readdirSync(folder).flatMap(
      (file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as ProfileEvent[],
    );
    const nodes = events.flatMap(({ cat, args }) =>
      cat === 'Node' && args?.provider !== undefined ? [{ ...args, provider: args.provider }] : [],
    );
    expect(nodes.length).toBeGreaterThan(100);
    const elsewhere = nodes.filter(({ provider }) => provider !== 'WebGpuExecutionProvider');
    const names = new Set(elsewhere.map(({ op_name }) => op_name));
    expect([...names].filter((name) => !allowedOnProcessor.includes(name as string))).toEqual([]);
  });
});

interface ProfileEvent {
  cat: string;
  args?: { provider?: string; op_name?: string };
}
