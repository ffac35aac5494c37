// First weights from another run: the adapter of its checkpoint, fitted to the sites of the new recipe. Weights of full
// fine-tuning need nothing here: their checkpoint is a model folder, and is opened in place of the base.
import type { Model } from '../models/load.ts';
import { adapterFor, type LoraConfig, loraNames, loraSites, readAdapter } from '../models/lora.ts';
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
 * the scale is another one, B is scaled against it. Throws when rank, layers or saved modules differ.
 */
export function startAdapter(model: Model, lora: LoraConfig, folder: string): Map<string, Float32Array> {
  const files = readAdapter(folder);
  const { sites, saved } = trainedTensors({ model, lora });
  const values = adapterFor(files, sites, saved);
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
