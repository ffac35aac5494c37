// Files that a page sends: written to the backend's temporary folder and answered with a token, in browser mode by
// serve.ts and in the window by window.ts. A page never learns a path.
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AppError } from './errors.ts';
import type { FileTokens } from './files.ts';

const maxUploadBytes = 64e9;

export interface UploadPlace {
  /** Where the file is written. */
  temporary: string;
  files: FileTokens;
  /** Name of the file there, which nobody can guess. */
  nameOf?(): string;
}

const randomName = (): string => `upload-${randomBytes(12).toString('hex')}`;

/**
 * Writes one file. Null when no header names it. Throws when the source breaks off, and leaves nothing then.
 * @throws AppError `disk-full`, `upload-too-large`
 */
export async function storeUpload(
  source: AsyncIterable<Uint8Array>,
  headerOf: (name: string) => string | null | undefined,
  { temporary, files, nameOf = randomName }: UploadPlace,
): Promise<{ token: string; name: string } | null> {
  const name = decoded(headerOf('x-relative-path')) ?? decoded(headerOf('x-file-name'));
  if (name === null || name === '') return null;
  await mkdir(temporary, { recursive: true });
  const path = join(temporary, nameOf());
  try {
    let bytes = 0;
    await pipeline(
      source,
      async function* (pieces: AsyncIterable<Uint8Array>) {
        for await (const piece of pieces) {
          bytes += piece.length;
          if (bytes > maxUploadBytes)
            throw new AppError(
              'upload-too-large',
              `"${name}" is larger than ${maxUploadBytes / 1e9} GB, which is the most that is taken in.`,
              'Split it into smaller files.',
            );
          yield piece;
        }
      },
      createWriteStream(path),
    );
  } catch (error) {
    await rm(path, { force: true });
    throw explainWrite(error, name);
  }
  return { token: files.issue({ path, name, temporary: true }), name };
}

function explainWrite(error: unknown, name: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new AppError(
    'disk-full',
    `The disk became full while "${name}" was taken in. Nothing of it was kept.`,
    'Free some space, then add the file again.',
    { cause: error },
  );
}

/** A header with percent-encoded text; null when absent or damaged. */
function decoded(value: string | null | undefined): string | null {
  if (typeof value !== 'string') return null;
  try {
    return decodeURIComponent(value).slice(0, 1000);
  } catch {
    return null;
  }
}
