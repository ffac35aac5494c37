// Where the Hub is, where its cache lies on this computer, and whether the network may be used: the environment
// variables of huggingface_hub (https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables).
// Opens no connection and no file.
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export interface HubPlaces {
  /** Address of the Hub, without a slash at its end. */
  endpoint: string;
  /** Holds `models--owner--name` folders. */
  cacheFolder: string;
  /** The variable that forbids the network, such as `HF_HUB_OFFLINE`; null when it may be used. */
  offlineBy: string | null;
  /** Proxy variables, as Node's agents read them. */
  proxy: Record<string, string>;
  /** `HF_TOKEN`, for shells without a place to keep one. */
  token: string | null;
}

const defaultEndpoint = 'https://huggingface.co';
const proxyNames = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'];

export function hubPlaces(env: NodeJS.ProcessEnv = process.env, home = homedir()): HubPlaces {
  const offlineBy = ['HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE'].find((name) => isOn(env[name]));
  const proxy = proxyNames.flatMap((name) => (env[name] ? [[name, env[name]]] : []));
  return {
    endpoint: (env.HF_ENDPOINT || defaultEndpoint).replace(/\/+$/, ''),
    cacheFolder: cacheFolderOf(env, home),
    offlineBy: offlineBy ?? null,
    proxy: Object.fromEntries(proxy) as Record<string, string>,
    token: env.HF_TOKEN?.trim() || null,
  };
}

/** The first of HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME/hub, XDG_CACHE_HOME/huggingface/hub and ~/.cache. */
function cacheFolderOf(env: NodeJS.ProcessEnv, home: string): string {
  const given = env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE;
  if (given) return expand(given, home);
  if (env.HF_HOME) return join(expand(env.HF_HOME, home), 'hub');
  const caches = env.XDG_CACHE_HOME ? expand(env.XDG_CACHE_HOME, home) : join(home, '.cache');
  return join(caches, 'huggingface', 'hub');
}

function expand(path: string, home: string): string {
  return resolve(path.replace(/^~(?=$|[\\/])/, home));
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && ['1', 'ON', 'YES', 'TRUE'].includes(value.toUpperCase());
}
