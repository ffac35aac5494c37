// Files that a page sends: written to the backend's temporary folder and answered with a token, in browser mode by
// serve.ts and in the window by window.ts. A page never learns a path.
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { FileTokens } from './files.ts';

const maxUploadBytes = 64e9;

/** Writes one file. Null when no header names it. Throws when the source breaks off, and leaves nothing then. */
export async function storeUpload(
  source: AsyncIterable<Uint8Array>,
  headerOf: (name: string) => string | null | undefined,
  { temporary, files }: { temporary: string; files: FileTokens },
): Promise<{ token: string; name: string } | null> {
  const name = decoded(headerOf('x-relative-path')) ?? decoded(headerOf('x-file-name'));
  if (name === null || name === '') return null;
  await mkdir(temporary, { recursive: true });
  const path = join(temporary, `upload-${randomBytes(12).toString('hex')}`);
  try {
    let bytes = 0;
    await pipeline(
      source,
      async function* (pieces: AsyncIterable<Uint8Array>) {
        for await (const piece of pieces) {
          bytes += piece.length;
          if (bytes > maxUploadBytes) throw new Error('the upload is too large');
          yield piece;
        }
      },
      createWriteStream(path),
    );
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
  return { token: files.issue({ path, name, temporary: true }), name };
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
