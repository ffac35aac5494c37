// Takes the wanted files out of a zip on disk into a folder, flat: no entry decides where it lands. Links, names that
// leave the archive, more than the archive states and more than the disk holds are refused. Knows no network.
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Entry, open, type ZipFile } from 'yauzl';
import { entriesOf, streamOf } from '../documents/zip.ts';
import { AppError } from '../errors.ts';
import { freeOn, reserveBytes, size } from './fetch-file.ts';

export interface UnpackOptions {
  /** What sentences call the archive. */
  name: string;
  /** Entries whose whole name matches are kept, under the last part of their name. */
  keeps: RegExp;
  signal: AbortSignal;
  freeBytes?(folder: string): number;
}

const maxEntries = 20_000;
const maxBytes = 8e9;
const [fileKinds, linkKind] = [0xf000, 0xa000]; // of the Unix mode, in the upper half of the attributes

/**
 * Writes the kept files into `folder`, which must not hold them yet, and returns their names.
 * @throws AppError `archive-damaged`, `disk-full`; the reason of the signal when it is aborted
 */
export async function unpackInto(archive: string, folder: string, options: UnpackOptions): Promise<string[]> {
  const { name, keeps, signal } = options;
  mkdirSync(folder, { recursive: true });
  const zip = await openArchive(archive, name);
  const kept: string[] = [];
  let left = maxBytes;
  try {
    if (zip.entryCount > maxEntries) throw new Error(`it holds ${zip.entryCount} entries`);
    for await (const entry of entriesOf(zip)) {
      signal.throwIfAborted();
      if (!keeps.test(entry.fileName)) continue;
      if (isLink(entry)) throw new Error(`"${entry.fileName}" is a link`);
      left -= entry.uncompressedSize;
      if (left < 0) throw new Error(`it holds more than ${size(maxBytes)}`);
      const free = (options.freeBytes ?? freeOn)(folder);
      if (entry.uncompressedSize + reserveBytes > free)
        throw new AppError(
          'disk-full',
          `"${name}" needs ${size(entry.uncompressedSize)} more on the disk of ${folder}, and ${size(free)} are free.`,
          'Free some room and go on: what was fetched is kept.',
        );
      const file = entry.fileName.slice(entry.fileName.lastIndexOf('/') + 1);
      if (kept.includes(file)) throw new Error(`two entries are named "${file}"`);
      await pipeline(
        await streamOf(zip, entry),
        atMost(entry.uncompressedSize, entry.fileName),
        createWriteStream(join(folder, file), { flags: 'wx' }),
        { signal },
      );
      kept.push(file);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof AppError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT')
      throw new AppError(
        'disk-full',
        `The disk became full while "${name}" was unpacked.`,
        'Free some room and go on.',
        {
          cause: error,
        },
      );
    throw damaged(name, message, error);
  } finally {
    zip.close();
  }
  return kept;
}

const isLink = ({ externalFileAttributes }: Entry): boolean =>
  ((externalFileAttributes >>> 16) & fileKinds) === linkKind;

/** Lets no more through than the archive states for an entry. */
function atMost(bytes: number, name: string): Transform {
  let through = 0;
  return new Transform({
    transform(piece: Buffer, _encoding, next) {
      through += piece.length;
      next(through > bytes ? new Error(`"${name}" is larger than it states`) : null, piece);
    },
  });
}

function openArchive(archive: string, name: string): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    open(
      archive,
      { lazyEntries: true, autoClose: false, strictFileNames: true, validateEntrySizes: true },
      (error, zip) => (error ? reject(damaged(name, error.message, error)) : resolve(zip)),
    );
  });
}

function damaged(name: string, why: string, cause: unknown): AppError {
  return new AppError(
    'archive-damaged',
    `"${name}" cannot be unpacked: ${why}.`,
    'Fetch it again, or over another network. Nothing of it was kept.',
    { cause },
  );
}
