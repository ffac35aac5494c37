// Tables that PEFT knows by the modules that read them, as T5's `shared` by the embeddings of encoder and decoder: adapters
// are written with a copy for each reader, and read back where the copies are equal. Knows no model by name.
import { AppError } from '../errors.ts';
import type { TensorSpec } from './architecture.ts';
import { adapterPrefix, endsAs, isNamed, type LoraConfig } from './lora.ts';

interface Table {
  module: string;
  readers: readonly string[];
}

/** Anything that an adapter has by the names of its tensors. */
type Named<Value> = Map<string, Value>;

function tablesOf(specs: readonly TensorSpec[]): Table[] {
  return specs.flatMap(({ name, readers }) =>
    readers === undefined ? [] : [{ module: name.replace(/\.weight$/, ''), readers }],
  );
}

/** Names under which PEFT looks for a tensor of an adapter; its own, unless its module is read by others. */
export function namesForReaders(name: string, specs: readonly TensorSpec[]): string[] {
  const table = tablesOf(specs).find(({ module }) => name.startsWith(`${adapterPrefix}${module}.`));
  if (table === undefined) return [name];
  const rest = name.slice(adapterPrefix.length + table.module.length);
  return table.readers.map((reader) => `${adapterPrefix}${reader}${rest}`);
}

/** The configuration with the readers' names where it names a table. */
export function configForReaders(config: LoraConfig, specs: readonly TensorSpec[]): LoraConfig {
  return tablesOf(specs).reduce(
    (before, { module, readers }) => renamed(before, (name) => name === module, [module], readers),
    config,
  );
}

/** Without what an adapter made by PEFT says of a table that is read by others: it does nothing there. */
export function withoutTables<Value>(
  { config, tensors }: { config: LoraConfig; tensors: Named<Value> },
  specs: readonly TensorSpec[],
): { config: LoraConfig; tensors: Named<Value> } {
  const idle = tablesOf(specs).map(({ module }) => module);
  const isIdle = (name: string) => idle.some((module) => name.startsWith(`${adapterPrefix}${module}.`));
  if (![...tensors.keys()].some(isIdle)) return { config, tensors };
  const { exclude_modules: excluded, modules_to_save: saved } = config;
  const without = typeof excluded === 'string' ? `(?:${excluded})|${idle.join('|')}` : undefined;
  return {
    config: {
      ...config,
      exclude_modules: without ?? [...(excluded ?? []), ...idle],
      modules_to_save: saved?.filter((name) => !idle.includes(name)),
    },
    tensors: new Map([...tensors].filter(([name]) => !isIdle(name))),
  };
}

/** As PEFT wrote it, by the readers' names -> by the names of the tables. Throws where the readers differ. */
export function ofTables<Value extends { data: Float32Array }>(
  { config, tensors }: { config: LoraConfig; tensors: Named<Value> },
  specs: readonly TensorSpec[],
): { config: LoraConfig; tensors: Named<Value> } {
  let result = { config, tensors };
  for (const table of tablesOf(specs)) result = ofTable(result, table);
  return result;
}

function ofTable<Value extends { data: Float32Array }>(
  { config, tensors }: { config: LoraConfig; tensors: Named<Value> },
  { module, readers }: Table,
): { config: LoraConfig; tensors: Named<Value> } {
  const prefixes = readers.map((reader) => `${adapterPrefix}${reader}.`);
  const [first, ...others] = prefixes.map(
    (prefix) => new Map([...tensors].filter(([name]) => name.startsWith(prefix))),
  );
  if (first.size === 0 && others.every(({ size }) => size === 0)) return { config, tensors };
  const restOf = (name: string, reader: number) => name.slice(prefixes[reader].length);
  const isSame = others.every(
    (other, k) =>
      other.size === first.size &&
      [...first].every(([name, { data }]) => {
        const own = other.get(`${prefixes[k + 1]}${restOf(name, 0)}`)?.data;
        return own?.length === data.length && data.every((value, i) => value === own[i]);
      }),
  );
  if (!isSame) {
    throw new AppError(
      'adapter-unsupported',
      `The adapter changes ${readers.join(' and ')} in different ways; Tunesmith has one table, ${module}, for both.`,
      'Choose an adapter that leaves these embeddings as they are.',
    );
  }
  const kept = [...tensors].filter(([name]) => !prefixes.some((prefix) => name.startsWith(prefix)));
  const moved = [...first].map(
    ([name, value]) => [`${adapterPrefix}${module}.${restOf(name, 0)}`, value] as const,
  );
  const isReader = (name: string) => readers.some((reader) => isNamed([name], reader));
  return {
    config: renamed(config, isReader, readers, [module]),
    tensors: new Map([...kept, ...moved]),
  };
}

/** `config` with `to` where a name in a list is one of `from`, and where an expression fits one of them. */
function renamed(
  config: LoraConfig,
  isOne: (name: string) => boolean,
  from: readonly string[],
  to: readonly string[],
): LoraConfig {
  const inList = (names: readonly string[]) => [
    ...new Set(names.flatMap((name) => (isOne(name) ? to : [name]))),
  ];
  const inNames = (names: string | string[]): string | string[] => {
    if (typeof names !== 'string') return inList(names);
    if (names === 'all-linear' || !from.some((module) => isNamed(names, module))) return names;
    return `(?:${names})|${to.map((module) => module.replaceAll('.', '\\.')).join('|')}`;
  };
  const inPattern = (patterns: Readonly<Record<string, number>>): Record<string, number> => {
    const own = Object.entries(patterns).find(([key]) => from.some((module) => endsAs(key, module)));
    if (own === undefined) return patterns;
    return {
      ...Object.fromEntries(to.map((module) => [module.replaceAll('.', '\\.'), own[1]])),
      ...patterns,
    };
  };
  const { target_modules: targets, exclude_modules: excluded, modules_to_save: saved } = config;
  return {
    ...config,
    target_modules: inNames(targets),
    ...(excluded ? { exclude_modules: inNames(excluded) } : {}),
    ...(saved ? { modules_to_save: inList(saved) } : {}),
    rank_pattern: inPattern(config.rank_pattern),
    alpha_pattern: inPattern(config.alpha_pattern),
  };
}
