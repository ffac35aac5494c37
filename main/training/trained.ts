// Which tensors a run trains: those of an adapter with what it saves beside it, or the model's own that are not
// frozen. Plan and trainer ask the same function, so that what is planned is what is trained.
import type { Model } from '../models/load.ts';
import {
  type AdapterTensor,
  type LoraConfig,
  type LoraSite,
  loraSites,
  savedTensors,
  siteTensors,
} from '../models/lora.ts';
import type { ParameterSpec } from './parameters.ts';

export interface TrainedChoice {
  model: Model;
  /** Undefined for full fine-tuning. */
  lora?: LoraConfig;
  /** Also decays norms and biases, as plain AdamW over all parameters does. */
  decayEverything?: boolean;
  /** Tensors that stay as they are in full fine-tuning. */
  frozen?: (name: string) => boolean;
  /** Full fine-tuning of the last layers alone, and of the norm and output layer behind them. */
  lastLayers?: number;
  /** LoRA+ (Hayou et al. 2024, https://arxiv.org/abs/2402.12354): learning rate of B, as a multiple of that of A. */
  loraPlusRatio?: number;
}

export interface TrainedTensors {
  sites: LoraSite[];
  /** What an adapter trains besides its sites. */
  saved: AdapterTensor[];
  specs: ParameterSpec[];
}

export function trainedTensors(choice: TrainedChoice): TrainedTensors {
  const { model, lora } = choice;
  if (lora === undefined) return { sites: [], saved: [], specs: modelSpecs(choice) };
  const { outputModules } = model.architecture;
  const sites = loraSites(lora, model.specs, outputModules);
  const saved = savedTensors(lora, sites, model.specs, outputModules);
  return { sites, saved, specs: adapterSpecs(choice, sites, saved) };
}

/** What a run with an adapter trains. */
function adapterSpecs(
  { decayEverything = false, loraPlusRatio = 1 }: TrainedChoice,
  sites: readonly LoraSite[],
  saved: readonly AdapterTensor[],
): ParameterSpec[] {
  return [...siteTensors(sites), ...saved].map(({ name, shape, role }) => ({
    name,
    shape,
    decay: decayEverything || shape.length > 1 || role === 'magnitude',
    matrix: role === 'a' || role === 'b',
    rate: role === 'b' || shape.length === 1 ? loraPlusRatio : 1, // biases and magnitudes as PEFT has them
  }));
}

/** What full fine-tuning trains: the model's own tensors that are not frozen. */
function modelSpecs({ model, frozen, lastLayers, decayEverything = false }: TrainedChoice): ParameterSpec[] {
  const trained = lastLayers === undefined ? undefined : tensorsOfLast(model, lastLayers);
  return model.specs
    .filter(({ name }) => !frozen?.(name) && (trained?.has(name) ?? true))
    .map(({ name, shape, kind }) => ({
      name,
      shape,
      decay: decayEverything || !(kind === 'norm' || kind === 'bias'),
      matrix: kind === 'linear' || kind === 'conv1d',
    }));
}

/**
 * Names of the tensors of the last `count` layers and of all that comes behind every layer, but of no embedding. The last
 * layers of an encoder-decoder are those of its decoder.
 */
function tensorsOfLast({ specs }: Model, count: number): Set<string> {
  const layerOf = (name: string) => /^.*?\.\d+(?=\.)/.exec(name)?.[0];
  const layers = [...new Set(specs.flatMap(({ name }) => layerOf(name) ?? []))];
  const last = new Set<string | undefined>(layers.slice(Math.max(0, layers.length - count)));
  const end = specs.findLastIndex(({ name }) => layerOf(name) !== undefined);
  const trained = specs.filter(({ name }, i) => i > end || last.has(layerOf(name)));
  return new Set(trained.filter(({ kind }) => kind !== 'embedding').map(({ name }) => name));
}
