// The weights that answers come from: the base alone, the base with an adapter (never merged, so that both
// share the mapped file), or a full set of tuned weights. Does not know where a run keeps them.
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { sizeOf } from '../compiler/shape.ts';
import { AppError } from '../errors.ts';
import { type AdapterFiles, adapterFor, readAdapter } from '../models/adapter-files.ts';
import { type Model, openModel } from '../models/load.ts';
import {
  type LoraConfig,
  type LoraSite,
  loraNames,
  loraSites,
  savedTensors,
  siteTensors,
} from '../models/lora.ts';
import { withSavedHead } from '../models/new-head.ts';
import { openQuantized } from '../models/quantize.ts';
import type { QuantizationKind } from '../models/quantize-blocks.ts';
import { readHeader, readTensor, type TensorInfo } from '../models/safetensors.ts';
import { layoutPages, type Page, PagedArrays } from '../training/parameters.ts';

/**
 * Values that replace or extend what lies in the files. A trainer is one: its answers follow what it
 * learns.
 */
export interface LiveWeights {
  readonly pages: readonly Page[];
  readonly sites: readonly LoraSite[];
  readonly parameters: PagedArrays;
}

/** A base model and what was learned on top of it. */
export interface TunedModel {
  model: Model;
  weights: LiveWeights | undefined;
  /** How the adapter was set, when there is one. */
  lora: LoraConfig | undefined;
}

/** Weights that were learned, and how the base was read meanwhile. */
export interface TunedFolder {
  kind: 'adapter' | 'full';
  folder: string;
  /** In few bits, from a cache of such bases; else as it is. */
  quantized?: { kind: QuantizationKind; cacheFolder: string } | null;
}

/**
 * As `openTuned`, over the base as the adapter saw it in training: its answers are those that the run was
 * validated on.
 * @throws AppError also as `openQuantized`, where the quantized base has to be made again
 */
export async function openAsTrained(
  model: Model,
  tuned: TunedFolder | null,
  signal?: AbortSignal,
): Promise<TunedModel> {
  const opened = openTuned(model, tuned);
  if (!tuned?.quantized) return opened;
  const { kind, cacheFolder } = tuned.quantized;
  return { ...opened, model: await openQuantized(opened.model, kind, cacheFolder, { signal }) };
}

/**
 * A base model with an adapter folder in PEFT's format, or a folder of full weights, on top of it; null =
 * the base itself. The model that comes back has the output layer that the adapter was trained with.
 * @throws AppError with the reason when the folder cannot be used or does not fit the base
 */
export function openTuned(model: Model, tuned: Pick<TunedFolder, 'kind' | 'folder'> | null): TunedModel {
  if (tuned === null) return { model, weights: undefined, lora: undefined };
  if (tuned.kind === 'full') {
    return { model: withTensors(model, tuned.folder), weights: undefined, lora: undefined };
  }
  const files = readAdapter(tuned.folder, model.specs);
  const headed = withSavedHead(model, tuned.folder);
  return { model: headed, weights: adapterWeights(headed, files), lora: files.config };
}

/** An adapter in pages, as the graphs take it. */
export function adapterWeights(model: Model, { config, ...files }: AdapterFiles): LiveWeights {
  const { specs, architecture } = model;
  const sites = loraSites(config, specs, architecture.outputModules);
  const saved = savedTensors(config, sites, specs, architecture.outputModules);
  const tensors = adapterFor({ config, ...files }, sites, saved);
  const layout = [...siteTensors(sites), ...saved].map(({ name, shape }) => ({
    name,
    shape,
    decay: true,
    matrix: true,
  }));
  const pages = layoutPages(layout, 'nothing');
  const parameters = new PagedArrays(pages);
  for (const [name, data] of tensors) parameters.view(name).set(data);
  return { pages, sites, parameters };
}

/**
 * True when the adapter changes nothing: every product B A is zero, and nothing else is saved (field case
 * D03).
 */
export function hasNoEffect({ sites, parameters }: LiveWeights): boolean {
  const zero = (name: string) => parameters.view(name).every((value) => value === 0);
  const tensors = siteTensors(sites).length;
  return (
    parameters.entries().length === tensors &&
    sites.every(({ module, kind, dora }) => {
      const { a, b } = loraNames(module, kind);
      return !dora && (zero(a) || zero(b));
    })
  );
}

/** The same model with its tensors from another folder, which may hold nothing but model.safetensors. */
function withTensors(model: Model, folder: string): Model {
  if (existsSync(join(folder, 'config.json'))) return openModel(folder);
  const path = join(folder, 'model.safetensors');
  if (!existsSync(path)) {
    throw new AppError(
      'weights-missing',
      'The folder of this run has no model.safetensors.',
      'Train the run again.',
    );
  }
  const file = realpathSync(path);
  const { rename = (name) => name } = model.architecture;
  const tensors = new Map([...readHeader(file)].map(([name, info]) => [rename(name), info]));
  const first = model.specs.find(({ name, shape }) => tensors.get(name)?.shape.join() !== shape.join());
  if (first !== undefined) {
    throw new AppError(
      'weights-shape',
      `The tuned weights do not fit "${model.name}"; the first that does not: ${first.name}.`,
      'Choose the model that this run was trained on.',
    );
  }
  const weightsFolder = dirname(file);
  return {
    ...model,
    tensors,
    weightsFolder,
    locate: (other) => relative(weightsFolder, other).split(sep).join('/'),
    dtype: [...new Set(model.specs.map(({ name }) => tensors.get(name)?.dtype))].join(' and '),
  };
}

const widened = new WeakMap<Model, Map<string, Float32Array>>();

/**
 * 16-bit weights as float32, once for each model in memory: casting them again for every token would take
 * longer than the products. Of a quantized model also the other matrices, of which each session would pack a
 * copy. `except` names tensors that are not wanted. Empty where the files hold float32, or where memory is
 * short (then the graph casts).
 */
export function widenedWeights(model: Model, except: ReadonlySet<string>): Map<string, Float32Array> {
  const kept = widened.get(model) ?? new Map<string, Float32Array>();
  widened.set(model, kept);
  const { quantized } = model;
  const wanted = model.specs.filter(({ name, shape }) => {
    const dtype = model.tensors.get(name)?.dtype;
    if (dtype === undefined || except.has(name) || quantized?.weights.has(name)) return false;
    return dtype !== 'float32' || (quantized !== undefined && shape.length === 2);
  });
  const missing = wanted.filter(({ name }) => !kept.has(name));
  const bytes = missing.reduce((sum, { shape }) => sum + sizeOf(shape) * 4, 0);
  if (bytes > process.availableMemory() / 4) return new Map();
  for (const { name } of missing) kept.set(name, readTensor(model.tensors.get(name) as TensorInfo));
  return new Map(wanted.map(({ name }) => [name, kept.get(name) as Float32Array]));
}
