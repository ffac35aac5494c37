// The tensors of a tuned model as one set of weights: an adapter is merged, W + scale B A in float32, one
// tensor at a time; trained biases and saved modules take the place of the base's. Of a base in few bits, W is the
// numbers that the bits stand for.

import type { DType } from '../compiler/op.ts';
import { assert } from '../errors.ts';
import type { TunedModel } from '../inference/weights.ts';
import { type LoraSite, loraNames, replacedTensor } from '../models/lora.ts';
import { readQuantized } from '../models/quantize.ts';
import { readTensor, type TensorInfo } from '../models/safetensors.ts';

export interface MergedTensor {
  name: string;
  shape: readonly number[];
  /** Type that the base stores it in. */
  stored: DType;
  /** Computed when asked for, so that one tensor at a time is in memory. */
  values(): Float32Array;
}

/** All tensors, in the base's order; an output layer that no longer equals the embedding comes last. */
export function mergedTensors(tuned: TunedModel): MergedTensor[] {
  const { model, weights } = tuned;
  const infoOf = (name: string) => model.tensors.get(name) as TensorInfo;
  const tensors = model.specs.map(({ name, shape }): MergedTensor => {
    const site = weights?.sites.find(({ module }) => `${module}.weight` === name);
    return { name, shape, stored: infoOf(name).dtype, values: () => merged(tuned, name, name, site) };
  });
  const own = untiedOutput(tuned);
  if (own === undefined) return tensors;
  const { name, source } = own;
  const site = weights?.sites.find(({ module }) => `${module}.weight` === name);
  const { dtype, shape } = infoOf(source);
  const output = { name, shape, stored: dtype, values: () => merged(tuned, name, source, site) };
  const others = movedTensors(model).map(({ name, source, shape }): MergedTensor => {
    const { dtype: stored } = infoOf(source);
    return { name, shape, stored, values: () => merged(tuned, source, source, undefined) };
  });
  return [...tensors, output, ...others];
}

/** What goes by another name beside an output layer of its own: the bias of BERT's. */
function movedTensors({ architecture, config, specs }: TunedModel['model']) {
  const untied = architecture.tensors({ ...(config as object), tie_word_embeddings: false });
  const gone = specs.filter(({ name }) => untied.every((spec) => spec.name !== name));
  return untied.flatMap(({ name, shape }) => {
    if (specs.some((spec) => spec.name === name)) return [];
    const source = gone.find((spec) => spec.shape.join() === shape.join())?.name;
    return source === undefined ? [] : [{ name, shape, source }];
  });
}

/**
 * The output layer of a tied model, where training took it apart from the embedding: one of the two was
 * adapted or saved without the other (field case C06). `source` is the tensor of the base that it starts
 * from.
 */
export function untiedOutput({ model, weights }: TunedModel): { name: string; source: string } | undefined {
  if (!model.shape.tiedEmbeddings || weights === undefined) return undefined;
  const embedding = model.specs.find(({ kind }) => kind === 'embedding');
  const [module] = model.architecture.outputModules;
  if (embedding === undefined || module === undefined) return undefined;
  const changed = new Set([
    ...weights.sites.map((site) => `${site.module}.weight`),
    ...weights.parameters.entries().flatMap(({ name }) => replacedTensor(name) ?? []),
  ]);
  const name = `${module}.weight`;
  return changed.has(name) || changed.has(embedding.name) ? { name, source: embedding.name } : undefined;
}

/** Values of the tensor `name`, which starts from `source` of the base. */
function merged(
  { model, weights }: TunedModel,
  name: string,
  source: string,
  site: LoraSite | undefined,
): Float32Array {
  const saved = weights?.parameters.entries().find((entry) => replacedTensor(entry.name) === name);
  if (weights !== undefined && saved !== undefined) return weights.parameters.view(saved.name).slice();
  const values = model.quantized?.weights.has(source)
    ? readQuantized(model, source)
    : readTensor(model.tensors.get(source) as TensorInfo);
  if (weights !== undefined && site !== undefined)
    addProduct(values, site, (tensor) => weights.parameters.view(tensor));
  return values;
}

/** W += scale B A; with DoRA each output is then scaled to its magnitude: W = m W / ||W||. */
function addProduct(values: Float32Array, site: LoraSite, view: (name: string) => Float32Array): void {
  const { module, kind, rank, inFeatures, outFeatures, scale, dora } = site;
  assert(values.length === inFeatures * outFeatures, `the adapter fits "${module}"`);
  const names = loraNames(module, kind);
  const [a, b] = [view(names.a), view(names.b)]; // [rank, in], [out, rank]
  const magnitudes = dora ? view(names.magnitude) : undefined;
  const row = new Float64Array(inFeatures);
  for (let o = 0; o < outFeatures; o++) {
    row.fill(0);
    for (let r = 0; r < rank; r++) {
      const factor = scale * b[o * rank + r];
      if (factor === 0) continue;
      const start = r * inFeatures;
      for (let i = 0; i < inFeatures; i++) row[i] += factor * a[start + i];
    }
    // linear weights are [out, in]; Conv1D and embeddings [in, out]
    const [start, step] = kind === 'linear' ? [o * inFeatures, 1] : [o, outFeatures];
    let norm = 0;
    for (let i = 0; i < inFeatures; i++) {
      row[i] += values[start + i * step];
      norm += row[i] * row[i];
    }
    const factor = magnitudes === undefined ? 1 : magnitudes[o] / Math.sqrt(norm);
    for (let i = 0; i < inFeatures; i++) values[start + i * step] = row[i] * factor;
  }
}
