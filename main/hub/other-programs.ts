// Models that LM Studio and Ollama keep on this computer: those in Hugging Face format can be trained in place; the
// others are named with the reason why not. Reads folders and small manifests, never weights.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import { bytesIn } from './cache.ts';

export interface OtherModel {
  program: 'LM Studio' | 'Ollama';
  name: string;
  folder: string;
  bytes: number;
  /** Why it cannot be trained; null when the folder is in Hugging Face format and is worth a check. */
  reason: { code: string; message: string; remedy: string } | null;
}

/** Folders of the two programs, by their own variables and defaults. */
export function otherPlaces(
  env: NodeJS.ProcessEnv = process.env,
  home = homedir(),
  platform = process.platform,
): { lmStudio: string[]; ollama: string[] } {
  const pointer = read(join(home, '.lmstudio-home-pointer'))?.trim();
  const roots = [pointer, join(home, '.lmstudio'), join(home, '.cache', 'lm-studio')]
    .flatMap((root) => (root ? [resolve(root)] : []))
    .filter((root, at, all) => all.indexOf(root) === at);
  const lmStudio = roots.flatMap((root) => [...downloadsFolder(root), join(root, 'models')]);
  const ollama = [
    ...(env.OLLAMA_MODELS ? [resolve(env.OLLAMA_MODELS)] : []),
    join(home, '.ollama', 'models'),
    ...(platform === 'linux' ? [ollamaServiceFolder] : []),
  ];
  return { lmStudio: [...new Set(lmStudio)], ollama: [...new Set(ollama)] };
}

/** Home of the user `ollama`, whom its installer for Linux makes for the service. */
const ollamaServiceFolder = '/usr/share/ollama/.ollama/models';

/** The folder for models that the user chose in LM Studio. */
function downloadsFolder(root: string): string[] {
  const chosen = z
    .looseObject({ downloadsFolder: z.string().min(1) })
    .safeParse(json(join(root, 'settings.json')));
  return chosen.success && isAbsolute(chosen.data.downloadsFolder)
    ? [resolve(chosen.data.downloadsFolder)]
    : [];
}

export function listOtherPrograms(places: ReturnType<typeof otherPlaces>): OtherModel[] {
  return [...places.lmStudio.flatMap(listLmStudio), ...places.ollama.flatMap(listOllama)];
}

/** `models/<publisher>/<repository>/` with the files as they were downloaded. */
function listLmStudio(models: string): OtherModel[] {
  return foldersIn(models).flatMap((publisher) =>
    foldersIn(join(models, publisher)).flatMap((repository): OtherModel[] => {
      const folder = join(models, publisher, repository);
      const files = namesIn(folder);
      const has = (form: RegExp) => files.some((file) => form.test(file));
      const entry = { name: `${publisher}/${repository}`, folder, bytes: bytesIn(folder) };
      const reason = has(/\.gguf$/i)
        ? ggufReason(entry.name)
        : has(/\.safetensors$/) && files.includes('config.json')
          ? mlxReason(entry.name, folder)
          : null;
      if (reason === null && !(has(/\.safetensors$/) && files.includes('config.json'))) return [];
      return [{ program: 'LM Studio', ...entry, reason }];
    }),
  );
}

function ggufReason(name: string): OtherModel['reason'] {
  return {
    code: 'weights-gguf',
    message: `"${name}" is a GGUF file, whose rounded weights are made to run a model, not to train it.`,
    remedy: 'Download the model that it was made from.',
  };
}

/** MLX rounds weights too, and says so in config.json. */
function mlxReason(name: string, folder: string): OtherModel['reason'] {
  const config = z
    .looseObject({ quantization: z.unknown().optional() })
    .safeParse(json(join(folder, 'config.json')));
  if (!config.success || config.data.quantization === undefined) return null;
  return {
    code: 'weights-mlx',
    message: `"${name}" holds weights that MLX rounded to run on Apple chips, not to be trained.`,
    remedy: 'Download the model that it was made from.',
  };
}

const Manifest = z.object({
  layers: z.array(z.object({ mediaType: z.string(), digest: z.string(), size: z.int().min(0) })),
});

/** `manifests/<registry>/<namespace>/<model>/<tag>`, each naming blobs; the one of type `model` is GGUF. */
function listOllama(models: string): OtherModel[] {
  const root = join(models, 'manifests');
  return foldersIn(root).flatMap((registry) =>
    foldersIn(join(root, registry)).flatMap((namespace) =>
      foldersIn(join(root, registry, namespace)).flatMap((model) => {
        const folder = join(root, registry, namespace, model);
        return namesIn(folder).flatMap((tag): OtherModel[] => {
          const manifest = Manifest.safeParse(json(join(folder, tag)));
          if (!manifest.success) return [];
          const layers = manifest.data.layers.filter(({ mediaType }) => mediaType.endsWith('image.model'));
          if (layers.length === 0) return [];
          const name = `${namespace === 'library' ? '' : `${namespace}/`}${model}:${tag}`;
          const bytes = layers.reduce((sum, { size }) => sum + size, 0);
          return [{ program: 'Ollama', name, folder, bytes, reason: ggufReason(name) }];
        });
      }),
    ),
  );
}

function json(file: string): unknown {
  try {
    return JSON.parse(read(file) ?? 'null');
  } catch {
    return null;
  }
}

function read(file: string): string | null {
  return existsSync(file) && statSync(file).size < 4_000_000 ? readFileSync(file, 'utf8') : null;
}

function foldersIn(folder: string): string[] {
  return namesIn(folder).filter(
    (name) => statSync(join(folder, name), { throwIfNoEntry: false })?.isDirectory() ?? false,
  );
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
