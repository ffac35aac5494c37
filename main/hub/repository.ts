// Names on the Hub: a repository by name or address, a revision, and which of its files a training needs. Refuses
// names that would leave the folder. Knows no network and no disk.
import { AppError } from '../errors.ts';

export interface RepositoryName {
  /** `owner/name`, or a name alone for a few old ones. */
  repository: string;
  /** Branch, tag or commit. */
  revision: string;
}

/** One file as the Hub lists it. */
export interface HubFile {
  path: string;
  bytes: number;
  /** SHA-256 of an LFS file, or the git blob id (SHA-1); both are checked. It is also the blob's name in the cache. */
  etag: string;
}

const namePart = /^(?![.-])(?!.*(?:--|\.\.))[\w.-]{1,96}(?<![.-])$/;
const revisionForm = /^(?![./-])(?!.*(?:\.\.|\/\/))[\w./+-]{1,200}(?<![./])$/;

/**
 * Reads `owner/name`, `owner/name@revision`, or an address such as `https://huggingface.co/owner/name/tree/main`.
 * @throws AppError `repository-name`, `repository-kind`
 */
export function parseRepository(text: string, revision = ''): RepositoryName {
  const given = text.trim();
  let path = given;
  let named = revision.trim();
  if (/^https?:\/\//i.test(given)) {
    if (!URL.canParse(given)) throw wrongName(given);
    path = decoded(new URL(given).pathname).replace(/^\/+|\/+$/g, '');
  } else {
    path = path.replace(/^(hf\.co|huggingface\.co)\//i, '');
  }
  const kind = /^(datasets|spaces|buckets)\//.exec(path)?.[1];
  if (kind !== undefined)
    throw new AppError(
      'repository-kind',
      `"${given}" is in "${kind}", and holds no model.`,
      'Name a model repository, such as HuggingFaceTB/SmolLM2-135M.',
    );
  path = path.replace(/^models\//, '');
  const inAddress = /^([^@]+?)\/(?:tree|resolve|blob|raw)\/(.+)$/.exec(path);
  if (inAddress) {
    path = inAddress[1];
    named ||= inAddress[2].startsWith('refs/')
      ? inAddress[2].split('/').slice(0, 3).join('/')
      : inAddress[2].split('/')[0];
  }
  const at = path.indexOf('@');
  if (at !== -1) {
    named ||= path.slice(at + 1);
    path = path.slice(0, at);
  }
  const parts = path.split('/');
  if (parts.length > 2 || !parts.every((part) => namePart.test(part))) throw wrongName(given);
  if (named !== '' && !revisionForm.test(named))
    throw new AppError(
      'revision-name',
      `"${named}" is not the name of a branch, tag or commit.`,
      'Leave the revision empty for the newest state.',
    );
  return { repository: path, revision: named || 'main' };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function wrongName(given: string): AppError {
  return new AppError(
    'repository-name',
    `"${given}" is not the name or address of a model on the Hub.`,
    'Type owner/name, such as HuggingFaceTB/SmolLM2-135M.',
  );
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const hostile = /[\u0000-\u001f\u007f\\:*?"<>|]/;
const deviceNames = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i;

/** Whether a listed name stays inside its folder on every system. */
export function isSafePath(path: string): boolean {
  if (path === '' || path.startsWith('/') || hostile.test(path)) return false;
  return path.split('/').every(
    (part) =>
      part !== '' &&
      part !== '.' &&
      part !== '..' &&
      !/[ .]$/.test(part) && // Windows drops them, so two names become one
      !deviceNames.test(part) &&
      Buffer.byteLength(part) <= 255,
  );
}

/** @throws AppError `hub-hostile-name` */
export function refuseHostileNames(repository: string, paths: readonly string[]): void {
  const bad = paths.find((path) => !isSafePath(path));
  if (bad === undefined) return;
  throw new AppError(
    'hub-hostile-name',
    `"${repository}" lists a file ${JSON.stringify(bad)}, whose name could leave the model's folder. Nothing was fetched.`,
    'Choose another model; this name is no accident.',
  );
}

/** Small files that a training or an export reads, and the licence. */
const wanted = [
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'vocab.txt',
  'merges.txt',
  'tokenizer.model',
  'spiece.model',
  'chat_template.jinja',
  'chat_template.json',
  'README.md',
] as const;
const licence = /^(LICEN[CS]E|NOTICE|COPYING|USE_POLICY)(\.(txt|md))?$/i;
const shard = /^model-(\d{5})-of-(\d{5})\.safetensors$/;
const pickle = /\.(bin|pt|pth|ckpt|pkl)$/i;

/**
 * The files that are fetched, in the order listed. Weights are one `model.safetensors` or all shards with their index.
 * @throws AppError `weights-pickle`, `weights-missing`, `model-incomplete`, `tokenizer-missing` with the reason
 */
export function neededFiles<File extends { path: string }>(
  repository: string,
  files: readonly File[],
): File[] {
  const has = (path: string) => files.some((file) => file.path === path);
  if (has('adapter_config.json') && !has('config.json'))
    throw new AppError(
      'model-adapter',
      `"${repository}" is an adapter, which is a change to another model.`,
      'Download the model that it was trained on.',
    );
  if (!has('config.json'))
    throw new AppError(
      'model-incomplete',
      `"${repository}" has no config.json, so it is not a model in Hugging Face format.`,
      'Choose another model.',
    );
  const weights = weightFiles(repository, files);
  if (!has('tokenizer.json'))
    throw new AppError(
      'tokenizer-missing',
      `"${repository}" has no tokenizer.json, which says how text becomes tokens.`,
      'Choose a copy of the model that has one.',
    );
  return files.filter(
    (file) =>
      weights.includes(file) || (wanted as readonly string[]).includes(file.path) || licence.test(file.path),
  );
}

function weightFiles<File extends { path: string }>(repository: string, files: readonly File[]): File[] {
  const single = files.find(({ path }) => path === 'model.safetensors');
  if (single) return [single];
  const index = files.find(({ path }) => path === 'model.safetensors.index.json');
  const shards = files.filter(({ path }) => shard.test(path));
  if (index && shards.length > 0) {
    const total = Number(shard.exec(shards[0].path)?.[2]);
    if (shards.length === total) return [index, ...shards];
    throw new AppError(
      'weights-missing',
      `"${repository}" has ${shards.length} of ${total} weight files.`,
      'Choose another revision or another model.',
    );
  }
  const risky = files.find(({ path }) => pickle.test(path) && !path.includes('/'));
  if (risky)
    throw new AppError(
      'weights-pickle',
      `"${repository}" keeps its weights in ${risky.path}, a format that can run code when it is read.`,
      'Choose a copy of the model with .safetensors files.',
    );
  const gguf = files.find(({ path }) => /\.gguf$/i.test(path));
  throw new AppError(
    'weights-missing',
    gguf
      ? `"${repository}" holds GGUF files, which are made to run a model, not to train it.`
      : `"${repository}" has no model.safetensors.`,
    gguf ? 'Download the model that they were made from.' : 'Choose another model.',
  );
}
