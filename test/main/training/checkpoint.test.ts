// Checkpoints: complete or none, whatever happens to their files or to the disk, and a resumed run that
// gives the bits of one that was never stopped.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, type TestContext, test } from 'vitest';
import type { OptimizerChoice } from '../../../main/compiler/optimizers/index.ts';
import { openLog } from '../../../main/log.ts';
import { readAdapter } from '../../../main/models/adapter-files.ts';
import { openModel } from '../../../main/models/load.ts';
import { LoraConfig } from '../../../main/models/lora.ts';
import { readBytes, readHeader, type TensorInfo } from '../../../main/models/safetensors.ts';
import {
  checkpointBytes,
  newestCheckpoint,
  pruneCheckpoints,
  restoreCheckpoint,
  saveCheckpoint,
} from '../../../main/training/checkpoint.ts';
import { createTrainer, type Trainer } from '../../../main/training/trainer.ts';
import { readStored, type StoredModel, toBatch } from '../../conformance/reference.ts';
import { openReference, referenceFolder } from '../../helpers/reference-model.ts';
import { temporaryFolder } from '../../helpers/tiny-model.ts';

const model = openReference('llama');
const lora = LoraConfig.parse({
  r: 4,
  lora_alpha: 8,
  target_modules: ['q_proj', 'down_proj'],
  lora_dropout: 0.2,
});
const adamw: OptimizerChoice = { kind: 'adamw', beta1: 0.9, beta2: 0.999, eps: 1e-8 };
const adamw8bit: OptimizerChoice = { ...adamw, kind: 'adamw8bit' };
const batches = readStored<StoredModel>(referenceFolder('llama')).train_batches.map(toBatch);

beforeEach(() => openLog(join(temporaryFolder(), 'log.txt'))); // damaged checkpoints are warnings

async function trainerOf(
  method: 'lora' | 'full' = 'lora',
  optimizer: OptimizerChoice = adamw,
): Promise<Trainer> {
  const trainer = await createTrainer({
    model,
    ...(method === 'lora' ? { lora } : {}),
    optimizer,
    weightDecay: 0.01,
    maxGradNorm: 1,
    threads: 1,
    seed: 8,
  });
  onTestFinished(() => trainer.release());
  return trainer;
}

/** Trains up to `updates` and returns the losses on the way. */
async function trainTo(trainer: Trainer, updates: number): Promise<number[]> {
  const losses: number[] = [];
  while (trainer.updates < updates) {
    const { lossSum, weight } = await trainer.accumulate(batches[trainer.updates % batches.length]);
    losses.push(lossSum / weight);
    await trainer.update(1e-3);
  }
  return losses;
}

const save = (root: string, trainer: Trainer, method: 'lora' | 'full' = 'lora', extra = {}) =>
  saveCheckpoint(root, trainer, { model, lora: method === 'lora' ? lora : undefined, extra });

/** Checkpoints after updates 1 and 2, the second with this file changed. */
async function damagedAfter(change: (folder: string) => void): Promise<{ root: string; second: string }> {
  const root = temporaryFolder();
  const trainer = await trainerOf();
  await trainTo(trainer, 1);
  save(root, trainer);
  await trainTo(trainer, 2);
  const { folder } = save(root, trainer);
  change(folder);
  return { root, second: folder };
}

describe('going on', () => {
  const optimizers: OptimizerChoice[] = [
    adamw,
    adamw8bit,
    { kind: 'sgd', momentum: 0.9 },
    { kind: 'adafactor' },
  ];
  const variants = [
    ...optimizers.map((optimizer) => ({
      method: 'lora' as const,
      optimizer,
      name: `LoRA with ${optimizer.kind}`,
    })),
    { method: 'full' as const, optimizer: adamw, name: 'full fine-tuning with adamw' },
  ];

  test.each(variants)(
    '$name: every later loss and the result are bit-equal',
    async ({ method, optimizer }) => {
      const straight = await trainerOf(method, optimizer);
      const expected = await trainTo(straight, 6);

      const root = temporaryFolder();
      const first = await trainerOf(method, optimizer);
      await trainTo(first, 3);
      save(root, first, method, { best: 1.5 });
      const { found } = newestCheckpoint(root);
      const second = await trainerOf(method, optimizer);
      const state = restoreCheckpoint(found!.folder, second, method === 'lora');
      expect(state).toMatchObject({ step: 3, extra: { best: 1.5 } });
      expect(second.updates).toBe(3);
      expect(await trainTo(second, 6)).toEqual(expected.slice(3));
      expect(second.parameters.arrays).toEqual(straight.parameters.arrays);
    },
  );

  test('a checkpoint of another recipe is refused with the name of what does not fit', async () => {
    const root = temporaryFolder();
    const { folder } = save(root, await trainerOf());
    const other = await createTrainer({
      model,
      lora: LoraConfig.parse({ ...lora, target_modules: ['v_proj'] }),
      optimizer: adamw,
      weightDecay: 0,
      maxGradNorm: 0,
    });
    onTestFinished(() => other.release());
    expect(() => restoreCheckpoint(folder, other, true)).toThrow(/belongs to another recipe: .*v_proj/);
  });
});

test('states in 8 bits are saved as they are, and are no states of 32 bits', async () => {
  const trainer = await trainerOf('lora', adamw8bit);
  await trainTo(trainer, 1);
  const { folder } = save(temporaryFolder(), trainer);
  const stored = readHeader(join(folder, 'optimizer.safetensors'));
  const codes = stored.get('exp_avg.0') as TensorInfo;
  expect(codes.dtype).toBe('uint8');
  expect(Uint8Array.from(readBytes(codes))).toEqual(trainer.states.get('exp_avg')?.arrays[0]);
  const usual = await trainerOf('lora', adamw);
  expect(() => restoreCheckpoint(folder, usual, true)).toThrow(/belongs to another recipe: .*exp_avg/);
});

describe('a checkpoint folder', () => {
  test('of an adapter is one that PEFT reads', async () => {
    const trainer = await trainerOf();
    await trainTo(trainer, 1);
    const { folder } = save(temporaryFolder(), trainer);
    const { config, tensors } = readAdapter(folder);
    expect(config).toMatchObject({ r: 4, lora_alpha: 8, inference_mode: true });
    for (const { name } of trainer.parameters.entries()) {
      expect(tensors.get(name)?.data).toEqual(trainer.parameters.view(name));
    }
  });

  test('of full fine-tuning is a model folder, with what was frozen', async () => {
    const trainer = await createTrainer({
      model,
      optimizer: adamw,
      weightDecay: 0,
      maxGradNorm: 0,
      frozen: (name) => name.includes('embed_tokens'),
    });
    onTestFinished(() => trainer.release());
    const { folder } = saveCheckpoint(temporaryFolder(), trainer, { model, lora: undefined, extra: {} });
    const reopened = openModel(folder);
    expect(reopened.parameters).toBe(model.parameters);
    expect(existsSync(join(folder, 'tokenizer.json'))).toBe(true);
  });

  test('needs no more bytes than were asked for before', async () => {
    for (const method of ['lora', 'full'] as const) {
      const trainer = await trainerOf(method);
      const { bytes } = save(temporaryFolder(), trainer, method);
      expect(bytes).toBeLessThanOrEqual(checkpointBytes(trainer, method === 'full' ? model : undefined));
    }
  });
});

describe('damage (F02)', () => {
  const files = ['adapter_model.safetensors', 'adapter_config.json', 'optimizer.safetensors', 'state.json'];

  test.each(files)(
    '%s cut by one byte: the checkpoint before is taken, the damaged one kept aside',
    async (file) => {
      const { root, second } = await damagedAfter((folder) =>
        truncateSync(join(folder, file), statSync(join(folder, file)).size - 1),
      );
      const { found, damaged } = newestCheckpoint(root);
      expect(found?.step).toBe(1);
      expect(damaged).toEqual([second]);
      expect(existsSync(second)).toBe(false);
      expect(existsSync(join(`${second}.damaged`, file))).toBe(true);
    },
  );

  test.each(files)('one flipped bit in %s is found', async (file) => {
    const { root } = await damagedAfter((folder) => {
      const bytes = readFileSync(join(folder, file));
      bytes[Math.floor(bytes.length / 2)] ^= 1;
      writeFileSync(join(folder, file), bytes);
    });
    expect(newestCheckpoint(root).found?.step).toBe(1);
  });

  test.each(['manifest.json', 'optimizer.safetensors'])(
    'without %s a folder is no checkpoint',
    async (file) => {
      const { root } = await damagedAfter((folder) => rmSync(join(folder, file)));
      expect(newestCheckpoint(root).found?.step).toBe(1);
    },
  );

  test('what was left under a temporary name is not looked at, and the next save replaces it', async () => {
    const root = temporaryFolder();
    const trainer = await trainerOf();
    await trainTo(trainer, 1);
    mkdirSync(join(root, 'checkpoints', '00000001.tmp'), { recursive: true });
    writeFileSync(join(root, 'checkpoints', '00000001.tmp', 'state.json'), 'half of');
    expect(newestCheckpoint(root)).toEqual({ found: undefined, damaged: [] });
    save(root, trainer);
    expect(readdirSync(join(root, 'checkpoints'))).toEqual(['00000001']);
    expect(newestCheckpoint(root).found?.step).toBe(1);
  });

  test('when all are damaged there is nothing to go on from, and all are reported', async () => {
    const { root } = await damagedAfter(() => {});
    for (const name of readdirSync(join(root, 'checkpoints')))
      truncateSync(join(root, 'checkpoints', name, 'state.json'), 3);
    const { found, damaged } = newestCheckpoint(root);
    expect(found).toBeUndefined();
    expect(damaged).toHaveLength(2);
    expect(newestCheckpoint(root)).toEqual({ found: undefined, damaged: [] });
  });

  test('a run goes on from the one before, and saves the damaged step anew', async () => {
    const { root } = await damagedAfter((folder) => truncateSync(join(folder, 'optimizer.safetensors'), 40));
    const trainer = await trainerOf();
    restoreCheckpoint(newestCheckpoint(root).found!.folder, trainer, true);
    await trainTo(trainer, 2);
    save(root, trainer);
    expect(newestCheckpoint(root)).toMatchObject({ found: { step: 2 }, damaged: [] });
  });
});

test('a kill while a step is saved once more leaves one of its two checkpoints, and no half of one', async () => {
  const root = temporaryFolder();
  const trainer = await trainerOf();
  await trainTo(trainer, 1);
  const { folder } = save(root, trainer);
  save(root, trainer, 'lora', { note: 'again' });
  expect(readdirSync(join(root, 'checkpoints'))).toEqual(['00000001']);
  renameSync(folder, `${folder}.old`); // killed before the new one has its name
  mkdirSync(`${folder}.tmp`);
  expect(newestCheckpoint(root)).toMatchObject({ found: { step: 1, folder }, damaged: [] });
  expect(restoreCheckpoint(folder, trainer, true).extra).toEqual({ note: 'again' });
  mkdirSync(`${folder}.old`); // killed behind that
  expect(newestCheckpoint(root).found?.step).toBe(1);
  pruneCheckpoints(root, [1]);
  expect(readdirSync(join(root, 'checkpoints'))).toEqual(['00000001']);
});

test('pruning keeps the steps that are asked for', async () => {
  const root = temporaryFolder();
  const trainer = await trainerOf();
  for (const step of [1, 2, 3]) {
    await trainTo(trainer, step);
    save(root, trainer);
  }
  pruneCheckpoints(root, [1, 3]);
  expect(readdirSync(join(root, 'checkpoints'))).toEqual(['00000001', '00000003']);
});

describe('a full disk (F01)', () => {
  /** A small file system in memory, or a skipped test with the reason. */
  function smallDisk(context: TestContext, options: string): string {
    const folder = temporaryFolder();
    if (process.platform !== 'linux') context.skip('a small file system is made on Linux only');
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'pipe' });
    } catch (thrown) {
      context.skip(
        `no small file system can be mounted here: ${String((thrown as Error).message).split('\n')[1] ?? ''}`,
      );
    }
    onTestFinished(() => {
      execFileSync('umount', [folder]);
    });
    return folder;
  }

  test('is told before anything is written, with what is needed and what is free', async (context) => {
    const trainer = await trainerOf();
    const needed = checkpointBytes(trainer);
    const root = smallDisk(context, `size=${Math.ceil(1.5 * needed)}`);
    await trainTo(trainer, 1);
    save(root, trainer);
    writeFileSync(join(root, 'filler'), Buffer.alloc(Math.ceil(0.9 * needed)));
    await trainTo(trainer, 2);
    expect(() => save(root, trainer)).toThrow(
      expect.objectContaining({
        code: 'disk-full',
        message: expect.stringMatching(
          /needs \d+ MB, but the disk has \d+ MB free\. Earlier checkpoints are safe/,
        ),
        remedy: expect.stringMatching(/Free at least \d+ MB/),
      }),
    );
    expect(newestCheckpoint(root)).toMatchObject({ found: { step: 1 }, damaged: [] });
    // once there is room again, the weights in memory are saved, and the run is what it would have been
    rmSync(join(root, 'filler'));
    save(root, trainer);
    const resumed = await trainerOf();
    restoreCheckpoint(newestCheckpoint(root).found!.folder, resumed, true);
    expect(resumed.parameters.arrays).toEqual(trainer.parameters.arrays);
  });

  test('in the middle of a save leaves the earlier checkpoint and no half of a new one', async (context) => {
    // room for bytes, but not for the names of a second checkpoint: the file system, a folder, and six
    // of the first one
    const root = smallDisk(context, 'size=20m,nr_inodes=11');
    const trainer = await trainerOf();
    await trainTo(trainer, 1);
    save(root, trainer);
    await trainTo(trainer, 2);
    expect(() => save(root, trainer)).toThrow(expect.objectContaining({ code: 'disk-full' }));
    expect(readdirSync(join(root, 'checkpoints'))).toEqual(['00000001']);
    expect(newestCheckpoint(root)).toMatchObject({ found: { step: 1 }, damaged: [] });
  });
});
