// Fetches the files of one model into the cache. A file has its name only after its checksum was compared; until then
// it is `<checksum>.incomplete`, and the next try goes on from its end if ETag and length agree (field case F05).
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../errors.ts';
import { blobsFolder, finishSnapshot, hasFile, refuseLongPaths } from './cache.ts';
import { type Hub, refuseStatus, refuseWebPage, send } from './client.ts';
import {
  type FetchOptions,
  type FileSource,
  fetchFile,
  freeOn,
  partSize,
  reserveBytes,
  size,
} from './fetch-file.ts';
import { checksumIn, fileAddress, type HubModel } from './lookup.ts';
import type { HubFile } from './repository.ts';

export interface DownloadOptions extends Pick<FetchOptions, 'unlessPaused'> {
  cacheFolder: string;
  /** Told after each piece: bytes of the whole model that are here, and the file under way. */
  onBytes(done: number, file: string): void;
  /** Bytes free on the disk of a folder. */
  freeBytes?(folder: string): number;
}

/** Fetches what is missing and returns the folder of the complete snapshot. */
export async function downloadModel(hub: Hub, model: HubModel, options: DownloadOptions): Promise<string> {
  const { cacheFolder } = options;
  const { repository, commit, files } = model;
  refuseLongPaths(cacheFolder, model);
  const blobs = blobsFolder(cacheFolder, repository);
  mkdirSync(blobs, { recursive: true });
  const there = (file: HubFile) => hasFile(cacheFolder, repository, commit, file);
  const partOf = (file: HubFile) => join(blobs, `${file.etag}.incomplete`);
  const missing = files.filter((file) => !there(file));
  const open = missing.reduce((sum, file) => sum + file.bytes - partSize(partOf(file), file.bytes), 0);
  const freeBytes = options.freeBytes ?? freeOn;
  refuseFullDisk(blobs, open, freeBytes(blobs), repository);
  let done = model.bytes - missing.reduce((sum, { bytes }) => sum + bytes, 0);
  // Small files first: what is wrong with them is known before the weights are fetched.
  for (const file of [...missing].sort((a, b) => a.bytes - b.bytes)) {
    if (there(file)) {
      done += file.bytes; // two names with one content
      continue;
    }
    await fetchFile(hub, sourceOf(hub, model, file), partOf(file), join(blobs, file.etag), {
      unlessPaused: options.unlessPaused,
      freeBytes,
      onBytes: (bytes) => options.onBytes(done + bytes, file.path),
    });
    done += file.bytes;
    options.onBytes(done, file.path);
  }
  return finishSnapshot(cacheFolder, model);
}

function sourceOf(hub: Hub, model: HubModel, file: HubFile): FileSource {
  const { repository, revision, commit } = model;
  const asked = { repository, revision, file: file.path, why: `${file.path} of ${repository}` };
  return {
    name: file.path,
    bytes: file.bytes,
    digest: file.etag,
    hash: () =>
      file.etag.length === 64 ? createHash('sha256') : createHash('sha1').update(`blob ${file.bytes}\0`), // a git blob id
    host: new URL(hub.endpoint).host,
    request: (headers) => send(hub, fileAddress(hub, repository, commit, file.path), asked, { headers }),
    refuse(reply) {
      refuseStatus(hub, reply, asked);
      refuseWebPage(reply, asked);
    },
    statedDigest: ({ first }) => checksumIn(first['x-linked-etag']) ?? checksumIn(first.etag),
    statedBy: 'the Hub states',
    whenChanged: 'Look the model up again, and start the download again.',
    whenUnwritable: 'Set HF_HOME to a folder that you may write to.',
  };
}

function refuseFullDisk(folder: string, needed: number, free: number, repository: string): void {
  if (needed === 0 || free >= needed + reserveBytes) return;
  throw new AppError(
    'disk-full',
    `"${repository}" needs ${size(needed)} more on the disk of ${folder}, and ${size(free)} are free.`,
    `Free ${size(needed + reserveBytes - free)}, or set HF_HOME to a folder on another disk.`,
  );
}
