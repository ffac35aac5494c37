// Checkpoints that are complete or are none: written under a temporary name, synced, described by a manifest with sizes
// and SHA-256 of every file, then renamed. Resuming takes the newest complete one and keeps damaged ones aside.
// A checkpoint folder is at the same time a loadable adapter (PEFT) or model folder (full fine-tuning).
import { createHash } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { log } from '../log.ts';
import { writeAdapter } from '../models/adapter-files.ts';
import type { Model } from '../models/load.ts';
import type { LoraConfig } from '../models/lora.ts';
import {
  fromFloat32,
  readBytes,
  readHeader,
  readTensor,
  type TensorInfo,
  writeSafetensors,
} from '../models/safetensors.ts';
import { LossScale } from './loss-scale.ts';
import { isDiskFull } from './metrics-file.ts';
import type { PageArray } from './parameters.ts';
import { adapterTensors, type Trainer } from './trainer.ts';

const TrainingState = z.object({
  version: z.literal(1),
  /** Updates done. */
  step: z.int(),
  /** Of runs in fp16. */
  lossScale: LossScale.optional(),
  random: z.object({ words: z.tuple([z.int(), z.int(), z.int(), z.int()]), spare: z.number().optional() }),
  /** What the caller needs to go on: best loss, schedule, and the like. */
  extra: z.record(z.string(), z.unknown()),
});
export type TrainingState = z.infer<typeof TrainingState>;

const Manifest = z.object({
  version: z.literal(1),
  files: z.array(z.object({ name: z.string(), bytes: z.int(), sha256: z.string() })),
});

export interface SavedCheckpoint {
  step: number;
  folder: string;
  bytes: number;
}

/** Bytes that one checkpoint of this trainer needs, about. Full fine-tuning writes what is frozen, too. */
export function checkpointBytes(trainer: Trainer, whole?: Model): number {
  const states = [...trainer.states.values()].flatMap(({ arrays }) => [...arrays]);
  const numbers = Math.max(trainer.trainable, whole?.parameters ?? 0);
  return 4 * numbers + states.reduce((sum, { byteLength }) => sum + byteLength, 0) + 1_000_000;
}

/** Saves parameters, optimizer state, random state and `extra` as `checkpoints/<step>` in `root`. */
export function saveCheckpoint(
  root: string,
  trainer: Trainer,
  options: { model: Model; lora: LoraConfig | undefined; extra: Record<string, unknown> },
): SavedCheckpoint {
  const step = trainer.updates;
  const parent = join(root, 'checkpoints');
  const folder = join(parent, String(step).padStart(8, '0'));
  const temporary = `${folder}.tmp`;
  mkdirSync(parent, { recursive: true });
  const needed = checkpointBytes(trainer, options.lora === undefined ? options.model : undefined);
  requireSpace(parent, needed);
  try {
    rmSync(temporary, { recursive: true, force: true });
    mkdirSync(temporary);
    writeParameters(temporary, trainer, options.model, options.lora);
    writeSafetensors(
      join(temporary, 'optimizer.safetensors'),
      [...trainer.states].flatMap(([state, arrays]) =>
        arrays.arrays.map((array, page) => ({
          name: `${state}.${page}`,
          dtype: array instanceof Uint8Array ? ('uint8' as const) : ('float32' as const),
          shape: [array.length],
          bytes: () => bytesOf(array),
        })),
      ),
      {},
    );
    const { lossScale } = trainer;
    const random = trainer.randomState();
    const state: TrainingState = { version: 1, step, random, lossScale, extra: options.extra };
    writeSynced(join(temporary, 'state.json'), JSON.stringify(state));
    const files = readdirSync(temporary).map((name) => describe(temporary, name));
    for (const { name } of files) syncPath(join(temporary, name)); // the manifest vouches for what is on the disk
    writeSynced(join(temporary, 'manifest.json'), JSON.stringify({ version: 1, files }));
    syncPath(temporary);
    if (existsSync(folder)) renameSync(folder, `${folder}.old`); // a kill in between leaves one of the two
    renameSync(temporary, folder);
    syncPath(parent);
    rmSync(`${folder}.old`, { recursive: true, force: true });
    return { step, folder, bytes: files.reduce((sum, file) => sum + file.bytes, 0) };
  } catch (thrown) {
    rmSync(temporary, { recursive: true, force: true });
    throw diskError(thrown, parent, needed);
  }
}

function writeParameters(folder: string, trainer: Trainer, model: Model, lora: LoraConfig | undefined): void {
  const tensors = adapterTensors(trainer);
  if (lora !== undefined) {
    writeAdapter(folder, { ...lora, base_model_name_or_path: model.name, inference_mode: true }, tensors);
    if (model.headModules !== undefined) writeConfig(folder, model);
    return;
  }
  // what was frozen is written too: the folder is a whole model
  const frozen = model.specs.filter(({ name }) => !tensors.has(name) && model.tensors.has(name));
  writeSafetensors(join(folder, 'model.safetensors'), [
    ...[...tensors].map(([name, { shape, data }]) => ({
      name,
      dtype: 'float32' as const,
      shape,
      bytes: () => fromFloat32(data, 'float32'),
    })),
    ...frozen.map(({ name, shape }) => ({
      name,
      dtype: 'float32' as const,
      shape,
      bytes: () => fromFloat32(readTensor(model.tensors.get(name) as TensorInfo), 'float32'),
    })),
  ]);
  for (const file of readdirSync(model.folder)) {
    if (/\.(json|jinja|model|txt)$/.test(file) && !file.includes('safetensors')) {
      copyFileSync(join(model.folder, file), join(folder, file));
    }
  }
  if (model.headModules !== undefined) writeConfig(folder, model);
}

/** config.json of a model whose output layer was made for a run names its labels. */
function writeConfig(folder: string, { rawConfig }: Model): void {
  writeFileSync(join(folder, 'config.json'), `${JSON.stringify(rawConfig, null, 2)}\n`);
}

/** Newest complete checkpoint; damaged ones are renamed to `<step>.damaged` and reported. */
export function newestCheckpoint(root: string): { found: SavedCheckpoint | undefined; damaged: string[] } {
  for (const old of leftovers(root, 'old')) {
    const folder = old.slice(0, -'.old'.length);
    if (existsSync(folder)) rmSync(old, { recursive: true, force: true });
    else renameSync(old, folder);
  }
  const damaged: string[] = [];
  for (const { step, folder } of checkpointFolders(root).reverse()) {
    const bytes = completeBytes(folder);
    if (bytes !== undefined) return { found: { step, folder, bytes }, damaged };
    damaged.push(folder);
    rmSync(`${folder}.damaged`, { recursive: true, force: true });
    renameSync(folder, `${folder}.damaged`);
    log('warn', 'checkpoint-damaged', { folder });
  }
  return { found: undefined, damaged };
}

/** Puts a saved state back into a trainer made with the same recipe, and returns what was saved beside it. */
export function restoreCheckpoint(folder: string, trainer: Trainer, lora: boolean): TrainingState {
  const state = TrainingState.parse(JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8')));
  const parameters = readHeader(join(folder, lora ? 'adapter_model.safetensors' : 'model.safetensors'));
  for (const { name } of trainer.parameters.entries()) {
    const info = parameters.get(name);
    if (info === undefined) throw mismatch(folder, name);
    trainer.parameters.view(name).set(readTensor(info));
  }
  const optimizer = readHeader(join(folder, 'optimizer.safetensors'));
  for (const [name, arrays] of trainer.states) {
    arrays.arrays.forEach((array, page) => {
      const info = optimizer.get(`${name}.${page}`);
      if (info === undefined || info.bytes !== array.byteLength || info.shape[0] !== array.length)
        throw mismatch(folder, `${name}.${page}`);
      bytesOf(array).set(readBytes(info));
    });
  }
  trainer.updates = state.step;
  if (trainer.lossScale !== undefined && state.lossScale !== undefined) trainer.lossScale = state.lossScale;
  trainer.restoreRandom(state.random);
  return state;
}

/** The same memory as bytes, in the order of the machine: little-endian everywhere that this runs. */
function bytesOf({ buffer, byteOffset, byteLength }: PageArray): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Deletes all complete checkpoints but the ones at these steps, and what a kill left of one that was being written. */
export function pruneCheckpoints(root: string, keep: readonly number[]): void {
  for (const unfinished of leftovers(root, 'tmp')) rmSync(unfinished, { recursive: true, force: true });
  for (const { step, folder } of checkpointFolders(root)) {
    if (!keep.includes(step)) rmSync(folder, { recursive: true, force: true });
  }
}

/** Complete or damaged checkpoint folders, oldest first; temporary ones are left out. */
function checkpointFolders(root: string): { step: number; folder: string }[] {
  const parent = join(root, 'checkpoints');
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .filter((name) => /^\d+$/.test(name))
    .sort()
    .map((name) => ({ step: Number(name), folder: join(parent, name) }));
}

/** Folders that saves which were killed left behind. */
function leftovers(root: string, kind: 'tmp' | 'old'): string[] {
  const parent = join(root, 'checkpoints');
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .filter((name) => /^\d+$/.test(name.replace(`.${kind}`, '')) && name.endsWith(`.${kind}`))
    .map((name) => join(parent, name));
}

export function checkpointFolder(root: string, step: number): string {
  return join(root, 'checkpoints', String(step).padStart(8, '0'));
}

function completeBytes(folder: string): number | undefined {
  try {
    const manifest = Manifest.parse(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')));
    let bytes = 0;
    for (const file of manifest.files) {
      const found = describe(folder, file.name);
      if (found.bytes !== file.bytes || found.sha256 !== file.sha256) return undefined;
      bytes += file.bytes;
    }
    return bytes;
  } catch {
    return undefined; // no manifest, or a file that is gone: not a checkpoint
  }
}

function describe(folder: string, name: string): { name: string; bytes: number; sha256: string } {
  const hash = createHash('sha256');
  const descriptor = openSync(join(folder, name), 'r');
  try {
    const buffer = Buffer.allocUnsafe(1 << 20);
    for (let count = readSync(descriptor, buffer); count > 0; count = readSync(descriptor, buffer)) {
      hash.update(buffer.subarray(0, count));
    }
  } finally {
    closeSync(descriptor);
  }
  return { name, bytes: statSync(join(folder, name)).size, sha256: hash.digest('hex') };
}

function writeSynced(file: string, text: string): void {
  const descriptor = openSync(file, 'w');
  try {
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Waits until a file or the names in a folder are on the disk. */
function syncPath(path: string): void {
  if (process.platform === 'win32') return; // folders cannot be opened there, files not be synced through a reader
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function requireSpace(folder: string, needed: number): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < needed) throw diskFull(needed, bavail * bsize);
}

function diskError(thrown: unknown, folder: string, needed: number): unknown {
  if (!isDiskFull(thrown)) return thrown;
  const { bavail, bsize } = statfsSync(folder);
  return diskFull(needed, bavail * bsize);
}

function diskFull(needed: number, free: number): AppError {
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`;
  return new AppError(
    'disk-full',
    `A checkpoint needs ${megabytes(needed)}, but the disk has ${megabytes(free)} free. Earlier checkpoints are safe.`,
    `Free at least ${megabytes(needed - free)}, then go on.`,
  );
}

function mismatch(folder: string, name: string): AppError {
  return new AppError(
    'checkpoint-mismatch',
    `The checkpoint in ${folder} belongs to another recipe: "${name}" does not fit.`,
    'Start a new run.',
  );
}
