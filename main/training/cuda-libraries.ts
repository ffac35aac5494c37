// Which libraries of CUDA are here, which are missing or of another version, and the sentence that names what to
// install. Knows neither a connection nor a card: whether the card computes rightly is provider-check's matter.
import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import {
  type CudaPackage,
  cudaMajor,
  cudaPackages,
  type LibraryNeed,
  libraryNeeds,
  minimumDriver,
  providerFiles,
  providerVersion,
  runtimeFile,
} from './cuda-packages.ts';
import {
  type CudaSearch,
  fetchedPlace,
  list,
  loadedDriver,
  type Place,
  placesOf,
  windowsDriverFolder,
} from './cuda-places.ts';
import { neededLibraries } from './elf.ts';

const providerPart = `the CUDA part of ONNX Runtime ${providerVersion}`;

export interface FoundLibrary extends LibraryNeed {
  state: 'found' | 'missing' | 'other-version';
  /** Where it was found, or where another version was. */
  folder: string | null;
  /** What people call that place. */
  place: string;
  /** Of the file that was found: "13.0.96", or "13" where its name tells no more. */
  version: string | null;
  /** Whether the loader finds it without our help. */
  reached: boolean;
}

export interface CudaFound {
  /** Why CUDA is out of the question on this system; null where it is not. */
  unsupported: string | null;
  driver: { version: string | null; enough: boolean } | null;
  libraries: FoundLibrary[];
  /** The driver and everything that is needed is here. */
  complete: boolean;
}

export function findCuda(search: CudaSearch): CudaFound {
  const unsupported = whyUnsupported(search);
  if (unsupported !== null) return { unsupported, driver: null, libraries: [], complete: false };
  const places = placesOf(search);
  const provider = findProvider(search, places);
  const needs = needsOf(provider);
  const libraries = [...provider, ...needs.map((need) => findLibrary(need, places))];
  const driver = findDriver(search, places);
  const complete = driver?.enough === true && libraries.every((one) => !one.needed || one.state === 'found');
  return { unsupported, driver, libraries, complete };
}

/** The published packages that bring what was not found. */
export function missingPackages({ libraries }: CudaFound): CudaPackage[] {
  const missing = libraries.filter(({ state }) => state !== 'found').map(({ file }) => file);
  return cudaPackages.filter(({ files }) => files.some((file) => missing.includes(file)));
}

/** What the loader of a process that computes on CUDA has to know; empty where it can do nothing. */
export function cudaEnvironment(found: CudaFound, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (!found.complete) return {};
  const folders = found.libraries.flatMap(({ state, folder, reached }) =>
    state === 'found' && folder !== null && !reached ? [folder] : [],
  );
  if (folders.length === 0) return {};
  const before = (env.LD_LIBRARY_PATH ?? '').split(delimiter).filter(Boolean);
  return { LD_LIBRARY_PATH: [...new Set([...folders, ...before])].join(delimiter) };
}

function whyUnsupported({ platform, arch, runtimeFolder }: CudaSearch): string | null {
  if (platform === 'win32')
    return 'ONNX Runtime for Windows computes on graphics cards through WebGPU and DirectML; its package for Node has no CUDA.';
  if (platform !== 'linux' || arch !== 'x64' || runtimeFolder === null)
    return 'There is no CUDA build of ONNX Runtime for this system.';
  return null;
}

/** The two files of the provider, in the one folder where both lie beside the library of ONNX Runtime. */
function findProvider(search: CudaSearch, places: readonly Place[]): FoundLibrary[] {
  const own = places.filter(({ folder }) => search.ownFolder !== null && folder.startsWith(search.ownFolder));
  const beside = {
    folder: search.runtimeFolder as string,
    name: 'the package of ONNX Runtime',
    reached: true,
  };
  // An engine knows no folder of ours: its LD_LIBRARY_PATH names it.
  const named = places.filter(({ name }) => name === 'LD_LIBRARY_PATH');
  const home = [beside, ...own, ...named].find(
    ({ folder }) =>
      providerFiles.every((file) => existsSync(join(folder, file))) && sameRuntime(search, folder),
  );
  return providerFiles.map((file) => ({
    file,
    part: providerPart,
    needed: true,
    state: home === undefined ? 'missing' : 'found',
    folder: home?.folder ?? null,
    place: home?.name ?? '',
    version: home === undefined ? null : providerVersion,
    reached: home?.reached ?? false,
  }));
}

/** Whether the library of ONNX Runtime in a folder is the one that the binding brings. */
function sameRuntime({ runtimeFolder }: CudaSearch, folder: string): boolean {
  const [here, original] = [folder, runtimeFolder as string].map((place) =>
    statSync(join(place, runtimeFile), { throwIfNoEntry: false }),
  );
  return here !== undefined && here.size === original?.size;
}

/** What the provider that is here asks for by itself, where it can be read; else the table. */
function needsOf(provider: readonly FoundLibrary[]): readonly LibraryNeed[] {
  const { state, folder, file } = provider[providerFiles.length - 1];
  const listed = state === 'found' && folder !== null ? neededLibraries(join(folder, file)) : null;
  if (listed === null) return libraryNeeds;
  const own = listed.filter((name) => /^lib(?:cu|nv)/.test(name) && !/^libcuda\./.test(name));
  const needed = own.map(
    (name) =>
      libraryNeeds.find((one) => one.file === name) ?? { file: name, part: partOf(name), needed: true },
  );
  const optional = libraryNeeds.filter((one) => !own.includes(one.file) && !hasSibling(one.file, own));
  return [
    ...needed.map((one) => ({ ...one, needed: true })),
    ...optional.map((one) => ({ ...one, needed: false })),
  ];
}

const stemOf = (file: string): string => file.replace(/\.so\b.*$/, '');
const majorOf = (file: string): string => /\.so\.(\d+)/.exec(file)?.[1] ?? '';
const hasSibling = (file: string, files: readonly string[]): boolean =>
  files.some((one) => stemOf(one) === stemOf(file));

function partOf(file: string): string {
  return `${stemOf(file).startsWith('libcudnn') ? 'cuDNN' : 'CUDA'} ${majorOf(file)}`.trim();
}

function findLibrary(need: LibraryNeed, places: readonly Place[]): FoundLibrary {
  for (const { folder, name, reached } of places) {
    const path = join(folder, need.file);
    if (!existsSync(path)) continue;
    const version = name === fetchedPlace ? versionOfPackage(folder) : versionOf(path);
    return { ...need, state: 'found', folder, place: name, version, reached };
  }
  const stem = `${stemOf(need.file)}.so.`;
  for (const { folder, name, reached } of places) {
    const other = list(folder).find((file) => file.startsWith(stem) && majorOf(file) !== majorOf(need.file));
    if (other === undefined) continue;
    const version = versionOf(join(folder, other));
    return { ...need, state: 'other-version', folder, place: name, version, reached };
  }
  return { ...need, state: 'missing', folder: null, place: '', version: null, reached: false };
}

/** "13.0.96" of the folder `nvidia-cuda-runtime-13.0.96`. */
const versionOfPackage = (folder: string): string => folder.slice(folder.lastIndexOf('-') + 1);

/** "13.0.96" of `libcudart.so.13`, a link to `libcudart.so.13.0.96`. */
function versionOf(path: string): string {
  const named = /\.so\.([\d.]+)$/;
  try {
    return named.exec(basename(realpathSync(path)))?.[1] ?? majorOf(path);
  } catch {
    return majorOf(path); // a link to nowhere
  }
}

function findDriver(search: CudaSearch, places: readonly Place[]): CudaFound['driver'] {
  const folders = [...places.map(({ folder }) => folder), search.root + windowsDriverFolder];
  const path = folders.map((folder) => join(folder, 'libcuda.so.1')).find((one) => existsSync(one));
  if (path === undefined) return null;
  const named = versionOf(path);
  const version = /^\d{3}\./.test(named) ? named : loadedDriver(search.root); // Windows' own is libcuda.so.1.1
  const major = version === null ? null : Number.parseInt(version, 10);
  return { version, enough: major === null || major >= minimumDriver };
}

export interface CudaAdvice {
  /** What is missing, with its version. */
  message: string;
  /** What to install, or where to get it. */
  remedy: string;
  /** What a person could install instead of letting Tunesmith get it; empty where there is no such thing. */
  install: string;
}

/** What stands in the way of CUDA; null where nothing does. `system` is the text of /etc/os-release. */
export function cudaAdvice(found: CudaFound, system = ''): CudaAdvice | null {
  const { unsupported, driver, libraries } = found;
  if (unsupported !== null) return { message: unsupported, remedy: 'Use WebGPU.', install: '' };
  const newDriver = `Install driver ${minimumDriver} or newer for the card, or use WebGPU.`;
  if (driver === null)
    return { message: 'No NVIDIA driver was found (libcuda.so.1).', remedy: newDriver, install: '' };
  if (!driver.enough)
    return {
      message: `The NVIDIA driver is ${driver.version}, and CUDA ${cudaMajor} needs ${minimumDriver} or newer.`,
      remedy: newDriver,
      install: '',
    };
  const lacking = libraries.filter(({ needed, state }) => needed && state !== 'found');
  if (lacking.length === 0) return null;
  const parts = [...new Set(lacking.map(({ part }) => part))];
  const described = parts.map((part) => {
    const files = lacking.filter((one) => one.part === part);
    const all = libraries.filter((one) => one.part === part && one.needed);
    return files.length === all.length ? part : `${files.map(({ file }) => file).join(', ')} of ${part}`;
  });
  const other = lacking.find(({ state }) => state === 'other-version');
  const instead =
    other === undefined ? '' : ` (${other.folder} has ${stemOf(other.file)} of version ${other.version})`;
  const verb = lacking.length === 1 || described.every((one) => one === parts[0]) ? 'is' : 'are';
  const install = parts
    .filter((part) => part !== providerPart)
    .map((part) => packageOf(part, system))
    .join(' and ');
  return {
    message: `${described.join(' and ').replace(/^the /, 'The ')} ${verb} missing${instead}.`,
    remedy: remedyFor(install, parts.includes(providerPart)),
    install,
  };
}

/** The provider comes in no package of a system: only Tunesmith gets it, and then all that is missing. */
function remedyFor(install: string, needsProvider: boolean): string {
  const settings = 'under Settings, Devices';
  if (install === '') return `Get it ${settings}.`;
  if (!needsProvider) return `Install ${install}, or get it ${settings}.`;
  return `Get all of it ${settings}, or install ${install} and get the rest there.`;
}

/** "the package cuda-libraries-13-0 of NVIDIA", as the system at hand names it. */
function packageOf(part: string, system: string): string {
  const [name, major] = part.split(' ');
  const family = `${/^ID=.*$/m.exec(system)?.[0] ?? ''} ${/^ID_LIKE=.*$/m.exec(system)?.[0] ?? ''}`;
  if (/arch/.test(family)) return `the package ${name === 'cuDNN' ? 'cudnn' : 'cuda'}`;
  if (/debian|ubuntu|rhel|fedora|suse|centos/.test(family)) {
    const known = name === 'cuDNN' ? `libcudnn${major}-cuda-${cudaMajor}` : `cuda-libraries-${major}-0`;
    return `the package ${known} of NVIDIA`;
  }
  return part;
}
