// Which layers of a model can get LoRA matrices, by the names that a recipe uses, and which names of a recipe reach none.
// Knows how PEFT reads names (lora.ts) and no model type.
import type { AdaptableLayer } from '../contract/models.ts';
import type { TensorSpec } from './architecture.ts';
import type { Model } from './load.ts';
import { endsAs, LoraConfig, sitesOf } from './lora.ts';

/**
 * Layers that can get an adapter by the last part of their names, each once: linear ones first, then the others. The output
 * layer of an encoder is not among them: a run makes it for its labels, and trains it whole.
 */
export function adaptableLayers({
  specs,
  architecture: { outputModules, task },
}: Pick<Model, 'specs' | 'architecture'>): AdaptableLayer[] {
  const kinds = new Map<string, AdaptableLayer['kind']>();
  for (const { module, kind } of everySite(specs, outputModules)) {
    const name = module.slice(module.lastIndexOf('.') + 1);
    if (task === 'encoder' && outputModules.includes(module)) continue;
    const own = outputModules.includes(module) ? 'output' : kind === 'embedding' ? 'embedding' : 'linear';
    if (kinds.get(name) !== 'linear') kinds.set(name, own); // of one name, the linear ones are what is meant
  }
  const order = ['linear', 'embedding', 'output'];
  return [...kinds]
    .map(([name, kind]) => ({ name, kind }))
    .sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}

/** The layers in words: `q_proj, v_proj, embed_tokens (embedding)`. */
export function layerWords(layers: readonly AdaptableLayer[]): string {
  return layers.map(({ name, kind }) => (kind === 'linear' ? name : `${name} (${kind})`)).join(', ');
}

/** Names of a configuration that reach no layer, and would do nothing. */
export interface IdleNames {
  /** Of targets and exceptions: no layer that could get an adapter has this name. */
  unknown: string[];
  /** Of targets: layers have this name, but none of them is in `layers_to_transform`. */
  elsewhere: string[];
  /** Of own ranks and alphas: no layer that gets an adapter has this name. */
  patterns: string[];
}

/** Names of `config` that do nothing in this model. */
export function idleNames(
  config: LoraConfig,
  specs: readonly TensorSpec[],
  outputModules: readonly string[],
): IdleNames {
  const listed = (names: LoraConfig['exclude_modules']): string[] => (Array.isArray(names) ? names : []);
  const targets = listed(config.target_modules);
  const modules = everySite(specs, outputModules).map(({ module }) => module);
  const has = (name: string) => modules.some((module) => module === name || module.endsWith(`.${name}`));
  const unknown = [...targets, ...listed(config.exclude_modules)].filter((name) => !has(name));
  const reaches = (changes: Partial<LoraConfig>) => sitesOf({ ...config, ...changes }, specs, outputModules);
  const elsewhere = targets.filter((name) => {
    if (!has(name)) return false;
    const target_modules = [name];
    return (
      reaches({ target_modules }).length === 0 &&
      reaches({ target_modules, layers_to_transform: null }).length > 0
    );
  });
  const adapted = reaches({}).map(({ module }) => module);
  const keys = [...new Set([...Object.keys(config.rank_pattern), ...Object.keys(config.alpha_pattern)])];
  const patterns = keys.filter((key) => !adapted.some((module) => endsAs(key, module)));
  return { unknown: [...new Set(unknown)], elsewhere, patterns };
}

/** Every layer that could get an adapter: a regular expression takes them all. */
function everySite(specs: readonly TensorSpec[], outputModules: readonly string[]) {
  return sitesOf(LoraConfig.parse({ r: 1, lora_alpha: 1, target_modules: '.*' }), specs, outputModules);
}
