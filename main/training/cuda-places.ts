// Where CUDA libraries lie on this computer: the folders of Tunesmith itself, of the loader, of CUDA toolkits, conda
// and pip, in the order in which they are asked. Reads folders and what the loader's cache prints; loads nothing.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { cudaMajor, providerVersion } from './cuda-packages.ts';

/** What a search may look at; tests make up their own. */
export interface CudaSearch {
  platform: NodeJS.Platform;
  arch: string;
  env: NodeJS.ProcessEnv;
  userHome: string;
  /** Goes before every absolute path; empty but in tests. */
  root: string;
  /** Where fetched packages are unpacked, for this version of ONNX Runtime; null = there is no such folder. */
  ownFolder: string | null;
  /** The folder of the library of ONNX Runtime that the binding brings; null = there is none for this system. */
  runtimeFolder: string | null;
  /** What `ldconfig -p` prints. */
  loaderCache(): string;
}

export interface Place {
  folder: string;
  /** What people call it. */
  name: string;
  /** Whether the loader looks there by itself. */
  reached: boolean;
}

/** What the folders of fetched packages are called; each has the name and version of its package. */
export const fetchedPlace = 'fetched by Tunesmith';

/** Where fetched packages of a home folder are kept. */
export const cudaFolder = (home: string): string => join(home, 'cuda');
export const cudaVersionFolder = (home: string): string => join(cudaFolder(home), providerVersion);

/** The search on this computer. `home` is the folder of the app; null where it is not known, as in an engine. */
export function searchHere(home: string | null): CudaSearch {
  return {
    platform: process.platform,
    arch: process.arch,
    env: process.env,
    userHome: homedir(),
    root: '',
    ownFolder: home === null ? null : cudaVersionFolder(home),
    runtimeFolder: runtimeFolder(),
    loaderCache,
  };
}

/** All folders that exist, each once, the most wanted first. */
export function placesOf(search: CudaSearch): Place[] {
  const { env, root, userHome } = search;
  const places: Place[] = [];
  const add = (name: string, reached: boolean, folders: readonly string[]) => {
    for (const folder of folders)
      if (!places.some((place) => place.folder === folder) && existsSync(folder))
        places.push({ folder, name, reached });
  };
  add(fetchedPlace, false, ownFolders(search.ownFolder));
  add('LD_LIBRARY_PATH', true, (env.LD_LIBRARY_PATH ?? '').split(delimiter).filter(Boolean));
  for (const name of ['CUDA_PATH', 'CUDA_HOME', 'CUDNN_PATH'] as const)
    if (env[name]) add(name, false, toolkitFolders(env[name]));
  add('the loader of the system', true, cachedFolders(search.loaderCache(), root));
  add(
    'the folders of the system',
    true,
    systemFolders.map((folder) => root + folder),
  );
  const toolkits = newestFirst(list(`${root}/usr/local`).filter((name) => /^cuda(-[\d.]+)?$/.test(name)));
  add('CUDA toolkit', false, toolkits.map((name) => `${root}/usr/local/${name}`).flatMap(toolkitFolders));
  add('CUDA toolkit', false, toolkitFolders(`${root}/opt/cuda`));
  add('pip', false, wheelFolders([env.VIRTUAL_ENV, env.CONDA_PREFIX, join(userHome, '.local')]));
  add('pip', false, wheelFolders([`${root}/usr/local`, `${root}/usr`]));
  if (env.CONDA_PREFIX) add('conda', false, toolkitFolders(env.CONDA_PREFIX));
  return places;
}

const systemFolders = ['/usr/lib/x86_64-linux-gnu', '/lib/x86_64-linux-gnu', '/usr/lib64', '/lib64'];
/** The driver of Windows, as it is mounted into its Linux. */
export const windowsDriverFolder = '/usr/lib/wsl/lib';

/** Complete packages only: one that is under way has another name. */
function ownFolders(folder: string | null): string[] {
  if (folder === null) return [];
  return list(folder)
    .filter((name) => !name.startsWith('.') && !name.endsWith('.part'))
    .map((name) => join(folder, name));
}

const toolkitFolders = (folder: string): string[] =>
  ['lib64', 'lib', 'targets/x86_64-linux/lib', 'lib/x86_64-linux-gnu'].map((name) => join(folder, name));

/** `nvidia/<part>/lib` in each Python of these prefixes. */
function wheelFolders(prefixes: readonly (string | undefined)[]): string[] {
  const packages = prefixes
    .filter((prefix): prefix is string => prefix !== undefined && prefix !== '')
    .map((prefix) => join(prefix, 'lib'))
    .flatMap((folder) =>
      newestFirst(list(folder).filter((name) => /^python3[\d.]*$/.test(name))).map((name) =>
        join(folder, name),
      ),
    )
    .flatMap((python) => ['site-packages', 'dist-packages'].map((name) => join(python, name, 'nvidia')));
  return packages.flatMap((nvidia) => {
    const installed = list(dirname(nvidia));
    // Both builds of cuDNN have one name; the one for another CUDA would look for libraries that are not there.
    const foreign =
      installed.some((name) => /^nvidia_cudnn_cu\d+-/.test(name)) &&
      !installed.some((name) => name.startsWith(`nvidia_cudnn_cu${cudaMajor}-`));
    return list(nvidia)
      .filter((part) => part !== 'cudnn' || !foreign)
      .map((part) => join(nvidia, part, 'lib'));
  });
}

/** "cuda-13.0" before "cuda-12.4" before "cuda". */
function newestFirst(names: string[]): string[] {
  return names.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
}

/** Folders of NVIDIA's libraries in what `ldconfig -p` prints: `libcudart.so.13 (libc6,x86-64) => /usr/...`. */
function cachedFolders(printed: string, root: string): string[] {
  const lines = printed.matchAll(/^\s*lib(?:cu|nv)\S+ \(libc6,x86-64[^)]*\) => (\/\S.*)$/gm);
  return [...lines].map(([, path]) => root + dirname(path));
}

/** Version of the driver's kernel module, such as "580.82.07"; null where none is loaded. */
export function loadedDriver(root: string): string | null {
  try {
    const text = readFileSync(`${root}/proc/driver/nvidia/version`, 'utf8');
    return /\b(\d{3}\.\d+(?:\.\d+)?)\b/.exec(text)?.[1] ?? null;
  } catch {
    return null;
  }
}

/** The text of /etc/os-release, which names the system; empty where there is none. */
export function systemRelease(root: string): string {
  try {
    return readFileSync(`${root}/etc/os-release`, 'utf8');
  } catch {
    return '';
  }
}

/** Names in a folder; none where it cannot be read. */
export function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // it does not exist, or is nobody's to read
  }
}

function runtimeFolder(): string | null {
  try {
    const entry = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
    const folder = join(dirname(entry), 'bin', 'napi-v6', process.platform, process.arch);
    return existsSync(folder) ? folder : null;
  } catch {
    return null;
  }
}

let cache: { at: number; text: string } | undefined;
const cacheMs = 30_000;

function loaderCache(): string {
  if (cache !== undefined && Date.now() - cache.at < cacheMs) return cache.text;
  let text = '';
  for (const command of ['/sbin/ldconfig', 'ldconfig']) {
    try {
      text = execFileSync(command, ['-p'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        timeout: 5000,
      });
      break;
    } catch {
      // not every system has it there, and some have none
    }
  }
  cache = { at: Date.now(), text };
  return text;
}
