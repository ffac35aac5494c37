// Weights of a model in another form, made once into a folder that all runs share: quantized ones (quantize.ts), and ones
// in the type that a device reads (converted.ts). One file that onnxruntime maps, and a manifest with its checksum. Knows
// nothing of the forms.
import { createHash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { log } from '../log.ts';
import type { Model } from './load.ts';
import { readBytes } from './safetensors.ts';

const version = 1;
const manifestName = 'manifest.json';
export const weightsName = 'weights.bin';
const alignment = 64;
/** Numbers that are read and changed at once. */
export const chunkNumbers = 1 << 22;

const Manifest = z.object({ version: z.literal(version), bytes: z.int(), sha256: z.string() });

/** Where a part of the file lies, in bytes. */
export interface Part {
  offset: number;
  bytes: number;
}

/** Bytes to be written. */
export interface Written {
  bytes: Uint8Array;
  offset: number;
  /** Numbers of the original that are done with this part. */
  numbers: number;
}

export interface CacheProgress {
  /** Of the numbers, 0 to 1. */
  share: number;
  /** Whether an earlier result is being checked, which takes no computing. */
  checking: boolean;
}

export interface CacheOptions {
  signal?: AbortSignal;
  onProgress?: (progress: CacheProgress) => void;
}

export interface CachedForm {
  bytes: number;
  /** Numbers of the original. */
  numbers: number;
  parts(): Iterable<Written>;
  /** What is done, such as "Quantizing the model", and how to do without, for errors. */
  what: string;
  without: string;
}

/** Places parts one behind the other. */
export function createPlaces(): { place(bytes: number): Part; end(): number } {
  let end = 0;
  return {
    place: (bytes) => {
      const part = { offset: Math.ceil(end / alignment) * alignment, bytes };
      end = part.offset + bytes;
      return part;
    },
    end: () => end,
  };
}

/** Of an output layer that the run makes and trains whole: no graph reads it from a file. */
export function isOwnHead({ headModules = [] }: Model, name: string): boolean {
  return headModules.some((module) => name.startsWith(`${module}.`));
}

/** Folder of a form of the model in `cacheFolder`, without links. */
export function cachedFolder(model: Model, cacheFolder: string, name: string): string {
  mkdirSync(cacheFolder, { recursive: true });
  const root = realpathSync(cacheFolder); // links that leave the folder are refused by onnxruntime
  return join(root, `${contentKey(model)}-${name}`);
}

/**
 * Makes the form in `folder`, if it is not there yet, or damaged. Interrupted work leaves nothing behind and starts again.
 * @throws AppError `disk-full`, `cancelled`, and what `parts` throws
 */
export async function ensureCached(folder: string, form: CachedForm, options: CacheOptions): Promise<void> {
  removeLeftovers(dirname(folder), basename(folder));
  if (existsSync(join(folder, manifestName))) {
    options.onProgress?.({ share: 1, checking: true });
    if (await isWhole(folder)) return;
    log('warn', 'cached-weights-damaged', { folder });
  }
  const temporary = `${folder}.${process.pid}.tmp`;
  try {
    mkdirSync(temporary);
    requireSpace(temporary, form);
    await writeWeights(join(temporary, weightsName), form, options);
    rmSync(folder, { recursive: true, force: true });
    renameSync(temporary, folder);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** What the model is, from the layout of its tensors and some bytes of each. */
function contentKey(model: Model): string {
  const hash = createHash('sha256').update(`${version}`);
  for (const [name, info] of model.tensors) {
    if (isOwnHead(model, name)) continue;
    const { dtype, shape, bytes, offset } = info;
    hash.update(`${name} ${dtype} ${shape.join()}`);
    for (const at of [0, Math.floor(bytes / 2), bytes]) {
      const from = Math.max(0, Math.min(at, bytes - 2048));
      hash.update(readBytes({ ...info, offset: offset + from, bytes: Math.min(2048, bytes) }));
    }
  }
  return hash.digest('hex').slice(0, 32);
}

async function isWhole(folder: string): Promise<boolean> {
  try {
    const { bytes, sha256 } = Manifest.parse(JSON.parse(readFileSync(join(folder, manifestName), 'utf8')));
    const file = join(folder, weightsName);
    return statSync(file).size === bytes && (await sha256Of(file)) === sha256;
  } catch {
    return false;
  }
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(file, { highWaterMark: 1 << 22 })) hash.update(piece as Buffer);
  return hash.digest('hex');
}

/** What a killed process left behind, of this model and form. */
function removeLeftovers(root: string, name: string): void {
  for (const entry of readdirSync(root)) {
    const pid = entry.startsWith(`${name}.`) ? /\.(\d+)\.tmp$/.exec(entry)?.[1] : undefined;
    if (pid === undefined || (Number(pid) !== process.pid && isRunning(Number(pid)))) continue;
    rmSync(join(root, entry), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function requireSpace(folder: string, { bytes, what, without }: CachedForm): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize > bytes * 1.02) return;
  const [need, free] = [bytes, bavail * bsize].map((size) => `${Math.ceil(size / 1e6)} MB`);
  throw new AppError(
    'disk-full',
    `${what} needs ${need} on disk, and ${free} are free.`,
    `Free some space, or ${without}.`,
  );
}

async function writeWeights(
  file: string,
  form: CachedForm,
  { signal, onProgress }: CacheOptions,
): Promise<void> {
  const descriptor = openSync(file, 'wx');
  let done = 0;
  try {
    for (const { bytes, offset, numbers } of form.parts()) {
      writeAt(descriptor, bytes, offset);
      done += numbers;
      onProgress?.({ share: done / form.numbers, checking: false });
      await nextTurn();
      if (signal?.aborted) throw new AppError('cancelled', `${form.what} was cancelled.`, 'Start it again.');
    }
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  const manifest = { version, bytes: form.bytes, sha256: await sha256Of(file) };
  writeFileSync(join(dirname(file), manifestName), `${JSON.stringify(manifest)}\n`, { flush: true });
}

function writeAt(descriptor: number, bytes: Uint8Array, offset: number): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(descriptor, bytes, done, bytes.length - done, offset + done);
}
