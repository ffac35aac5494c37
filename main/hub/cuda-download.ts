// Fetches the published packages of the CUDA libraries: NVIDIA's wheels from the files of PyPI, against the checksums of
// the table, and the provider from nuget.org, against the checksum that its index states. A package has its folder only
// when all of it was checked and unpacked; until then nothing uses it.
import { createHash } from 'node:crypto';
import {
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import {
  type CudaPackage,
  packageFolderName,
  providerFiles,
  runtimeFile,
} from '../training/cuda-packages.ts';
import { type Hub, type HubReply, PassingFault, refuseWebPage, retryAfter, send } from './client.ts';
import {
  type FetchOptions,
  type FileSource,
  fetchFile,
  freeOn,
  partSize,
  reserveBytes,
  size,
} from './fetch-file.ts';
import { fetchJson } from './fetch-json.ts';
import { unpackInto } from './unpack.ts';

export interface CudaSources {
  /** The service index of a NuGet source. */
  nuget: string;
  /** The folder of PyPI's files, without a slash at its end. */
  pypi: string;
}

/** The public sources, or the mirrors that these variables name. */
export function cudaSources(env: NodeJS.ProcessEnv = process.env): CudaSources {
  return {
    nuget: env.TUNESMITH_NUGET_INDEX || 'https://api.nuget.org/v3/index.json',
    pypi: (env.TUNESMITH_PYPI_FILES || 'https://files.pythonhosted.org/packages').replace(/\/+$/, ''),
  };
}

export interface CudaDownload
  extends Partial<Pick<FetchOptions, 'freeBytes'>>,
    Pick<FetchOptions, 'unlessPaused'> {
  packages: readonly CudaPackage[];
  sources: CudaSources;
  /** Where the folders of the packages are, beside those of other versions; made when it is missing. */
  folder: string;
  /** Holds the library of ONNX Runtime, which the provider must lie beside. */
  runtimeFolder: string;
  /** Told after each piece: bytes of all downloads that are here, of how many, and what is done now. */
  onProgress(done: number, total: number, what: string): void;
}

/** One package with everything that is known before it is asked for. */
interface Located {
  wanted: CudaPackage;
  address: string;
  bytes: number;
  digest: string;
  algorithm: 'sha256' | 'sha512';
  statedBy: string;
}

/** A compressed library grows by about this when it is unpacked. */
const growth = 1.7;
const maxJsonBytes = 8_000_000;

/** Bytes that the unpacked libraries of these packages take, about. */
export const unpackedBytes = (packages: readonly CudaPackage[]): number =>
  Math.round(packages.reduce((sum, { bytes }) => sum + bytes, 0) * growth);

/** Fetches and unpacks what is not there yet; returns the folders of the packages. */
export async function fetchCuda(hub: Hub, download: CudaDownload): Promise<string[]> {
  const { packages, folder, onProgress } = download;
  refuseOffline(hub.offlineBy);
  const targetOf = (wanted: CudaPackage) => join(folder, packageFolderName(wanted));
  const archives = join(folder, '.downloads');
  mkdirSync(archives, { recursive: true });
  onProgress(0, 0, 'Asking for the packages');
  const located: Located[] = [];
  for (const wanted of packages) located.push(await locate(hub, wanted, download.sources));
  const open = located.filter(({ wanted }) => !isUnpacked(wanted, targetOf(wanted), download.runtimeFolder));
  const total = located.reduce((sum, { bytes }) => sum + bytes, 0);
  const archiveOf = ({ digest }: Located) => join(archives, digest.slice(0, 64));
  const freeBytes = download.freeBytes ?? freeOn;
  refuseFullDisk(
    folder,
    open,
    (one) => partSize(`${archiveOf(one)}.incomplete`, one.bytes),
    freeBytes(folder),
  );
  let done = total - open.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const one of open) {
    const archive = archiveOf(one);
    if (statSync(archive, { throwIfNoEntry: false })?.size !== one.bytes)
      await fetchFile(hub, sourceOf(hub, one), `${archive}.incomplete`, archive, {
        unlessPaused: download.unlessPaused,
        freeBytes,
        onBytes: (bytes) => onProgress(done + bytes, total, one.wanted.name),
      });
    done += one.bytes;
    onProgress(done, total, `Unpacking ${one.wanted.name}`);
    await unpackPackage(hub.signal, one.wanted, archive, targetOf(one.wanted), download);
    await download.unlessPaused();
  }
  rmSync(archives, { recursive: true, force: true });
  // What belonged to an earlier ONNX Runtime is of no more use.
  for (const name of readdirSync(dirname(folder)))
    if (name !== basename(folder)) rmSync(join(dirname(folder), name), { recursive: true, force: true });
  return packages.map(targetOf);
}

/** Whether a package is there, beside the same ONNX Runtime where it has to be. */
function isUnpacked(wanted: CudaPackage, target: string, runtimeFolder: string): boolean {
  const sizeIn = (folder: string) => statSync(join(folder, runtimeFile), { throwIfNoEntry: false })?.size;
  return (
    wanted.files.every((file) => existsSync(join(target, file))) &&
    (!liesBesideRuntime(wanted) || sizeIn(target) === sizeIn(runtimeFolder))
  );
}

const liesBesideRuntime = ({ files }: CudaPackage): boolean => files.includes(providerFiles[0]);

/** Throws `cuda-offline` where a variable such as HF_HUB_OFFLINE forbids the network. */
export function refuseOffline(offlineBy: string | null): void {
  if (offlineBy === null) return;
  throw new AppError(
    'cuda-offline',
    `${offlineBy} is set, so Tunesmith uses no network.`,
    `Start Tunesmith without ${offlineBy}, or install the libraries yourself.`,
  );
}

/** Unpacks beside the place, looks whether everything is there, and only then gives the folder its name. */
async function unpackPackage(
  signal: AbortSignal,
  wanted: CudaPackage,
  archive: string,
  target: string,
  { runtimeFolder, freeBytes }: CudaDownload,
): Promise<void> {
  const part = `${target}.part`;
  rmSync(part, { recursive: true, force: true });
  try {
    const kept = await unpackInto(archive, part, {
      name: wanted.name,
      keeps: wanted.keeps,
      signal,
      freeBytes,
    });
    const missing = wanted.files.filter((file) => !kept.includes(file));
    if (missing.length > 0)
      throw new AppError(
        'archive-damaged',
        `"${wanted.name}" ${wanted.version} holds no ${missing.join(' and no ')}.`,
        'Update Tunesmith, or install the libraries yourself. Nothing of it was kept.',
      );
    if (liesBesideRuntime(wanted))
      copyFileSync(join(runtimeFolder, runtimeFile), join(part, runtimeFile), constants.COPYFILE_FICLONE);
    rmSync(target, { recursive: true, force: true });
    renameSync(part, target);
    rmSync(archive, { force: true });
  } catch (error) {
    rmSync(part, { recursive: true, force: true });
    if (error instanceof AppError && error.code === 'archive-damaged') rmSync(archive, { force: true });
    throw error;
  }
}

async function locate(hub: Hub, wanted: CudaPackage, sources: CudaSources): Promise<Located> {
  if (wanted.source.kind === 'nuget') return locateInNuget(hub, wanted, sources.nuget);
  return {
    wanted,
    address: `${sources.pypi}/${wanted.source.path}`,
    bytes: wanted.bytes,
    digest: wanted.source.sha256,
    algorithm: 'sha256',
    statedBy: 'the one that Tunesmith knows',
  };
}

const Index = z.object({ resources: z.array(z.looseObject({ '@id': z.string(), '@type': z.unknown() })) });
const Registration = z.object({ catalogEntry: z.url(), packageContent: z.url() });
const CatalogEntry = z.object({
  packageHash: z.base64(),
  packageHashAlgorithm: z.literal('SHA512'),
  packageSize: z.int().positive(),
});

/**
 * Index, registration and catalog entry of a package, as https://learn.microsoft.com/nuget/api/overview describes them.
 * The answer to the package's own address is then held against the catalog.
 */
async function locateInNuget(hub: Hub, wanted: CudaPackage, index: string): Promise<Located> {
  const { name, version } = wanted;
  const ask = async <Shape>(shape: z.ZodType<Shape>, address: string, why: string): Promise<Shape> => {
    refuseUnsafe(index, address);
    const host = new URL(address).host;
    const asked = { repository: name, revision: version, why };
    const answer = await fetchJson(hub, address, asked, {
      maxBytes: maxJsonBytes,
      refuse: (reply) => refuseAnswer(reply, host, wanted),
      whenWrong: 'Check TUNESMITH_NUGET_INDEX and the network, or try again later.',
    });
    const read = shape.safeParse(answer);
    if (read.success) return read.data;
    throw wrongAnswer(host, name);
  };
  const { resources } = await ask(Index, index, 'Index of NuGet');
  const base = resources.find((one) => one['@type'] === 'RegistrationsBaseUrl')?.['@id'];
  if (base === undefined || !URL.canParse(base)) throw wrongAnswer(new URL(index).host, name);
  const leaf = `${base.replace(/\/+$/, '')}/${name.toLowerCase()}/${version}.json`;
  const { catalogEntry, packageContent } = await ask(Registration, leaf, `Place of ${name} ${version}`);
  const stated = await ask(CatalogEntry, catalogEntry, `Size and checksum of ${name} ${version}`);
  refuseUnsafe(index, packageContent);
  return {
    wanted,
    address: packageContent,
    bytes: stated.packageSize,
    digest: Buffer.from(stated.packageHash, 'base64').toString('hex'),
    algorithm: 'sha512',
    statedBy: 'the index of NuGet states',
  };
}

/** The checksum of a package is worth what the way is worth on which it came. */
export function refuseUnsafe(index: string, address: string): void {
  if (new URL(address).protocol === 'https:' || new URL(index).protocol === 'http:') return;
  throw new AppError(
    'hub-redirect',
    `${new URL(index).host} names an address that is not safe: ${address.slice(0, 100)}`,
    'Try again later, or use another network.',
  );
}

function sourceOf(hub: Hub, { wanted, address, bytes, digest, algorithm, statedBy }: Located): FileSource {
  const { name, version } = wanted;
  const { host } = new URL(address);
  const asked = { repository: name, revision: version, why: `${name} ${version}` };
  return {
    name,
    bytes,
    digest,
    hash: () => createHash(algorithm),
    host,
    request: (headers) => send(hub, address, asked, { headers }),
    refuse(reply) {
      refuseAnswer(reply, host, wanted);
      refuseWebPage(reply, asked);
    },
    statedDigest: () => null, // these servers state no checksum with the content
    statedBy,
    whenChanged: 'Try again later, or over another network.',
    whenUnwritable: 'Check whose folder it is, or set TUNESMITH_HOME to one that you may write to.',
  };
}

function refuseAnswer(reply: HubReply, host: string, { name, version }: CudaPackage): void {
  const { status } = reply;
  if (status >= 200 && status < 300) return;
  reply.body.destroy();
  reply.close();
  const later = 'Go on later; what arrived is kept.';
  const wait = retryAfter(reply.headers['retry-after']);
  if (status === 429)
    throw new PassingFault(new AppError('hub-busy', `${host} asks to wait (429).`, later), wait);
  if (status >= 500 || status === 408)
    throw new PassingFault(
      new AppError('hub-failing', `${host} has a fault of its own (${status}).`, later),
      wait,
    );
  throw new AppError(
    'cuda-package-missing',
    `${host} does not give "${name}" ${version} (${status}).`,
    'Update Tunesmith, or install the libraries yourself.',
  );
}

function wrongAnswer(host: string, name: string): AppError {
  return new AppError(
    'hub-answer',
    `${host} answers about "${name}" in a form that NuGet does not have.`,
    'Check TUNESMITH_NUGET_INDEX, or try again later.',
  );
}

/** All archives that are still to come, and what the largest of them needs while both are there. */
function refuseFullDisk(
  folder: string,
  open: readonly Located[],
  here: (one: Located) => number,
  free: number,
): void {
  const needed = open.reduce((sum, one) => sum + Math.round(one.bytes * growth) - here(one), 0);
  const beside = Math.max(0, ...open.map(({ bytes }) => bytes));
  const missing = needed + beside + reserveBytes - free;
  if (open.length === 0 || missing <= 0) return;
  throw new AppError(
    'disk-full',
    `The libraries need about ${size(needed + beside)} on the disk of ${dirname(folder)}, and ${size(free)} are free.`,
    `Free ${size(missing)}, or set TUNESMITH_HOME to a folder on another disk.`,
  );
}
