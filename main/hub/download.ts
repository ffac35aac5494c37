// Fetches the files of one model into the cache. A file has its name only after its checksum was compared; until then
// it is `<checksum>.incomplete`, and the next try goes on from its end if ETag and length agree (field case F05).
import { createHash, type Hash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, renameSync, rmSync, statfsSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError } from '../errors.ts';
import { blobsFolder, finishSnapshot, hasFile, refuseLongPaths } from './cache.ts';
import {
  type Hub,
  type HubReply,
  PassingFault,
  refuseStatus,
  refuseWebPage,
  send,
  unreachable,
  withRetries,
} from './client.ts';
import { checksumIn, fileAddress, type HubModel } from './lookup.ts';
import type { HubFile } from './repository.ts';

export interface DownloadOptions {
  cacheFolder: string;
  /** Told after each piece: bytes of the whole model that are here, and the file under way. */
  onBytes(done: number, file: string): void;
  /** Resolves at once unless the user paused. */
  unlessPaused(): Promise<void>;
  /** Bytes free on the disk of a folder. */
  freeBytes?(folder: string): number;
}

/** Bytes that a download leaves free for the rest of the system. */
const reserveBytes = 200_000_000;
const checkDiskEvery = 16_000_000;

/** Fetches what is missing and returns the folder of the complete snapshot. */
export async function downloadModel(hub: Hub, model: HubModel, options: DownloadOptions): Promise<string> {
  const { cacheFolder } = options;
  const { repository, commit, files } = model;
  refuseLongPaths(cacheFolder, model);
  const blobs = blobsFolder(cacheFolder, repository);
  mkdirSync(blobs, { recursive: true });
  const there = (file: HubFile) => hasFile(cacheFolder, repository, commit, file);
  const missing = files.filter((file) => !there(file));
  const open = missing.reduce((sum, file) => sum + file.bytes - partSize(blobs, file), 0);
  const freeBytes = options.freeBytes ?? freeOn;
  refuseFullDisk(blobs, open, freeBytes(blobs), repository);
  let done = model.bytes - missing.reduce((sum, { bytes }) => sum + bytes, 0);
  // Small files first: what is wrong with them is known before the weights are fetched.
  for (const file of [...missing].sort((a, b) => a.bytes - b.bytes)) {
    if (there(file)) {
      done += file.bytes; // two names with one content
      continue;
    }
    await fetchFile(hub, model, file, blobs, {
      ...options,
      freeBytes,
      onBytes: (bytes) => options.onBytes(done + bytes, file.path),
    });
    done += file.bytes;
    options.onBytes(done, file.path);
  }
  return finishSnapshot(cacheFolder, model);
}

type FileOptions = Required<DownloadOptions>;

async function fetchFile(
  hub: Hub,
  model: HubModel,
  file: HubFile,
  blobs: string,
  options: FileOptions,
): Promise<void> {
  const part = join(blobs, `${file.etag}.incomplete`);
  let before = partSize(blobs, file);
  let damaged = 0;
  await withRetries(
    hub,
    async () => {
      const hash = await fetchRest(hub, model, file, part, options);
      if (hash === file.etag) return;
      rmSync(part, { force: true });
      damaged += 1;
      const fault = new AppError(
        'hub-checksum',
        `"${file.path}" came ${damaged === 1 ? 'with' : 'twice with'} another checksum than the Hub states, and was deleted.`,
        'Try again later or over another network. Nothing of it was kept.',
      );
      throw damaged === 1 ? new PassingFault(fault) : fault;
    },
    () => {
      const now = partSize(blobs, file);
      const moved = now > before;
      before = now;
      return moved;
    },
  );
  renameSync(part, join(blobs, file.etag));
}

/** Fetches from the end of the part on; returns the checksum of the whole. */
async function fetchRest(
  hub: Hub,
  model: HubModel,
  file: HubFile,
  part: string,
  options: FileOptions,
): Promise<string> {
  const { repository, revision, commit } = model;
  const asked = { repository, revision, file: file.path, why: `${file.path} of ${repository}` };
  let start = existsSync(part) ? statSync(part).size : 0;
  if (start > file.bytes) start = 0;
  const whole = start === file.bytes && start > 0;
  if (whole) return (await hashOf(file, part, start)).digest('hex');
  const range: Record<string, string> = start > 0 ? { range: `bytes=${start}-` } : {};
  const reply = await send(hub, fileAddress(hub, repository, commit, file.path), asked, { headers: range });
  if (reply.status === 416 && start > 0) {
    reply.body.destroy();
    reply.close();
    rmSync(part, { force: true });
    throw new PassingFault(changed(file), 0); // what is here is not a beginning of what the server has
  }
  refuseStatus(hub, reply, asked);
  refuseWebPage(reply, asked);
  const resumed = reply.status === 206 && continues(reply, start, file.bytes);
  if (!agrees(reply, file, resumed ? start : 0) || (reply.status === 206 && !resumed)) {
    reply.body.destroy();
    reply.close();
    rmSync(part, { force: true });
    throw start > 0 ? new PassingFault(changed(file), 0) : changed(file);
  }
  if (!resumed) start = 0; // the server ignored the range: its answer is the whole file
  const hash = await hashOf(file, part, start);
  await receive(hub, reply, file, part, start, hash, options);
  return hash.digest('hex');
}

/** Writes the body behind what is there. A cut keeps what came. */
async function receive(
  hub: Hub,
  reply: HubReply,
  file: HubFile,
  part: string,
  start: number,
  hash: Hash,
  options: FileOptions,
): Promise<void> {
  let at = start;
  let checkedAt = start;
  let handle: FileHandle | undefined;
  try {
    handle = await open(part, start > 0 ? 'r+' : 'w');
    await handle.truncate(start);
    for await (const piece of reply.body as AsyncIterable<Buffer>) {
      if (at + piece.length > file.bytes) throw changed(file);
      for (let written = 0; written < piece.length; )
        written += (await handle.write(piece, written, piece.length - written, at + written)).bytesWritten;
      hash.update(piece);
      at += piece.length;
      options.onBytes(at, file.path);
      if (at - checkedAt >= checkDiskEvery) {
        checkedAt = at;
        const free = options.freeBytes(dirname(part));
        if (free < Math.min(reserveBytes / 2, file.bytes - at))
          throw diskFull(file.path, at, file.bytes, free);
      }
      await options.unlessPaused();
    }
    if (at < file.bytes) throw cut(hub, file, at);
    await handle.sync();
  } catch (error) {
    hub.signal.throwIfAborted();
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOSPC' || code === 'EDQUOT')
      throw diskFull(file.path, at, file.bytes, options.freeBytes(dirname(part)));
    if (error instanceof AppError || error instanceof PassingFault) throw error;
    if (code !== undefined && /^E(ACCES|PERM|ROFS|IO)$/.test(code))
      throw new AppError(
        'download-write',
        `"${file.path}" cannot be written to ${dirname(part)} (${code}).`,
        'Set HF_HOME to a folder that you may write to.',
        { cause: error },
      );
    throw cut(hub, file, at, error);
  } finally {
    reply.body.destroy();
    reply.close(at - start);
    await handle?.close();
  }
}

function agrees(reply: HubReply, file: HubFile, start: number): boolean {
  const { first, headers } = reply;
  const stated = checksumIn(first['x-linked-etag']) ?? checksumIn(first.etag);
  if (stated !== null && stated !== file.etag) return false;
  const length = headers['content-length'];
  return length === undefined || Number(length) === file.bytes - start;
}

/** Whether a 206 is exactly the missing rest: `bytes 100-199/200`. */
function continues(reply: HubReply, start: number, bytes: number): boolean {
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(reply.headers['content-range'] ?? '');
  if (!range) return false;
  const [, from, to, total] = range;
  return Number(from) === start && Number(to) === bytes - 1 && (total === '*' || Number(total) === bytes);
}

async function hashOf(file: HubFile, part: string, start: number): Promise<Hash> {
  const hash = file.etag.length === 64 ? createHash('sha256') : createHash('sha1');
  if (file.etag.length === 40) hash.update(`blob ${file.bytes}\0`); // a git blob id
  if (start > 0)
    for await (const piece of createReadStream(part, { end: start - 1, highWaterMark: 1 << 20 }))
      hash.update(piece as Buffer);
  return hash;
}

function partSize(blobs: string, file: HubFile): number {
  const size = statSync(join(blobs, `${file.etag}.incomplete`), { throwIfNoEntry: false })?.size ?? 0;
  return size > file.bytes ? 0 : size;
}

function cut(hub: Hub, file: HubFile, at: number, cause?: unknown): Error {
  const fault = new AppError(
    'download-cut',
    `The download of "${file.path}" stopped at ${size(at)} of ${size(file.bytes)}, because the connection was lost.`,
    'Go on when the network is back: what arrived is kept.',
    { cause },
  );
  const named = cause instanceof Error ? unreachable(new URL(hub.endpoint).host, cause) : null;
  return named instanceof AppError && named.code === 'hub-certificate' ? named : new PassingFault(fault);
}

function changed(file: HubFile): AppError {
  return new AppError(
    'hub-changed',
    `"${file.path}" on the server is not the file that was looked up: its checksum or length differs.`,
    'Look the model up again, and start the download again.',
  );
}

function refuseFullDisk(folder: string, needed: number, free: number, repository: string): void {
  if (needed === 0 || free >= needed + reserveBytes) return;
  throw new AppError(
    'disk-full',
    `"${repository}" needs ${size(needed)} more on the disk of ${folder}, and ${size(free)} are free.`,
    `Free ${size(needed + reserveBytes - free)}, or set HF_HOME to a folder on another disk.`,
  );
}

function diskFull(file: string, at: number, bytes: number, free: number): AppError {
  return new AppError(
    'disk-full',
    `The disk is full: "${file}" stopped at ${size(at)} of ${size(bytes)}, with ${size(free)} free.`,
    'Free some room and go on: what arrived is kept.',
  );
}

function freeOn(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** "184 MB", "1.54 GB". */
export function size(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(2)} GB`;
  if (bytes >= 1e6) return `${Math.round(bytes / 1e6)} MB`;
  if (bytes >= 1000) return `${Math.round(bytes / 1000)} kB`;
  return `${bytes} bytes`;
}
