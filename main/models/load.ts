// Opens a model folder in Hugging Face format and checks it: architecture, files, shapes, dtype. Weights stay on disk;
// what comes back says where each tensor lies. Links (the Hugging Face cache is made of them) are resolved.
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import type { Architecture, ModelShape, Objective, TensorSpec } from './architecture.ts';
import { type NewRow, newRowsIn } from './new-rows.ts';
import type { QuantizedBase } from './quantize.ts';
import { readConfig } from './read-config.ts';
import { readHeader, readMetadata, type TensorInfo } from './safetensors.ts';
import { randomWeights } from './scratch.ts';

export interface Model {
  folder: string;
  name: string;
  /** config.json as it is. */
  rawConfig: Record<string, unknown>;
  /** config.json as the architecture parsed it. */
  config: unknown;
  architecture: Architecture;
  /** What its output layer predicts. */
  objective: Objective;
  /** Modules of an output layer that a run makes for its labels, as an adapter's `modules_to_save` names them. */
  headModules?: readonly string[];
  shape: ModelShape;
  specs: readonly TensorSpec[];
  tensors: ReadonlyMap<string, TensorInfo>;
  /** Tensors as the model's own files have them, where `tensors` are in the types of a device (converted.ts). */
  originals?: ReadonlyMap<string, TensorInfo>;
  /** Linear weights in few bits that graphs read instead of `tensors` (quantize.ts). */
  quantized?: QuantizedBase;
  /** Folder for the session; `locate` gives paths relative to it. */
  weightsFolder: string;
  locate(file: string): string;
  /** Ids that end an answer, from generation_config.json and config.json. */
  eosIds: readonly number[];
  parameters: number;
  bytes: number;
  dtype: string;
  warnings: readonly string[];
  /** Its weights were drawn at random and never trained (scratch.ts). */
  untrained?: boolean;
  /** Tokens whose rows were added and never trained (resize.ts). */
  newRows?: readonly NewRow[];
}

const EosIds = z.union([z.int(), z.array(z.int())]).nullish();
const Index = z.object({ weight_map: z.record(z.string(), z.string()) });

/**
 * Opens a model for the app's jobs: decoders that write text, encoders (which get an output layer for the labels of a
 * dataset, new-head.ts), and encoder-decoders.
 * @throws AppError as `openModel`, and `objective-unsupported`
 */
export function openTrainable(folder: string): Model {
  const model = openModel(folder);
  if (model.architecture.task !== 'causal' || model.objective === 'causal-lm') return model;
  throw new AppError(
    'objective-unsupported',
    `"${model.name}" is a ${model.architecture.label} model with an output layer for another task (${model.objective}).`,
    'Choose a model that writes text, or an encoder such as BERT for labels.',
  );
}

/** Throws an AppError with the reason when the folder cannot be used. */
export function openModel(folder: string): Model {
  const name = basename(folder);
  const rawConfig = readJson(join(folder, 'config.json'), z.record(z.string(), z.unknown()), name);
  const { architecture, config: stated } = readConfig(name, rawConfig);
  const tensors = renamed(architecture, findTensors(folder, name));
  const warnings: string[] = [];
  const config = withRealVocabulary(architecture, stated, tensors, warnings);
  const specs = architecture.tensors(config);
  checkTensors(name, specs, tensors);
  warnings.push(...unreadIn(architecture, specs, tensors));
  const files = [...new Set([...tensors.values()].map(({ file }) => file))];
  const weightsFolder = commonFolder(files);
  const generation = existsSync(join(folder, 'generation_config.json'))
    ? readJson(join(folder, 'generation_config.json'), z.record(z.string(), z.unknown()), name)
    : {};
  const metadata = files.map(readMetadata);
  const used = specs.map((spec) => tensors.get(spec.name) as TensorInfo);
  return {
    folder,
    name,
    rawConfig,
    config,
    architecture,
    objective: architecture.objective?.(config) ?? 'causal-lm',
    shape: architecture.shape(config),
    specs,
    tensors,
    weightsFolder,
    locate: (file) => relative(weightsFolder, file).split(sep).join('/'),
    eosIds: [...new Set([...eosIds(generation), ...eosIds(rawConfig)])],
    parameters: specs.reduce((sum, spec) => sum + spec.shape.reduce((size, dim) => size * dim, 1), 0),
    bytes: files.reduce((sum, file) => sum + statSync(file).size, 0),
    dtype: [...new Set(used.map(({ dtype }) => dtype))].join(' and '),
    warnings,
    untrained: metadata.every(({ weights }) => weights === randomWeights.weights),
    newRows: metadata.flatMap(newRowsIn),
  };
}

function eosIds(config: Record<string, unknown>): number[] {
  const ids = EosIds.safeParse(config.eos_token_id).data;
  return ids === undefined || ids === null ? [] : [ids].flat();
}

/** Tensors under the names that the architecture gives them. */
function renamed(architecture: Architecture, tensors: Map<string, TensorInfo>): Map<string, TensorInfo> {
  const { rename } = architecture;
  return rename === undefined
    ? tensors
    : new Map([...tensors].map(([name, info]) => [rename(name), { ...info, name: rename(name) }]));
}

/** Tensors of a single file or of all shards. */
function findTensors(folder: string, name: string): Map<string, TensorInfo> {
  const single = join(folder, 'model.safetensors');
  if (existsSync(single)) return readHeader(realpathSync(single));
  const indexFile = join(folder, 'model.safetensors.index.json');
  if (!existsSync(indexFile)) {
    const pickle = readdirSync(folder).find((file) => /\.(bin|pt|pth|ckpt)$/.test(file));
    if (pickle !== undefined) {
      throw new AppError(
        'weights-pickle',
        `"${name}" keeps its weights in ${pickle}, a format that can run code when it is read.`,
        'Choose a copy of the model with .safetensors files.',
      );
    }
    throw new AppError(
      'weights-missing',
      `"${name}" has no model.safetensors.`,
      'Copy or download the model again.',
    );
  }
  const { weight_map: map } = readJson(indexFile, Index, name);
  const tensors = new Map<string, TensorInfo>();
  for (const shard of new Set(Object.values(map))) {
    const file = join(folder, shard);
    if (basename(shard) !== shard || !existsSync(file)) {
      throw new AppError(
        'weights-missing',
        `"${name}" lacks the file ${shard}.`,
        'Copy or download the model again.',
      );
    }
    for (const [tensor, info] of readHeader(realpathSync(file)))
      if ((map[tensor] ?? shard) === shard) tensors.set(tensor, info); // a table that grew is in two files
  }
  return tensors;
}

/** Rows of the embedding decide the vocabulary, whatever config.json says; the difference is told. */
function withRealVocabulary(
  architecture: Architecture,
  config: Record<string, unknown>,
  tensors: ReadonlyMap<string, TensorInfo>,
  warnings: string[],
): unknown {
  const embedding = architecture.tensors(config).find(({ kind }) => kind === 'embedding');
  const rows = embedding && tensors.get(embedding.name)?.shape[0];
  if (rows === undefined || rows === config.vocab_size) return config;
  warnings.push(
    `config.json says ${config.vocab_size} tokens, but the embedding has ${rows} rows; the rows count.`,
  );
  return { ...config, vocab_size: rows };
}

/**
 * Weights in the layers of a decoder that config.json says nothing of: transformers passes over them, and so do we. Tables
 * of rotations and masks, which older versions saved, are none.
 */
function unreadIn(
  { task }: Architecture,
  specs: readonly TensorSpec[],
  tensors: ReadonlyMap<string, TensorInfo>,
): string[] {
  const known = new Set(specs.map(({ name }) => name));
  const unread = [...tensors.keys()].filter(
    (name) =>
      !known.has(name) && /\.\d+\..*\.(weight|bias)$/.test(name) && !/\.attn\.(masked_)?bias$/.test(name),
  );
  if (task !== 'causal' || unread.length === 0) return [];
  return [
    `${unread.length} tensors are not read, since config.json says nothing of them; the first is "${unread[0]}".`,
  ];
}

function checkTensors(
  name: string,
  specs: readonly TensorSpec[],
  tensors: ReadonlyMap<string, TensorInfo>,
): void {
  const missing = specs.filter((spec) => !tensors.has(spec.name));
  if (missing.length > 0) {
    throw new AppError(
      'weights-missing',
      `"${name}" lacks ${missing.length} of ${specs.length} tensors; the first is "${missing[0].name}".`,
      'Copy or download the model again.',
    );
  }
  for (const spec of specs) {
    const found = tensors.get(spec.name) as TensorInfo;
    if (found.shape.join() === spec.shape.join()) continue;
    throw new AppError(
      'weights-shape',
      `"${spec.name}" of "${name}" is [${found.shape.join(', ')}], but config.json says [${spec.shape.join(', ')}].`,
      'The files belong to different models: copy or download the model again.',
    );
  }
}

export function commonFolder(files: readonly string[]): string {
  let folder = dirname(files[0]);
  while (!files.every((file) => file.startsWith(folder.endsWith(sep) ? folder : folder + sep)))
    folder = dirname(folder);
  return folder;
}

function readJson<T>(file: string, schema: z.ZodType<T>, name: string): T {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    const missing = !existsSync(file);
    throw new AppError(
      missing ? 'model-incomplete' : 'config-damaged',
      missing
        ? `"${name}" has no ${basename(file)}, so it is not a model folder.`
        : `${basename(file)} of "${name}" is not JSON.`,
      'Choose a folder in Hugging Face format: config.json, model.safetensors, tokenizer.json.',
      { cause },
    );
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success)
    throw new AppError(
      'config-damaged',
      `${basename(file)} of "${name}" has another form than expected.`,
      'Copy or download the model again.',
    );
  return parsed.data;
}
