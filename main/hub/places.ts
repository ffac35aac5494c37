// Where the Hub is, where its caches lie on this computer, and whether the network may be used: the environment
// variables of huggingface_hub (https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables).
// Opens no connection, and no file but that of the token.
import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export interface HubPlaces {
  /** Address of the Hub, without a slash at its end. */
  endpoint: string;
  /** Holds `models--owner--name` folders; downloads go there. */
  cacheFolder: string;
  /** All places that hold such folders, `cacheFolder` first: those that variables name, and the usual one. */
  cacheFolders: string[];
  /** The variable that forbids the network, such as `HF_HUB_OFFLINE`; null when it may be used. */
  offlineBy: string | null;
  /** Proxy variables, as Node's agents read them. */
  proxy: Record<string, string>;
  /** For shells without a place to keep one. Never logged, and sent to the endpoint alone. */
  token: string | null;
  /** Where it comes from: a variable, or the file that `hf auth login` writes. */
  tokenFrom: 'HF_TOKEN' | 'file' | null;
}

/** How a person gives a token where there is no Settings screen. */
export const tokenHint = 'in Settings, in the variable HF_TOKEN, or with "hf auth login"';

const defaultEndpoint = 'https://huggingface.co';
const proxyNames = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'];

export function hubPlaces(env: NodeJS.ProcessEnv = process.env, home = homedir()): HubPlaces {
  const offlineBy = ['HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE'].find((name) => isOn(env[name]));
  const cacheFolders = cacheFoldersOf(env, home);
  const proxy = proxyNames.flatMap((name) => (env[name] ? [[name, env[name]]] : []));
  return {
    endpoint: (env.HF_ENDPOINT || defaultEndpoint).replace(/\/+$/, ''),
    cacheFolder: cacheFolders[0],
    cacheFolders,
    offlineBy: offlineBy ?? null,
    proxy: Object.fromEntries(proxy) as Record<string, string>,
    ...tokenOf(env, home),
  };
}

/** HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME/hub, XDG_CACHE_HOME/huggingface/hub, as far as they are set, and ~/.cache. */
function cacheFoldersOf(env: NodeJS.ProcessEnv, home: string): string[] {
  const given = [env.HF_HUB_CACHE, env.HUGGINGFACE_HUB_CACHE].flatMap((one) =>
    one ? [expand(one, home)] : [],
  );
  return [...new Set([...given, ...dataFoldersOf(env, home).map((folder) => join(folder, 'hub'))])];
}

/** Where huggingface_hub keeps its cache and its token, the nearest first. */
function dataFoldersOf(env: NodeJS.ProcessEnv, home: string): string[] {
  return [
    ...(env.HF_HOME ? [expand(env.HF_HOME, home)] : []),
    ...(env.XDG_CACHE_HOME ? [join(expand(env.XDG_CACHE_HOME, home), 'huggingface')] : []),
    join(home, '.cache', 'huggingface'),
  ];
}

const maxTokenBytes = 4096;

/** HF_TOKEN, or the file of HF_TOKEN_PATH, usually `token` in HF_HOME; none where HF_HUB_DISABLE_IMPLICIT_TOKEN is on. */
function tokenOf(env: NodeJS.ProcessEnv, home: string): Pick<HubPlaces, 'token' | 'tokenFrom'> {
  if (isOn(env.HF_HUB_DISABLE_IMPLICIT_TOKEN)) return { token: null, tokenFrom: null };
  const variable = env.HF_TOKEN?.trim() || env.HUGGING_FACE_HUB_TOKEN?.trim();
  if (variable) return { token: variable, tokenFrom: 'HF_TOKEN' };
  const file = env.HF_TOKEN_PATH
    ? expand(env.HF_TOKEN_PATH, home)
    : join(dataFoldersOf(env, home)[0], 'token');
  const token = readToken(file);
  return { token, tokenFrom: token === null ? null : 'file' };
}

function readToken(file: string): string | null {
  try {
    const found = statSync(file);
    if (!found.isFile() || found.size > maxTokenBytes) return null;
    const token = readFileSync(file, 'utf8').trim();
    return /^[\x21-\x7e]+$/.test(token) ? token : null; // nothing else fits into a header
  } catch {
    return null; // most people have none
  }
}

function expand(path: string, home: string): string {
  return resolve(path.replace(/^~(?=$|[\\/])/, home));
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && ['1', 'ON', 'YES', 'TRUE'].includes(value.toUpperCase());
}
