// First weights from another run: the adapter of its checkpoint, fitted to the sites of the new recipe. Weights of full
// fine-tuning need nothing here: their checkpoint is a model folder, and is opened in place of the base.

import { adapterFor, readAdapter } from '../models/adapter-files.ts';
import type { Model } from '../models/load.ts';
import { type AdapterTensor, type LoraConfig, loraNames, loraSites } from '../models/lora.ts';
import { headIn } from '../models/new-head.ts';
import { readTensor, type TensorInfo } from '../models/safetensors.ts';
import { trainedTensors } from './trained.ts';

/** Where a run starts, when it is not the base model. */
export interface StartPoint {
  kind: 'adapter' | 'full';
  folder: string;
  /** Number of the run that the weights are from, and its step. */
  run: number;
  step: number;
}

/**
 * First values of an adapter, so that the model computes what it computed at the end of the other run: where
 * the scale is another one, B is scaled against it. A run that learned no labels has no output layer for them: that of a
 * classifier then starts anew. Throws when rank, layers or saved modules differ.
 */
export function startAdapter(model: Model, lora: LoraConfig, folder: string): Map<string, Float32Array> {
  const { sites, saved } = trainedTensors({ model, lora });
  const fresh = newHeadOf(model, saved, folder);
  const read = readAdapter(folder, model.specs);
  const files = fresh.length === 0 ? read : { ...read, tensors: ofModules(model, read.tensors) };
  const values = adapterFor(
    files,
    sites,
    saved.filter((tensor) => !fresh.includes(tensor)),
  );
  for (const { name, source = '' } of fresh)
    values.set(name, readTensor(model.tensors.get(source) as TensorInfo));
  const before = loraSites(files.config, model.specs, model.architecture.outputModules);
  const scales = new Map(before.map(({ module, scale }) => [module, scale]));
  for (const { module, kind, scale } of sites) {
    const factor = (scales.get(module) ?? scale) / scale;
    const { b } = loraNames(module, kind);
    if (factor !== 1)
      values.set(
        b,
        (values.get(b) as Float32Array).map((value) => value * factor),
      );
  }
  return values;
}

/** What an adapter saves of an output layer for labels, where the other run learned none. */
function newHeadOf(
  { headModules = [] }: Model,
  saved: readonly AdapterTensor[],
  folder: string,
): readonly AdapterTensor[] {
  if (headModules.length === 0 || headIn(folder) !== null) return [];
  return saved.filter(({ source = '' }) =>
    headModules.some((module) => `.${source}`.includes(`.${module}.`)),
  );
}

/** Without what was learned for the other run's output layer, which this model lacks: the one that tells masked words. */
function ofModules<Tensor>({ specs }: Model, tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const modules = new Set(specs.map(({ name }) => name.replace(/\.[^.]+$/, '')));
  const moduleOf = (name: string) =>
    name
      .replace(/^base_model\.model\./, '')
      .replace(/\.(lora_[^.]+(\.weight)?|base_layer\.[^.]+|[^.]+)$/, '');
  return new Map([...tensors].filter(([name]) => modules.has(moduleOf(name))));
}
