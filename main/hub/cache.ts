// The cache of the Hugging Face libraries on disk, so that other programs find what was downloaded and Tunesmith finds
// what they downloaded (https://huggingface.co/docs/huggingface_hub/guides/manage-cache): blobs under their checksum,
// snapshots of links to them, refs that name a commit. Where links cannot be made, files lie in the snapshot themselves.
import { createHash, randomBytes } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { AppError } from '../errors.ts';
import type { HubFile } from './repository.ts';

export interface CachedSnapshot {
  repository: string;
  commit: string;
  /** Branches and tags that point at it. */
  revisions: string[];
  folder: string;
  /** Size of its files, links followed. */
  bytes: number;
  /** A download into this repository was broken off. */
  unfinished: boolean;
}

export const repositoryFolder = (cacheFolder: string, repository: string): string =>
  join(cacheFolder, `models--${repository.split('/').join('--')}`);

export const blobsFolder = (cacheFolder: string, repository: string): string =>
  join(repositoryFolder(cacheFolder, repository), 'blobs');

export const snapshotFolder = (cacheFolder: string, repository: string, commit: string): string =>
  join(repositoryFolder(cacheFolder, repository), 'snapshots', commit);

/** `owner/name` of a folder `models--owner--name`; null for anything else. */
export function repositoryOf(folderName: string): string | null {
  const parts = /^models--(.+)$/.exec(folderName)?.[1].split('--');
  if (!parts) return null;
  return parts.length === 1 ? parts[0] : `${parts[0]}/${parts.slice(1).join('--')}`;
}

/** The newest snapshot of each model: that of `main`, else the one changed last. Never fails on a damaged cache. */
export function listCache(cacheFolder: string): CachedSnapshot[] {
  return namesIn(cacheFolder).flatMap((name) => {
    const repository = repositoryOf(name);
    if (repository === null) return [];
    const folder = join(cacheFolder, name);
    const refs = refsIn(join(folder, 'refs'));
    const snapshots = namesIn(join(folder, 'snapshots')).filter((commit) => {
      const found = statSync(join(folder, 'snapshots', commit), { throwIfNoEntry: false });
      return found?.isDirectory() === true && namesIn(join(folder, 'snapshots', commit)).length > 0;
    });
    if (snapshots.length === 0) return [];
    const changed = (commit: string) => statSync(join(folder, 'snapshots', commit)).mtimeMs;
    const ofMain = refs.find((ref) => ref.name === 'main')?.commit;
    const commit =
      snapshots.find((one) => one === ofMain) ?? snapshots.sort((a, b) => changed(b) - changed(a))[0];
    const snapshot = join(folder, 'snapshots', commit);
    return [
      {
        repository,
        commit,
        revisions: refs.filter((ref) => ref.commit === commit).map((ref) => ref.name),
        folder: snapshot,
        bytes: bytesIn(snapshot),
        unfinished: namesIn(join(folder, 'blobs')).some((blob) => blob.endsWith('.incomplete')),
      },
    ];
  });
}

/** Bytes of the files right in a folder, links followed. */
export function bytesIn(folder: string): number {
  return namesIn(folder).reduce((sum, name) => {
    const found = statSync(join(folder, name), { throwIfNoEntry: false });
    return sum + (found?.isFile() ? found.size : 0);
  }, 0);
}

/** Whether the file of this checksum is here, under either form of the cache; sizes are compared. */
export function hasFile(
  cacheFolder: string,
  repository: string,
  commit: string,
  { path, bytes, etag }: HubFile,
): boolean {
  const places = [
    join(blobsFolder(cacheFolder, repository), etag),
    join(snapshotFolder(cacheFolder, repository, commit), path),
  ];
  return places.some((place, which) => {
    const size = statSync(place, { throwIfNoEntry: false })?.size;
    if (size !== bytes) return false;
    // In a snapshot the name says nothing about the content; small files are compared, weights were checked before.
    return which === 0 || bytes > 8_000_000 || gitBlobId(readFileSync(place)) === etag || etag.length === 64;
  });
}

/** The id that git gives to a file of this content. */
export function gitBlobId(content: Buffer): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
}

/**
 * Gives checked blobs their names in the snapshot, config.json last, and then points the revision at the commit.
 * Returns the snapshot's folder. All blobs must be there: a snapshot is never half of a model.
 */
export function finishSnapshot(
  cacheFolder: string,
  model: { repository: string; revision: string; commit: string; files: readonly HubFile[] },
  links = supportsLinks(repositoryFolder(cacheFolder, model.repository)),
): string {
  const { repository, revision, commit } = model;
  const snapshot = snapshotFolder(cacheFolder, repository, commit);
  const blobs = blobsFolder(cacheFolder, repository);
  const missing = model.files.find((file) => !hasFile(cacheFolder, repository, commit, file));
  if (missing)
    throw new AppError(
      'download-incomplete',
      `"${missing.path}" of "${repository}" is not on this computer.`,
      'Start the download again: it goes on where it was.',
    );
  const last = (file: HubFile) => (file.path === 'config.json' ? 1 : 0);
  const ordered = [...model.files].sort((a, b) => last(a) - last(b));
  ordered.forEach((file, at) => {
    const target = join(snapshot, file.path);
    const blob = join(blobs, file.etag);
    if (!existsSync(blob)) return; // it lies in the snapshot already
    mkdirSync(dirname(target), { recursive: true });
    const shared = ordered.some(({ etag }, other) => other > at && etag === file.etag);
    if (!links && shared) copyFileSync(blob, target);
    else if (!links) renameSync(blob, target);
    else if (!existsSync(target)) {
      rmSync(target, { force: true }); // a link that leads nowhere
      symlinkSync(relative(dirname(target), blob), target);
    }
  });
  if (revision !== commit) {
    const ref = join(repositoryFolder(cacheFolder, repository), 'refs', revision);
    mkdirSync(dirname(ref), { recursive: true });
    writeFileSync(`${ref}.new`, commit);
    renameSync(`${ref}.new`, ref);
  }
  return snapshot;
}

/** Whether links can be made in this folder: not on Windows without the right to, nor on some drives. */
export function supportsLinks(folder: string): boolean {
  mkdirSync(folder, { recursive: true });
  const target = join(folder, `.link-${randomBytes(6).toString('hex')}`);
  try {
    writeFileSync(target, '');
    symlinkSync(basename(target), `${target}.to`);
    return true;
  } catch {
    return false;
  } finally {
    for (const made of [`${target}.to`, target]) rmSync(made, { force: true });
  }
}

const longestPath: Partial<Record<NodeJS.Platform, number>> = { win32: 259, darwin: 1023 };

/** Field case F04: paths that the system cannot hold are told before anything is fetched. */
export function refuseLongPaths(
  cacheFolder: string,
  model: { repository: string; commit: string; files: readonly HubFile[] },
  platform: NodeJS.Platform = process.platform,
): void {
  const limit = longestPath[platform] ?? 4095;
  const unit = platform === 'win32' ? 'characters' : 'bytes';
  const lengthOf = (path: string) => (platform === 'win32' ? path.length : Buffer.byteLength(path));
  const paths = model.files.flatMap((file) => [
    join(snapshotFolder(cacheFolder, model.repository, model.commit), file.path),
    join(blobsFolder(cacheFolder, model.repository), `${file.etag}.incomplete`),
  ]);
  const longest = Math.max(0, ...paths.map(lengthOf));
  if (longest <= limit) return;
  throw new AppError(
    'path-too-long',
    `A file of "${model.repository}" would have a path of ${longest} ${unit}; this system takes ${limit}.`,
    'Choose a shorter folder: set HF_HOME, for example to a folder at the top of the drive.',
  );
}

function refsIn(folder: string, before = ''): { name: string; commit: string }[] {
  return namesIn(folder).flatMap((name) => {
    const path = join(folder, name);
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isDirectory()) return refsIn(path, `${before}${name}/`);
    if (!found || found.size > 100) return [];
    return [{ name: before + name, commit: readFileSync(path, 'utf8').trim() }];
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
