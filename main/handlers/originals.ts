// Original files of a project: found in folders, copied in a stream, stored once by the SHA-256 of their content.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../errors.ts';
import type { ChosenFile } from '../files.ts';
import type { ProjectStore } from '../store/index.ts';
import { newId } from '../store/rows.ts';

const maxFiles = 10_000;
const systemFiles = new Set(['Thumbs.db', 'desktop.ini']);
/** Kept free on the disk, so that databases and checkpoints still have room. */
const reserveBytes = 200_000_000;

/** The file itself, or all files below a folder, named by their path in it. Hidden files are left out. */
export async function listFiles<T extends ChosenFile>(item: T): Promise<T[]> {
  if (!(await stat(item.path)).isDirectory()) return [item];
  const files: T[] = [];
  const walk = async (folder: string, prefix: string): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true });
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      if (entry.name.startsWith('.') || systemFiles.has(entry.name)) continue;
      const path = join(folder, entry.name);
      const name = `${prefix}/${entry.name}`;
      if (entry.isDirectory()) await walk(path, name);
      else if (entry.isFile() || (entry.isSymbolicLink() && (await isFile(path))))
        files.push({ ...item, path, name });
      if (files.length > maxFiles)
        throw new AppError(
          'too-many-files',
          `"${item.name}" holds more than ${maxFiles.toLocaleString('en-US')} files.`,
          'Add its subfolders one by one.',
        );
    }
  };
  await walk(item.path, basename(item.name));
  return files;
}

/** Copies the file into the project, unless its content is there already. Returns what it is known by. */
export async function keepOriginal(
  project: ProjectStore,
  file: ChosenFile,
): Promise<{ sha256: string; bytes: number }> {
  const found = await stat(file.path);
  if (!found.isFile())
    throw new AppError('not-a-file', `"${file.name}" is not a file.`, 'Choose a file or a folder of files.');
  const { bavail, bsize } = await statfs(project.folder);
  if (bavail * bsize < found.size + reserveBytes)
    throw new AppError(
      'disk-full',
      `"${file.name}" needs ${megabytes(found.size)} and the disk has ${megabytes(bavail * bsize)} left.`,
      'Free some space, then add the file again.',
    );
  const incoming = join(project.folder, 'files', `incoming-${newId()}.tmp`);
  const hash = createHash('sha256');
  let bytes = 0;
  const measure = new Transform({
    transform(piece: Buffer, _encoding, done) {
      hash.update(piece);
      bytes += piece.length;
      done(null, piece);
    },
  });
  try {
    await pipeline(createReadStream(file.path), measure, createWriteStream(incoming));
    const sha256 = hash.digest('hex');
    const target = project.sources.originalFile(sha256);
    if (existsSync(target)) await rm(incoming);
    else {
      await mkdir(dirname(target), { recursive: true });
      await rename(incoming, target);
    }
    await mkdir(join(project.folder, 'files', 'parts'), { recursive: true });
    return { sha256, bytes };
  } catch (error) {
    await rm(incoming, { force: true });
    throw explainCopy(error, file.name);
  }
}

function explainCopy(error: unknown, name: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EACCES' || code === 'EPERM')
    return new AppError(
      'no-access',
      `You may not read "${name}".`,
      'Ask its owner for the right to read it.',
      {
        cause: error,
      },
    );
  if (code === 'ENOSPC')
    return new AppError(
      'disk-full',
      `The disk became full while "${name}" was copied.`,
      'Free some space, then add it again.',
      {
        cause: error,
      },
    );
  return error;
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}

export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6).toLocaleString('en-US')} MB`;
}
