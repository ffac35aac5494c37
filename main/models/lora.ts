// LoRA adapters in PEFT's format (https://github.com/huggingface/peft, tuners/lora): which modules get one, its scale,
// its first weights, and the files. Field names are those of adapter_config.json.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { createRandom } from '../tokens/random.ts';
import type { TensorSpec } from './architecture.ts';
import { fromFloat32, readHeader, readTensor, type TensorInfo, writeSafetensors } from './safetensors.ts';

export const LoraConfig = z.looseObject({
  peft_type: z.literal('LORA').default('LORA'),
  r: z.int().positive(),
  lora_alpha: z.number().positive(),
  lora_dropout: z.number().min(0).max(0.95).default(0),
  target_modules: z.union([z.string(), z.array(z.string())]),
  use_rslora: z.boolean().default(false),
  use_dora: z.boolean().default(false),
  rank_pattern: z.record(z.string(), z.int().positive()).default({}),
  alpha_pattern: z.record(z.string(), z.number().positive()).default({}),
  layers_to_transform: z.union([z.int(), z.array(z.int())]).nullish(),
  bias: z.enum(['none', 'all', 'lora_only']).default('none'),
  modules_to_save: z.array(z.string()).nullish(),
  fan_in_fan_out: z.boolean().default(false),
  base_model_name_or_path: z.string().nullish(),
  task_type: z.string().nullish(),
});
export type LoraConfig = z.infer<typeof LoraConfig>;

/** One linear layer that gets an adapter. */
export interface LoraSite {
  module: string;
  rank: number;
  /** alpha / rank, or alpha / sqrt(rank) with rsLoRA. */
  scale: number;
  inFeatures: number;
  outFeatures: number;
}

/** Names of the two matrices of a site, as in adapter_model.safetensors: A [rank, in], B [out, rank]. */
export const loraNames = (module: string) => ({
  a: `base_model.model.${module}.lora_A.weight`,
  b: `base_model.model.${module}.lora_B.weight`,
});

/** The sites of a configuration, in the order of the model's tensors. Throws when it names no layer. */
export function loraSites(config: LoraConfig, specs: readonly TensorSpec[], outputModules: readonly string[]): LoraSite[] {
  const sites = specs.flatMap((spec): LoraSite[] => {
    if (spec.kind !== 'linear' && spec.kind !== 'conv1d') return [];
    const module = spec.name.replace(/\.weight$/, '');
    if (!isTarget(config, module, outputModules)) return [];
    const rank = patternValue(config.rank_pattern, module) ?? config.r;
    const alpha = patternValue(config.alpha_pattern, module) ?? config.lora_alpha;
    const [outFeatures, inFeatures] = spec.kind === 'conv1d' ? [spec.shape[1], spec.shape[0]] : spec.shape;
    return [{ module, rank, scale: alpha / (config.use_rslora ? Math.sqrt(rank) : rank), inFeatures, outFeatures }];
  });
  if (sites.length === 0) {
    const names = [...new Set(specs.filter(({ kind }) => kind === 'linear').map(({ name }) => name.split('.').at(-2)))];
    throw new AppError(
      'lora-no-target',
      `No layer of the model is named ${JSON.stringify(config.target_modules)}.`,
      `Choose among: ${names.join(', ')}.`,
    );
  }
  return sites;
}

function isTarget(config: LoraConfig, module: string, outputModules: readonly string[]): boolean {
  const { target_modules: targets, layers_to_transform: layers } = config;
  if (targets === 'all-linear') return !outputModules.includes(module);
  if (typeof targets === 'string') return new RegExp(`^(?:${targets})$`).test(module);
  if (!targets.some((target) => module === target || module.endsWith(`.${target}`))) return false;
  if (layers === undefined || layers === null) return true;
  const layer = /\.(?:layers|h|block|blocks|layer)\.(\d+)\./.exec(`.${module}`)?.[1];
  return layer !== undefined && [layers].flat().includes(Number(layer));
}

/** PEFT: the first pattern that matches the end of the name, at a dot. */
function patternValue(patterns: Readonly<Record<string, number>>, module: string): number | undefined {
  const found = Object.keys(patterns).find((pattern) => new RegExp(`^(?:.*\\.)?(?:${pattern})$`).test(module));
  return found === undefined ? undefined : patterns[found];
}

/** First weights: A uniform in ±1/sqrt(in) (Kaiming with a = sqrt 5), B zero, so that the start is the base model. */
export function initialAdapter(sites: readonly LoraSite[], seed: number): Map<string, Float32Array> {
  const random = createRandom(seed);
  const tensors = new Map<string, Float32Array>();
  for (const { module, rank, inFeatures, outFeatures } of sites) {
    const bound = 1 / Math.sqrt(inFeatures);
    const { a, b } = loraNames(module);
    tensors.set(a, Float32Array.from({ length: rank * inFeatures }, () => (2 * random.next() - 1) * bound));
    tensors.set(b, new Float32Array(outFeatures * rank));
  }
  return tensors;
}

export interface AdapterFiles {
  config: LoraConfig;
  tensors: Map<string, { shape: readonly number[]; data: Float32Array }>;
}

/** Reads an adapter folder. Known aliases of the key names are accepted (field case D03). */
export function readAdapter(folder: string): AdapterFiles {
  let json: unknown;
  let header: Map<string, TensorInfo>;
  try {
    json = JSON.parse(readFileSync(join(folder, 'adapter_config.json'), 'utf8'));
    header = readHeader(join(folder, 'adapter_model.safetensors'));
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError('adapter-incomplete', 'The adapter folder lacks adapter_config.json or adapter_model.safetensors.', 'Choose a complete adapter folder.', { cause });
  }
  const config = LoraConfig.safeParse(json);
  if (!config.success) {
    throw new AppError('adapter-unsupported', `adapter_config.json does not fit: ${z.prettifyError(config.error)}`, 'Choose a LoRA adapter in PEFT format.');
  }
  const tensors = new Map(
    [...header.values()].map((info) => [canonicalName(info.name), { shape: info.shape, data: readTensor(info) }]),
  );
  return { config: config.data, tensors };
}

function canonicalName(name: string): string {
  const full = name.startsWith('base_model.model.') ? name : `base_model.model.${name}`;
  return full.replace(/\.(lora_[AB])\.default\.weight$/, '.$1.weight');
}

/** Tensors of an adapter for the sites of a model; refuses with counts when they do not fit. */
export function adapterFor(files: AdapterFiles, sites: readonly LoraSite[]): Map<string, Float32Array> {
  const expected = sites.flatMap(({ module, rank, inFeatures, outFeatures }) => {
    const { a, b } = loraNames(module);
    return [
      { name: a, shape: [rank, inFeatures] },
      { name: b, shape: [outFeatures, rank] },
    ];
  });
  const fitting = expected.filter(({ name, shape }) => files.tensors.get(name)?.shape.join() === shape.join());
  if (fitting.length !== expected.length || fitting.length !== files.tensors.size) {
    const first =
      expected.find(({ name, shape }) => files.tensors.get(name)?.shape.join() !== shape.join())?.name ??
      [...files.tensors.keys()].find((name) => !expected.some((tensor) => tensor.name === name));
    throw new AppError(
      'adapter-mismatch',
      `${fitting.length} of ${expected.length} tensors of the adapter fit this model; the first that does not: ${first}.`,
      'Choose an adapter that was trained on this model.',
    );
  }
  return new Map(expected.map(({ name }) => [name, (files.tensors.get(name) as { data: Float32Array }).data]));
}

/** Writes adapter_config.json and adapter_model.safetensors, each under a temporary name first. */
export function writeAdapter(
  folder: string,
  config: LoraConfig,
  tensors: ReadonlyMap<string, { shape: readonly number[]; data: Float32Array }>,
): void {
  writeSafetensors(
    join(folder, 'adapter_model.safetensors'),
    [...tensors].map(([name, { shape, data }]) => ({ name, dtype: 'float32', shape, bytes: () => fromFloat32(data, 'float32') })),
  );
  writeFileSync(join(folder, 'adapter_config.json'), `${JSON.stringify(config, null, 2)}\n`);
}
