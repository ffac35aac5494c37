// Fetches one file to disk: what arrived before is continued by a range request, a cut is tried again, and the file has
// its name only after its checksum was compared. Does not know what the file is for: its source sends the request.
import type { Hash } from 'node:crypto';
import { createReadStream, existsSync, renameSync, rmSync, statfsSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '../errors.ts';
import { type Hub, type HubReply, PassingFault, unreachable, withRetries } from './client.ts';

/** One file on a server, whose length and checksum are known before it is asked for. */
export interface FileSource {
  /** What sentences call it. */
  name: string;
  bytes: number;
  /** Hexadecimal, lower case. */
  digest: string;
  /** A new hash of the kind that made `digest`, with what goes before the content in it. */
  hash(): Hash;
  host: string;
  request(headers: Record<string, string>): Promise<HubReply>;
  /** Throws what an answer other than the content means. */
  refuse(reply: HubReply): void;
  /** The checksum that an answer states in its headers; null where it states none. */
  statedDigest(reply: HubReply): string | null;
  /** Who states the checksum, such as "the Hub states". */
  statedBy: string;
  /** What to do where the server has another file now. */
  whenChanged: string;
  /** What to do where the folder cannot be written. */
  whenUnwritable: string;
}

export interface FetchOptions {
  /** Told after each piece: bytes of the file that are here. */
  onBytes(done: number): void;
  /** Resolves at once unless the user paused. */
  unlessPaused(): Promise<void>;
  /** Bytes free on the disk of a folder. */
  freeBytes(folder: string): number;
}

/** Bytes that a download leaves free for the rest of the system. */
export const reserveBytes = 200_000_000;
const checkDiskEvery = 16_000_000;

/** Fetches to `target` through `part`, which a later try goes on from. */
export async function fetchFile(
  hub: Hub,
  source: FileSource,
  part: string,
  target: string,
  options: FetchOptions,
): Promise<void> {
  let before = partSize(part, source.bytes);
  let damaged = 0;
  await withRetries(
    hub,
    async () => {
      const hash = await fetchRest(hub, source, part, options);
      if (hash === source.digest) return;
      rmSync(part, { force: true });
      damaged += 1;
      const fault = new AppError(
        'hub-checksum',
        `"${source.name}" came ${damaged === 1 ? 'with' : 'twice with'} another checksum than ${source.statedBy}, and was deleted.`,
        'Try again later or over another network. Nothing of it was kept.',
      );
      throw damaged === 1 ? new PassingFault(fault) : fault;
    },
    () => {
      const now = partSize(part, source.bytes);
      const moved = now > before;
      before = now;
      return moved;
    },
  );
  renameSync(part, target);
}

/** Bytes of a part that can be continued. */
export function partSize(part: string, bytes: number): number {
  const size = statSync(part, { throwIfNoEntry: false })?.size ?? 0;
  return size > bytes ? 0 : size;
}

/** Fetches from the end of the part on; returns the checksum of the whole. */
async function fetchRest(hub: Hub, source: FileSource, part: string, options: FetchOptions): Promise<string> {
  let start = existsSync(part) ? statSync(part).size : 0;
  if (start > source.bytes) start = 0;
  const whole = start === source.bytes && start > 0;
  if (whole) return (await hashOf(source, part, start)).digest('hex');
  const reply = await source.request(start > 0 ? { range: `bytes=${start}-` } : {});
  if (reply.status === 416 && start > 0) {
    reply.body.destroy();
    reply.close();
    rmSync(part, { force: true });
    throw new PassingFault(changed(source), 0); // what is here is not a beginning of what the server has
  }
  source.refuse(reply);
  const resumed = reply.status === 206 && continues(reply, start, source.bytes);
  if (!agrees(reply, source, resumed ? start : 0) || (reply.status === 206 && !resumed)) {
    reply.body.destroy();
    reply.close();
    rmSync(part, { force: true });
    throw start > 0 ? new PassingFault(changed(source), 0) : changed(source);
  }
  if (!resumed) start = 0; // the server ignored the range: its answer is the whole file
  const hash = await hashOf(source, part, start);
  await receive(hub, reply, source, part, start, hash, options);
  return hash.digest('hex');
}

/** Writes the body behind what is there. A cut keeps what came. */
async function receive(
  hub: Hub,
  reply: HubReply,
  source: FileSource,
  part: string,
  start: number,
  hash: Hash,
  options: FetchOptions,
): Promise<void> {
  let at = start;
  let checkedAt = start;
  let handle: FileHandle | undefined;
  try {
    handle = await open(part, start > 0 ? 'r+' : 'w');
    await handle.truncate(start);
    for await (const piece of reply.body as AsyncIterable<Buffer>) {
      if (at + piece.length > source.bytes) throw changed(source);
      for (let written = 0; written < piece.length; )
        written += (await handle.write(piece, written, piece.length - written, at + written)).bytesWritten;
      hash.update(piece);
      at += piece.length;
      options.onBytes(at);
      if (at - checkedAt >= checkDiskEvery) {
        checkedAt = at;
        const free = options.freeBytes(dirname(part));
        if (free < Math.min(reserveBytes / 2, source.bytes - at)) throw diskFull(source, at, free);
      }
      await options.unlessPaused();
    }
    if (at < source.bytes) throw cut(source, at);
    await handle.sync();
  } catch (error) {
    hub.signal.throwIfAborted();
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOSPC' || code === 'EDQUOT') throw diskFull(source, at, options.freeBytes(dirname(part)));
    if (error instanceof AppError || error instanceof PassingFault) throw error;
    if (code !== undefined && /^E(ACCES|PERM|ROFS|IO)$/.test(code))
      throw new AppError(
        'download-write',
        `"${source.name}" cannot be written to ${dirname(part)} (${code}).`,
        source.whenUnwritable,
        { cause: error },
      );
    throw cut(source, at, error);
  } finally {
    reply.body.destroy();
    reply.close(at - start);
    await handle?.close();
  }
}

function agrees(reply: HubReply, source: FileSource, start: number): boolean {
  const stated = source.statedDigest(reply);
  if (stated !== null && stated !== source.digest) return false;
  const length = reply.headers['content-length'];
  return length === undefined || Number(length) === source.bytes - start;
}

/** Whether a 206 is exactly the missing rest: `bytes 100-199/200`. */
function continues(reply: HubReply, start: number, bytes: number): boolean {
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(reply.headers['content-range'] ?? '');
  if (!range) return false;
  const [, from, to, total] = range;
  return Number(from) === start && Number(to) === bytes - 1 && (total === '*' || Number(total) === bytes);
}

async function hashOf(source: FileSource, part: string, start: number): Promise<Hash> {
  const hash = source.hash();
  if (start > 0)
    for await (const piece of createReadStream(part, { end: start - 1, highWaterMark: 1 << 20 }))
      hash.update(piece as Buffer);
  return hash;
}

function cut({ name, bytes, host }: FileSource, at: number, cause?: unknown): Error {
  const fault = new AppError(
    'download-cut',
    `The download of "${name}" stopped at ${size(at)} of ${size(bytes)}, because the connection was lost.`,
    'Go on when the network is back: what arrived is kept.',
    { cause },
  );
  const named = cause instanceof Error ? unreachable(host, cause) : null;
  return named instanceof AppError && named.code === 'hub-certificate' ? named : new PassingFault(fault);
}

function changed(source: FileSource): AppError {
  return new AppError(
    'hub-changed',
    `"${source.name}" on the server is not the file that was looked up: its checksum or length differs.`,
    source.whenChanged,
  );
}

function diskFull({ name, bytes }: FileSource, at: number, free: number): AppError {
  return new AppError(
    'disk-full',
    `The disk is full: "${name}" stopped at ${size(at)} of ${size(bytes)}, with ${size(free)} free.`,
    'Free some room and go on: what arrived is kept.',
  );
}

/** Bytes free on the disk of a folder that exists. */
export function freeOn(folder: string): number {
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
