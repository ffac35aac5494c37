// Memory of a training run, predicted before it starts: builds the gradient graph of the largest batch, plays its pass
// (footprint.ts), and adds what lies beside it: weights, what is trained, and what the program itself takes
// (ENGINE.md 6). Nothing is compiled or run. Predicts; the dry run measures. `npm run bench -- memory` holds it to 10 %.
import type { Node, Value } from '../compiler/graph.ts';
import { optimizerOf, stateElements } from '../compiler/optimizers/index.ts';
import { bytesOf, schedule } from '../compiler/rewrite.ts';
import { sizeOf } from '../compiler/shape.ts';
import type { Plan, TrainSettings } from '../contract/runs.ts';
import type { Model } from '../models/load.ts';
import type { LoraSite } from '../models/lora.ts';
import { footprintOf } from './footprint.ts';
import { layoutPages, type Page } from './parameters.ts';
import { type BatchShape, gradientGraph } from './programs.ts';
import { optimizerChoiceOf, trainerOptionsOf } from './recipe.ts';
import { trainedTensors } from './trained.ts';

/**
 * What a process takes beside weights, trained numbers and values of the pass: fitted to the measured peaks of `npm run
 * bench -- memory` (15 cases of 1,400 to 5,400 nodes, onnxruntime 1.30, Node 26, Linux x64). An engine that has opened a
 * model and done nothing holds 121 MB.
 */
const programBytes = 140e6;
/** Of one node: in our graph, in the model that is handed over, and in the session. */
const nodeBytes = 14e3;

/** What a recipe trains: sites of the adapter, parameters in pages. */
export interface Trained {
  sites: readonly LoraSite[];
  pages: readonly Page[];
  /** Numbers that are trained. */
  count: number;
}

export function trainedOf(model: Model, settings: TrainSettings): Trained {
  const { sites, specs } = trainedTensors(trainerOptionsOf(settings, model));
  const pages = layoutPages(specs, optimizerOf(optimizerChoiceOf(settings)).alone);
  return { sites, pages, count: pages.reduce((sum, page) => sum + page.size, 0) };
}

export interface Prediction {
  peakBytes: number;
  parts: Plan['memory'];
  /** Floating-point operations of the products of one pass, forward and backward. */
  flops: number;
}

/**
 * Memory and work of training with batches of `shape`. `accumulates`: updates of several micro-batches, which need a
 * second set of gradients.
 */
export function predictStep(
  model: Model,
  settings: TrainSettings,
  { sites, pages, count }: Trained,
  shape: BatchShape,
  { accumulates = false }: { accumulates?: boolean } = {},
): Prediction {
  const options = trainerOptionsOf(settings, model);
  const { lora, task, labelSmoothing = 0, neftuneAlpha = 0, precision } = options;
  const pair = model.architecture.task === 'seq2seq' && shape.targetWidth === undefined;
  const graph = gradientGraph(pair ? { ...shape, targetWidth: shape.width } : shape, {
    model,
    pages,
    sites,
    provider: precision === 'fp32' ? 'cpu' : settings.provider, // some round to half, and multiply as float32
    recompute: settings.recompute,
    dropout: lora?.lora_dropout ?? 0,
    labelSmoothing,
    noise: neftuneAlpha > 0,
    task,
    precision,
  });
  const nodes = schedule(graph);
  const pass = footprintOf(graph, nodes);
  const vocabulary = model.shape.vocabularySize;
  const chunks = pass.live
    .filter((value) => value.shape.at(-1) === vocabulary)
    .reduce((sum, value) => sum + bytesOf(value), 0);
  const states = stateElements(optimizerChoiceOf(settings), pages);
  const trained = 4 * (count * (accumulates ? 3 : 2) + states);
  // the runtime gives back a copy of what it wrote: gradients after a pass, parameters and states after an update
  const copies = 4 * (count + states);
  const values = Math.max(pass.peakBytes, copies);
  const parts = [
    { name: 'Base model', bytes: weightBytes(nodes) },
    { name: 'What is trained, gradients, optimizer', bytes: trained },
    { name: 'Activations', bytes: values - chunks },
    { name: 'Output layer chunks', bytes: chunks },
    { name: 'Program', bytes: programBytes + nodes.length * nodeBytes },
  ];
  return { parts, peakBytes: parts.reduce((sum, { bytes }) => sum + bytes, 0), flops: productFlops(nodes) };
}

/** Bytes of files that a pass touches: whole tensors, but of a table that is only looked up the rows looked up. */
function weightBytes(nodes: readonly Node[]): number {
  const touched = new Map<Value, number>();
  for (const { op, inputs } of nodes) {
    inputs.forEach((input, i) => {
      if (input.source?.kind !== 'weight') return;
      const whole = input.source.bytes;
      const rows = op === 'gather' && i === 0 ? sizeOf(inputs[1].shape) / input.shape[0] : 1;
      touched.set(input, Math.min(whole, Math.max(touched.get(input) ?? 0, whole * rows)));
    });
  }
  return [...touched.values()].reduce((sum, bytes) => sum + bytes, 0);
}

/** Work of all products: 2 x rows x columns x inner size each. */
function productFlops(nodes: readonly Node[]): number {
  return nodes.reduce((sum, { op, inputs, outputs, attributes }) => {
    if (op !== 'matmul' && op !== 'gemm') return sum;
    const inner = inputs[0].shape.at(attributes.transA ? -2 : -1) as number;
    return sum + 2 * sizeOf(outputs[0].shape) * inner;
  }, 0);
}
