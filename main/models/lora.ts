// LoRA adapters as PEFT makes them (https://github.com/huggingface/peft, tuners/lora): which modules get one, its scale
// and its first weights. Field names are those of adapter_config.json. Knows no files (adapter-files.ts).
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { createRandom } from '../tokens/random.ts';
import type { TensorSpec } from './architecture.ts';

export const LoraConfig = z.looseObject({
  peft_type: z.literal('LORA').default('LORA'),
  r: z.int().positive(),
  lora_alpha: z.number().positive(),
  lora_dropout: z.number().min(0).lt(1).default(0),
  target_modules: z.union([z.string(), z.array(z.string())]),
  exclude_modules: z.union([z.string(), z.array(z.string())]).nullish(),
  use_rslora: z.boolean().default(false),
  use_dora: z.boolean().default(false),
  rank_pattern: z.record(z.string(), z.int().positive()).default({}),
  alpha_pattern: z.record(z.string(), z.number().positive()).default({}),
  layers_to_transform: z.union([z.int(), z.array(z.int())]).nullish(),
  layers_pattern: z.union([z.string(), z.array(z.string())]).nullish(),
  bias: z.enum(['none', 'all', 'lora_only']).default('none'),
  modules_to_save: z.array(z.string()).nullish(),
  fan_in_fan_out: z.boolean().default(false),
  base_model_name_or_path: z.string().nullish(),
  task_type: z.string().nullish(),
});
export type LoraConfig = z.infer<typeof LoraConfig>;

/** One layer that gets an adapter. */
export interface LoraSite {
  module: string;
  kind: 'linear' | 'conv1d' | 'embedding';
  /** Tensor of the base that it multiplies with; of a tied output layer, the embedding. */
  tensor: string;
  rank: number;
  /** alpha / rank, or alpha / sqrt(rank) with rsLoRA. */
  scale: number;
  /** For an embedding, the vocabulary. */
  inFeatures: number;
  outFeatures: number;
  dora: boolean;
}

/** A tensor of adapter_model.safetensors. */
export interface AdapterTensor {
  name: string;
  shape: readonly number[];
  role: 'a' | 'b' | 'magnitude' | 'bias' | 'saved';
  /** Tensor of the base that gives the first value of a bias or a saved module. */
  source?: string;
}

/** What PEFT puts before the name of a module. */
export const adapterPrefix = 'base_model.model.';
const prefix = adapterPrefix;

/**
 * Names of the matrices of a site, as in adapter_model.safetensors: A [rank, in], B [out, rank], magnitudes
 * [out].
 */
export function loraNames(module: string, kind: LoraSite['kind'] = 'linear') {
  const names =
    kind === 'embedding' ? ['lora_embedding_A', 'lora_embedding_B'] : ['lora_A.weight', 'lora_B.weight'];
  const [a, b, magnitude] = [...names, 'lora_magnitude_vector'].map((name) => `${prefix}${module}.${name}`);
  return { a, b, magnitude };
}

/**
 * The tensor of the base model that a tensor of an adapter replaces (a bias, a saved module); undefined for
 * LoRA's own.
 */
export function replacedTensor(name: string): string | undefined {
  if (!name.startsWith(prefix) || /\.lora_[^.]+(\.weight)?$/.test(name)) return undefined;
  return name.slice(prefix.length).replace(/\.base_layer\.([^.]+)$/, '.$1');
}

/** The sites of a configuration, in the order of the model's tensors; none when it names no layer. */
export function sitesOf(
  config: LoraConfig,
  specs: readonly TensorSpec[],
  outputModules: readonly string[],
): LoraSite[] {
  return withTiedOutput(specs, outputModules).flatMap(({ name, shape, kind, source }): LoraSite[] => {
    if (kind !== 'linear' && kind !== 'conv1d' && kind !== 'embedding') return [];
    const module = name.replace(/\.weight$/, '');
    if (kind === 'embedding' && config.target_modules === 'all-linear') return [];
    if (!isTarget(config, module, outputModules)) return [];
    const rank = patternValue(config.rank_pattern, module) ?? config.r;
    const alpha = patternValue(config.alpha_pattern, module) ?? config.lora_alpha;
    const [outFeatures, inFeatures] = kind === 'linear' ? shape : [shape[1], shape[0]];
    const scale = alpha / (config.use_rslora ? Math.sqrt(rank) : rank);
    return [{ module, kind, tensor: source, rank, scale, inFeatures, outFeatures, dora: config.use_dora }];
  });
}

/** As `sitesOf`; throws when the configuration names no layer. */
export function loraSites(...[config, specs, outputModules]: Parameters<typeof sitesOf>): LoraSite[] {
  const sites = sitesOf(config, specs, outputModules);
  if (config.ensure_weight_tying === true) refuseTied(config, sites, specs, outputModules);
  if (sites.length > 0) return sites;
  const linear = specs.filter(({ kind }) => kind === 'linear' || kind === 'conv1d');
  throw new AppError(
    'lora-no-target',
    `No layer of the model is named ${JSON.stringify(config.target_modules)}.`,
    `Choose among: ${[...new Set(linear.map(({ name }) => name.split('.').at(-2)))].join(', ')}.`,
  );
}

/** PEFT then gives embedding and output layer one adapter, or saves them as one; here the two are apart. */
function refuseTied(
  config: LoraConfig,
  sites: readonly LoraSite[],
  specs: readonly TensorSpec[],
  outputModules: readonly string[],
): void {
  const all = withTiedOutput(specs, outputModules);
  const tied = all
    .filter(({ name, source }) => name !== source)
    .flatMap(({ name, source }) => [name, source]);
  const changed = tied.find(
    (name) => isSaved(config, name) || sites.some(({ module }) => name === `${module}.weight`),
  );
  if (changed === undefined) return;
  throw new AppError(
    'adapter-unsupported',
    `adapter_config.json says ensure_weight_tying: true, and the adapter changes ${changed}, which the model has once for embedding and output layer; Tunesmith adapts the two apart.`,
    'Choose an adapter without ensure_weight_tying, or one that leaves the embedding as it is.',
  );
}

/**
 * Tensors with where their first values lie; a tied output layer, which has no tensor, counts as one of its
 * own.
 */
function withTiedOutput(
  specs: readonly TensorSpec[],
  outputModules: readonly string[],
): (TensorSpec & { source: string })[] {
  const embedding = specs.find(({ kind }) => kind === 'embedding');
  const own = outputModules.some((module) => specs.some(({ name }) => name === `${module}.weight`));
  const all = specs.map((spec) => ({ ...spec, source: spec.name }));
  if (own || embedding === undefined || outputModules.length === 0) return all;
  const name = `${outputModules[0]}.weight`;
  return [...all, { name, shape: embedding.shape, kind: 'linear', source: embedding.name }];
}

/** Tensors of the sites: A and B of each, and magnitudes with DoRA. */
export function siteTensors(sites: readonly LoraSite[]): AdapterTensor[] {
  return sites.flatMap(({ module, kind, rank, inFeatures, outFeatures, dora }): AdapterTensor[] => {
    const { a, b, magnitude } = loraNames(module, kind);
    return [
      { name: a, shape: [rank, inFeatures], role: 'a' },
      { name: b, shape: [outFeatures, rank], role: 'b' },
      ...(dora ? [{ name: magnitude, shape: [outFeatures], role: 'magnitude' } as const] : []),
    ];
  });
}

/** What an adapter trains besides its sites: biases, and whole modules that are saved with it. */
export function savedTensors(
  config: LoraConfig,
  sites: readonly LoraSite[],
  specs: readonly TensorSpec[],
  outputModules: readonly string[],
): AdapterTensor[] {
  const adapted = new Set(sites.map(({ module }) => module));
  return withTiedOutput(specs, outputModules).flatMap(({ name, shape, kind, source }): AdapterTensor[] => {
    if (isSaved(config, name)) return [{ name: `${prefix}${name}`, shape, role: 'saved', source }];
    if (kind !== 'bias' || config.bias === 'none') return [];
    const module = name.replace(/\.bias$/, '');
    const has = adapted.has(module);
    if (!has && config.bias === 'lora_only') return [];
    return [{ name: `${prefix}${module}${has ? '.base_layer' : ''}.bias`, shape, role: 'bias', source }];
  });
}

/** Adapters by module, of the values in a graph. */
export function siteAdapters<Value>(
  sites: readonly LoraSite[],
  parameters: ReadonlyMap<string, Value>,
): Map<string, { a: Value; b: Value; scale: number; magnitude?: Value }> {
  return new Map(
    sites.map(({ module, kind, scale }) => {
      const names = loraNames(module, kind);
      const [a, b] = [parameters.get(names.a) as Value, parameters.get(names.b) as Value];
      return [module, { a, b, scale, magnitude: parameters.get(names.magnitude) }];
    }),
  );
}

/**
 * PEFT: a name in the list, or the end of one at a dot; a string is a regular expression for the whole name.
 */
export function isNamed(names: string | readonly string[], module: string): boolean {
  if (typeof names === 'string') return pattern('^', names, '$').test(module);
  return names.some((name) => module === name || module.endsWith(`.${name}`));
}

/** PEFT: a module is saved whose name ends like one in the list (`classifier` is the end of `pre_classifier` too). */
function isSaved(config: LoraConfig, name: string): boolean {
  const modules = [...name.matchAll(/\./g)].map(({ index }) => name.slice(0, index));
  return (config.modules_to_save ?? []).some((saved) => modules.some((module) => module.endsWith(saved)));
}

function isTarget(config: LoraConfig, module: string, outputModules: readonly string[]): boolean {
  const { target_modules: targets, exclude_modules: excluded, layers_to_transform: layers } = config;
  if (isSaved(config, `${module}.`) || (excluded && isNamed(excluded, module))) return false;
  if (targets === 'all-linear') return !outputModules.includes(module);
  if (!isNamed(targets, module)) return false;
  if (typeof targets === 'string' || targets.includes(module) || layers === undefined || layers === null)
    return true;
  const wanted = [layers].flat();
  const groups = [config.layers_pattern || []].flat();
  const found = groups.length === 0 ? /^.*?\.[^.]*\.(\d+)\./.exec(module) : firstMatch(groups, module);
  return wanted.length === 0 || (found !== null && wanted.includes(Number(found[1])));
}

function firstMatch(groups: readonly string[], module: string): RegExpExecArray | null {
  for (const group of groups) {
    const found = pattern('(?:^|^.*?\\.)', group, '\\.(\\d+)\\.').exec(module);
    if (found !== null) return found;
  }
  return null;
}

/** PEFT: the first pattern that matches the end of the name, at a dot. */
function patternValue(patterns: Readonly<Record<string, number>>, module: string): number | undefined {
  const found = Object.keys(patterns).find((key) => endsAs(key, module));
  return found === undefined ? undefined : patterns[found];
}

/** Whether the end of the name, at a dot, is as a regular expression says. */
export const endsAs = (key: string, module: string): boolean => pattern('^(?:.*\\.)?', key, '$').test(module);

/** What Python writes otherwise: names of groups, and the ends of a text. */
const ofPython: Readonly<Record<string, string>> = { '(?P<': '(?<', '\\A': '^', '\\Z': '$' };

/** `source`, an expression of Python's, as part of one for a whole name. */
function pattern(before: string, source: string, after: string): RegExp {
  const translated = source
    .replace(/\\.|\(\?P</g, (found) => ofPython[found] ?? found)
    .replace(/\(\?P=(\w+)\)/g, '\\k<$1>')
    .replace(/^\(\?([ims]+)\)(.*)$/s, '(?$1:$2)');
  try {
    return new RegExp(`${before}(?:${translated})${after}`);
  } catch (cause) {
    throw new AppError(
      'lora-pattern',
      `"${source}" is not a regular expression.`,
      'Correct the names of the layers.',
      { cause },
    );
  }
}

/**
 * First values of all tensors. Linear: A uniform in ±1/sqrt(in) (Kaiming with a = sqrt 5), B zero;
 * embeddings: A zero, B normal; so that the start is the base model. Magnitudes are the norms of the base's
 * rows. `base` reads a tensor of the base.
 */
export function initialAdapter(
  sites: readonly LoraSite[],
  saved: readonly AdapterTensor[],
  seed: number,
  base: (tensor: string) => Float32Array,
): Map<string, Float32Array> {
  const random = createRandom(seed);
  const tensors = new Map<string, Float32Array>();
  for (const site of sites) {
    const { module, kind, rank, inFeatures, outFeatures } = site;
    const { a, b, magnitude } = loraNames(module, kind);
    const bound = 1 / Math.sqrt(inFeatures);
    const uniform = (size: number) =>
      Float32Array.from({ length: size }, () => (2 * random.next() - 1) * bound);
    const normal = (size: number) => Float32Array.from({ length: size }, () => random.normal());
    const embedding = kind === 'embedding';
    tensors.set(a, embedding ? new Float32Array(rank * inFeatures) : uniform(rank * inFeatures));
    tensors.set(b, embedding ? normal(outFeatures * rank) : new Float32Array(outFeatures * rank));
    if (site.dora) tensors.set(magnitude, rowNorms(base(site.tensor), site));
  }
  for (const { name, source } of saved) if (source !== undefined) tensors.set(name, base(source));
  return tensors;
}

/** Norm of what each output of a layer is made with. */
function rowNorms(weight: Float32Array, { kind, inFeatures, outFeatures }: LoraSite): Float32Array {
  const [step, row] = kind === 'linear' ? [1, inFeatures] : [outFeatures, 1];
  return Float32Array.from({ length: outFeatures }, (_, out) => {
    let sum = 0;
    for (let i = 0; i < inFeatures; i++) sum += weight[out * row + i * step] ** 2;
    return Math.sqrt(sum);
  });
}
