// Adapter folders in PEFT's format: adapter_config.json and adapter_model.safetensors, read from whatever version of PEFT
// wrote them, and written as it reads them. What changes the numbers and is not computed here is refused by name.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import type { TensorSpec } from './architecture.ts';
import {
  type AdapterTensor,
  LoraConfig,
  type LoraSite,
  adapterPrefix as prefix,
  siteTensors,
} from './lora.ts';
import { fromFloat32, readHeader, readTensor, type TensorInfo, writeSafetensors } from './safetensors.ts';
import { ofTables, withoutTables } from './table-readers.ts';

export interface AdapterFiles {
  config: LoraConfig;
  tensors: Map<string, { shape: readonly number[]; data: Float32Array }>;
}

/**
 * Reads an adapter folder, for a model with these tensors where they are given. Known aliases of the key names are accepted
 * (field case D03).
 * @throws AppError when a file is missing, or when the configuration has what Tunesmith does not compute
 */
export function readAdapter(folder: string, specs: readonly TensorSpec[] = []): AdapterFiles {
  let json: unknown;
  let header: Map<string, TensorInfo>;
  try {
    json = JSON.parse(readFileSync(join(folder, 'adapter_config.json'), 'utf8'));
    header = readHeader(join(folder, 'adapter_model.safetensors'));
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError(
      'adapter-incomplete',
      'The adapter folder lacks adapter_config.json or adapter_model.safetensors.',
      'Choose a complete adapter folder.',
      { cause },
    );
  }
  const stated = z.record(z.string(), z.unknown()).safeParse(json).data ?? {};
  refuseUnsupported(stated);
  const config = LoraConfig.safeParse(withoutNulls(stated));
  if (!config.success) {
    throw new AppError(
      'adapter-unsupported',
      `adapter_config.json does not fit: ${z.prettifyError(config.error)}`,
      'Choose a LoRA adapter in PEFT format.',
    );
  }
  const tensors: AdapterFiles['tensors'] = new Map();
  for (const info of header.values()) {
    if (info.name.includes('.original_module.')) continue; // the base's own, which no forward pass reads
    tensors.set(canonicalName(info.name), { shape: info.shape, data: readTensor(info) });
  }
  const read = { config: withSavedTables(config.data, tensors), tensors };
  return ofTables(isOfPeft(stated) ? withoutTables(read, specs) : read, specs);
}

/** Whether PEFT wrote the file: what a run of ours writes has none of these. */
const isOfPeft = (stated: object): boolean => 'auto_mapping' in stated || 'peft_version' in stated;

/** Other programs write null for what is not set. */
function withoutNulls(stated: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(stated).filter(([, value]) => value !== null));
}

/** What other versions and programs call the same tensor. */
function canonicalName(name: string): string {
  const full = name.startsWith(prefix) ? name : `${prefix}${name}`;
  return full
    .replace('.modules_to_save.default.', '.')
    .replace('.modules_to_save.', '.')
    .replace(/\.(lora_[AB])\.default\.weight$/, '.$1.weight')
    .replace(/\.(lora_embedding_[AB])\.default$/, '.$1')
    .replace(/\.lora_magnitude_vector(\.default)?(\.weight)?$/, '.lora_magnitude_vector');
}

/**
 * PEFT saves embedding and output layer of a model whose vocabulary has grown, without naming them among
 * `modules_to_save`: they take the place of the base's.
 */
function withSavedTables(config: LoraConfig, tensors: AdapterFiles['tensors']): LoraConfig {
  const named = config.modules_to_save ?? [];
  const tables = [...tensors.keys()].flatMap((name) => {
    const [, module] = /^base_model\.model\.(.+)\.weight$/.exec(name) ?? [];
    if (module === undefined || /\.(lora_[AB]|base_layer)$/.test(module)) return [];
    const parts = module.split('.');
    const covered = parts.some((_, i) =>
      named.some((saved) =>
        parts
          .slice(0, i + 1)
          .join('.')
          .endsWith(saved),
      ),
    );
    return covered ? [] : [module];
  });
  return tables.length === 0 ? config : { ...config, modules_to_save: [...named, ...tables] };
}

/** Settings that change what an adapter computes, and that are not computed here. */
const unsupported = [
  'lora_bias',
  'target_parameters',
  'trainable_token_indices',
  'layer_replication',
  'alora_invocation_tokens',
  'use_qalora',
  'use_bdlora',
  'arrow_config',
  'kasa_config',
  'monteclora_config',
  'megatron_config',
] as const;

/** First values for which PEFT takes a part of the base's weights away, also when it loads the adapter again. */
const changesBase = /^(pissa|olora|corda|loftq|lora_ga)/i;

function refuseUnsupported(stated: Readonly<Record<string, unknown>>): void {
  const { peft_type: kind = 'LORA', init_lora_weights: first } = stated;
  if (kind !== 'LORA') {
    throw new AppError(
      'adapter-unsupported',
      `The adapter is of the kind ${JSON.stringify(kind)} (peft_type in adapter_config.json); Tunesmith computes LoRA and DoRA.`,
      'Choose a LoRA or DoRA adapter in PEFT format.',
    );
  }
  if (typeof first === 'string' && changesBase.test(first)) {
    throw new AppError(
      'adapter-unsupported',
      `adapter_config.json says init_lora_weights: ${JSON.stringify(first)}: the adapter belongs to weights that PEFT changes first, not to those of the model.`,
      'Save it in PEFT with path_initial_model_for_weight_conversion, which makes an ordinary LoRA adapter of it.',
    );
  }
  const used = unsupported.filter((key) => isSet(stated[key]));
  if (used.length === 0) return;
  const values = used.map((key) => `${key}: ${JSON.stringify(stated[key]).slice(0, 80)}`);
  throw new AppError(
    'adapter-unsupported',
    `adapter_config.json says ${values.join(', ')}, which Tunesmith does not compute.`,
    'Choose a LoRA or DoRA adapter without these settings.',
  );
}

function isSet(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

/**
 * Tensors of an adapter for the sites of a model, and for what it saves; refuses with counts when they do not
 * fit.
 */
export function adapterFor(
  files: AdapterFiles,
  sites: readonly LoraSite[],
  saved: readonly AdapterTensor[] = [],
): Map<string, Float32Array> {
  const expected = [...siteTensors(sites), ...saved];
  // older adapters name the bias of an adapted layer as the base does; PEFT may add the untrained table of an
  // embedding
  const found = (name: string) =>
    files.tensors.get(name) ?? files.tensors.get(name.replace('.base_layer.', '.'));
  const untrained = new Set(sites.map(({ module }) => `${prefix}${module}.base_layer.weight`));
  const given = [...files.tensors.keys()].filter((name) => !untrained.has(name));
  const fits = ({ name, shape }: AdapterTensor) => found(name)?.shape.join() === shape.join();
  const fitting = expected.filter(fits);
  if (fitting.length !== expected.length || fitting.length !== given.length) {
    const names = new Set(expected.flatMap(({ name }) => [name, name.replace('.base_layer.', '.')]));
    const first = expected.find((tensor) => !fits(tensor))?.name ?? given.find((name) => !names.has(name));
    throw new AppError(
      'adapter-mismatch',
      `${fitting.length} of ${expected.length} tensors of the adapter fit this model; the first that does not: ${first}.`,
      'Choose an adapter that was trained on this model.',
    );
  }
  return new Map(expected.map(({ name }) => [name, (found(name) as { data: Float32Array }).data]));
}

/** Writes adapter_config.json and adapter_model.safetensors, each under a temporary name first. */
export function writeAdapter(
  folder: string,
  config: LoraConfig,
  tensors: ReadonlyMap<string, { shape: readonly number[]; data: Float32Array }>,
): void {
  writeSafetensors(
    join(folder, 'adapter_model.safetensors'),
    [...tensors].map(([name, { shape, data }]) => ({
      name,
      dtype: 'float32',
      shape,
      bytes: () => fromFloat32(data, 'float32'),
    })),
  );
  // names instead of the shorthand: other programs read lists only
  const adapted = [...tensors.keys()].flatMap(
    (name) => /^base_model\.model\.(.+)\.lora_A\.weight$/.exec(name)?.[1] ?? [],
  );
  const targets = config.target_modules === 'all-linear' ? adapted.sort() : config.target_modules;
  const json = JSON.stringify({ ...config, target_modules: targets }, null, 2);
  writeFileSync(join(folder, 'adapter_config.json'), `${json}\n`);
}
