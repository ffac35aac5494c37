// Project files: a project as one `.tunesmith` file (a zip with the database, originals, datasets, runs and exports),
// and back; also a dataset version as JSONL. Foreign zips are read under limits, and nothing leaves its own folder.
import { createWriteStream, existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Entry, type ZipFile as OpenZip, open } from 'yauzl';
import { ZipFile } from 'yazl';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import type { JobHooks, QueuedJob, WorkContext } from '../../jobs/queue.ts';
import { isDatabaseFile } from '../projects.ts';
import type { Services } from '../services.ts';

const Spec = z.discriminatedUnion('action', [
  z.looseObject({ action: z.literal('export'), fileName: z.string(), target: z.string().nullable() }),
  z.looseObject({
    action: z.literal('records'),
    versionId: z.string(),
    fileName: z.string(),
    target: z.string().nullable(),
  }),
  z.looseObject({
    action: z.literal('import'),
    file: z.string(),
    temporary: z.boolean(),
    incoming: z.string(),
  }),
]);

const format = 1;
const maxEntries = 200_000;
const maxPathBytes = 1000;
const reserveBytes = 200_000_000;
/** What a project file may unpack to: no text shrinks so far, and a bomb shrinks a thousandfold. */
const growth = { times: 100, bytes: 1e9 };

export function projectFileHooks(services: Services): JobHooks {
  return {
    stopAfterMs: 1000,
    async prepare(job, context) {
      const spec = Spec.parse(job.spec);
      if (spec.action === 'import') return { result: await importProject(services, spec, context) };
      const target = spec.target ?? join(services.temporary, job.id, spec.fileName);
      await mkdir(dirname(target), { recursive: true });
      const project = services.store.project(job.projectId!);
      if (spec.action === 'records') await copyFile(project.datasets.recordsFile(spec.versionId), target);
      else await exportProject(services, job, target, context);
      const { size } = await stat(target);
      if (spec.target !== null) return { result: { file: target, bytes: size } };
      const download = services.files.issueDownload({ path: target, fileName: spec.fileName });
      return { result: { download, fileName: spec.fileName, bytes: size } };
    },
  };
}

async function exportProject(
  services: Services,
  job: QueuedJob,
  target: string,
  context: WorkContext,
): Promise<void> {
  const project = services.store.project(job.projectId!);
  const temporary = `${target}.tmp`;
  const database = `${target}.db.tmp`;
  try {
    await project.copyDatabase(database);
    const files = await filesBelow(project.folder);
    const total = files.reduce((sum, file) => sum + file.bytes, 0);
    let done = 0;
    const zip = new ZipFile();
    zip.addBuffer(Buffer.from(JSON.stringify({ format, version: services.version })), 'tunesmith.json');
    zip.addFile(database, 'project.db');
    for (const { path } of files) {
      const name = relative(project.folder, path).split(sep).join('/');
      // Weights and PDFs do not shrink; text does.
      zip.addFile(path, name, { compress: /\.(jsonl?|txt|md|csv|html)$/i.test(name) });
    }
    zip.end();
    const meter = new Transform({
      transform(piece: Buffer, _encoding, next) {
        done += piece.length;
        context.progress({
          progress: total === 0 ? null : Math.min(1, done / total),
          position: `${Math.round(done / 1e6)} of about ${Math.round(total / 1e6)} MB`,
        });
        next(null, piece);
      },
    });
    await pipeline(zip.outputStream as NodeJS.ReadableStream, meter, createWriteStream(temporary), {
      signal: context.signal,
    });
    await rename(temporary, target);
  } finally {
    await rm(temporary, { force: true });
    await rm(database, { force: true });
  }
}

async function importProject(
  services: Services,
  spec: { file: string; temporary: boolean; incoming: string },
  context: WorkContext,
): Promise<{ projectId: string }> {
  const { store } = services;
  const incoming = join(store.home, 'projects', `.incoming-${spec.incoming}`);
  try {
    await rm(incoming, { recursive: true, force: true });
    await mkdir(incoming, { recursive: true });
    await unpack(spec.file, incoming, context);
    if (!existsSync(join(incoming, 'project.db')))
      throw new AppError(
        'not-a-project-file',
        `"${basename(spec.file)}" is not a Tunesmith project file.`,
        'Choose a file that ends in .tunesmith.',
      );
    const folder = store.freeProjectFolder(basename(spec.file).replace(/\.tunesmith$/i, ''));
    await rename(incoming, folder);
    const project = store.adoptProject(folder);
    services.emit('projects.changed', { projectId: project.id });
    if (spec.temporary) await rm(spec.file, { force: true });
    return { projectId: project.id };
  } finally {
    await rm(incoming, { recursive: true, force: true });
  }
}

/** Extracts a zip below `folder`. Throws when it is damaged, too large for the disk, or names a place outside. */
export async function unpack(
  file: string,
  folder: string,
  context: Pick<WorkContext, 'signal' | 'progress'>,
  most: { times: number; bytes: number } = growth,
): Promise<void> {
  const zip = await openZip(file);
  const { bavail, bsize } = await statfs(folder);
  let room = bavail * bsize - reserveBytes;
  let left = (await stat(file)).size * most.times + most.bytes;
  if (zip.entryCount > maxEntries)
    throw new AppError(
      'zip-too-large',
      `The file holds ${zip.entryCount} entries; ${maxEntries} is the limit.`,
      '',
    );
  let count = 0;
  try {
    for await (const entry of entriesOf(zip)) {
      if (context.signal.aborted) throw new Error('stopped');
      count += 1;
      context.progress({ progress: count / zip.entryCount, position: `${count} of ${zip.entryCount} files` });
      if (entry.fileName.endsWith('/')) continue;
      if (Buffer.byteLength(entry.fileName) > maxPathBytes)
        throw damagedZip(file, 'a name in it is too long');
      const target = join(folder, ...entry.fileName.split('/'));
      await mkdir(dirname(target), { recursive: true });
      const limit = new Transform({
        transform(piece: Buffer, _encoding, next) {
          room -= piece.length;
          left -= piece.length;
          if (left < 0) next(tooDense(file));
          else if (room < 0) next(noRoom());
          else next(null, piece);
        },
      });
      await pipeline(await readEntry(zip, entry), limit, createWriteStream(target, { flags: 'wx' }));
    }
  } catch (error) {
    if (error instanceof AppError || context.signal.aborted) throw error;
    throw damagedZip(file, (error as Error).message, error);
  } finally {
    zip.close();
  }
}

const noRoom = (): AppError =>
  new AppError('disk-full', 'The project does not fit on the disk.', 'Free some space and try again.');

const tooDense = (file: string): AppError =>
  new AppError(
    'project-file-too-dense',
    `"${basename(file)}" unpacks to far more than a project of its size holds, so it was not read.`,
    'Ask whoever gave it to you for another copy. Nothing of it was kept.',
  );

function damagedZip(file: string, why: string, cause?: unknown): AppError {
  return new AppError(
    'project-file-damaged',
    `"${basename(file)}" cannot be read: ${why}.`,
    'Export the project again, or copy the file again.',
    { cause },
  );
}

function openZip(file: string): Promise<OpenZip> {
  return new Promise((resolve, reject) => {
    // yauzl refuses absolute names, `..` and backslashes, and counts inflated bytes against the declared size.
    open(
      file,
      { lazyEntries: true, autoClose: false, strictFileNames: true, validateEntrySizes: true },
      (error, zip) => {
        if (error) reject(damagedZip(file, error.message, error));
        else resolve(zip);
      },
    );
  });
}

async function* entriesOf(zip: OpenZip): AsyncGenerator<Entry> {
  for (let left = zip.entryCount; left > 0; left--) {
    yield await new Promise<Entry>((resolve, reject) => {
      zip.once('entry', resolve);
      zip.once('error', reject);
      zip.readEntry();
    });
    zip.removeAllListeners('error');
  }
}

function readEntry(zip: OpenZip, entry: Entry): Promise<NodeJS.ReadableStream> {
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => (error ? reject(error) : resolve(stream)));
  });
}

/** All files of a project that are not the live database or temporary. */
async function filesBelow(folder: string): Promise<{ path: string; bytes: number }[]> {
  const files: { path: string; bytes: number }[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || isDatabaseFile(path) || entry.name.endsWith('.tmp')) continue;
    files.push({ path, bytes: (await stat(path)).size });
  }
  return files;
}

/** One zip of a folder's files, as a stream; the folder's own name is the first part of each path. */
export async function zipFolder(folder: string): Promise<NodeJS.ReadableStream> {
  const zip = new ZipFile();
  for (const { path } of await filesBelow(folder)) {
    const name = [basename(folder), ...relative(folder, path).split(sep)].join('/');
    zip.addFile(path, name, { compress: !/\.(safetensors|gguf|onnx)$/.test(name) });
  }
  zip.end();
  return zip.outputStream as NodeJS.ReadableStream;
}

/** A name that every file system takes, at most 80 characters. */
export function safeFileName(name: string): string {
  const clean = name
    .replace(/[\p{Cc}<>:"/\\|?*]/gu, ' ')
    .replace(/\s+/g, ' ')
    .replace(/[. ]+$/, '')
    .trim();
  return [...clean].slice(0, 80).join('') || 'project';
}
