// Memory of a training run, predicted before it starts: builds the gradient graph of the largest batch, plays its pass
// (footprint.ts), and adds what lies beside it: weights, what is trained, what the program itself takes, and what a whole
// run keeps: graphs of other shapes, sample answers, records (ENGINE.md 6). Nothing is compiled or run. Predicts; the dry
// run measures. `npm run bench -- memory` holds it to 10 %.
import type { Node, Value } from '../compiler/graph.ts';
import { optimizerOf, stateElements } from '../compiler/optimizers/index.ts';
import { bytesOf, schedule } from '../compiler/rewrite.ts';
import { sizeOf } from '../compiler/shape.ts';
import type { Plan, TrainSettings } from '../contract/runs.ts';
import type { Model } from '../models/load.ts';
import type { LoraSite } from '../models/lora.ts';
import { footprintOf } from './footprint.ts';
import { layoutPages, type Page } from './parameters.ts';
import { type BatchShape, type GraphOptions, gradientGraph, lossGraph } from './programs.ts';
import { optimizerChoiceOf, trainerOptionsOf } from './recipe.ts';
import { keptSessions } from './session-cache.ts';
import { trainedTensors } from './trained.ts';

/**
 * What a process takes beside weights, trained numbers and values of the pass: fitted to the measured peaks of `npm run
 * bench -- memory` (15 cases of 1,400 to 5,400 nodes, onnxruntime 1.30, Node 26, Linux x64). An engine that has opened a
 * model and done nothing holds 116 MB.
 */
const programBytes = 157e6;
/** Of one node: in our graph, in the model that is handed over, and in the session. */
const nodeBytes = 7e3;
/** Of one node of each further graph that is kept: in its session, once it has run. */
const keptNodeBytes = 5.5e3;
/** Of what a run opens beside: tokenizer, measures, what writes answers. */
const openedBytes = 25e6;
/** Graphs of sample answers, which have no loss and few rows, as graphs of validations. */
const answerGraphs = 2;
/** Graphs of answers over a base in few bits that are kept: each has a copy of the packed weights. */
export const packedAnswerGraphs = 3;
/** Validation records that are answered at each validation unless the recipe has prompts, and tokens of an answer. */
export const usualAnswers = { prompts: 3, tokens: 64 };
/** Of a record in memory, and of each of its tokens. */
const [recordBytes, recordTokenBytes] = [2.5e3, 12];

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

/** What a run does beside its largest pass. */
export interface RunOutline {
  /** Shapes of batches that are trained. */
  shapes: number;
  /** Updates of several micro-batches, which need a second set of gradients. */
  accumulates: boolean;
  /** Null without validation records. */
  validation: { largest: BatchShape; shapes: number } | null;
  /** Prompts that are answered at each validation, and tokens of the longest with its answer; null = none. */
  answers: { prompts: number; tokens: number } | null;
  /** Records in memory, and all their tokens. */
  records: { count: number; tokens: number };
}

/** Memory of a whole run whose largest pass has this shape. */
export function predictRun(
  model: Model,
  settings: TrainSettings,
  trained: Trained,
  largest: BatchShape,
  { shapes, accumulates, validation, answers, records }: RunOutline,
): Prediction {
  const step = predictStep(model, settings, trained, largest, { accumulates });
  const held = (name: string, bytes: number) => (bytes > 0 ? [{ name, bytes }] : []);
  const most = keptSessions(model);
  const others = Math.min(shapes, most) - 1;
  const graph = validation && lossGraph(...graphOf(model, settings, trained, validation.largest));
  const lossNodes = graph ? schedule(graph).length : 0;
  const losses = Math.max(0, Math.min(validation?.shapes ?? 0, most - shapes));
  const pass = graph ? footprintOf(graph, schedule(graph)).peakBytes : 0;
  const graphs = (others * step.nodes + losses * lossNodes) * keptNodeBytes;
  const parts = [
    ...step.parts,
    ...held('Validation', pass - step.valueBytes),
    ...held('Graphs of other shapes', graphs),
    ...held('Sample answers', answers ? answerBytes(model, answers, lossNodes) : 0),
    {
      name: 'Records and tokenizer',
      bytes: openedBytes + records.count * recordBytes + records.tokens * recordTokenBytes,
    },
  ];
  return { ...step, parts, peakBytes: sumOf(parts) };
}

/** Graphs, keys and values of answers, and of a base in few bits a copy of its packed weights for each graph. */
function answerBytes(
  { architecture, objective, shape, quantized, bytes }: Model,
  { prompts, tokens }: NonNullable<RunOutline['answers']>,
  lossNodes: number,
): number {
  const graphs = answerGraphs * lossNodes * keptNodeBytes;
  if (architecture.task === 'encoder' || objective !== 'causal-lm') return graphs;
  const rows = 2 ** Math.ceil(Math.log2(prompts));
  const { layers, kvHeads, headDim } = shape;
  const cache = 2 * 4 * layers * rows * kvHeads * headDim * tokens;
  return graphs + cache + (quantized === undefined ? 0 : (packedAnswerGraphs + 1) * bytes);
}

const sumOf = (parts: readonly { bytes: number }[]): number =>
  parts.reduce((sum, { bytes }) => sum + bytes, 0);

/**
 * Memory and work of training with batches of `shape`. `accumulates`: updates of several micro-batches, which need a
 * second set of gradients.
 */
export function predictStep(
  model: Model,
  settings: TrainSettings,
  trained: Trained,
  shape: BatchShape,
  { accumulates = false }: { accumulates?: boolean } = {},
): Prediction & { nodes: number; valueBytes: number } {
  const { pages, count } = trained;
  const graph = gradientGraph(...graphOf(model, settings, trained, shape));
  const nodes = schedule(graph);
  const pass = footprintOf(graph, nodes);
  const vocabulary = model.shape.vocabularySize;
  const chunks = pass.live
    .filter((value) => value.shape.at(-1) === vocabulary)
    .reduce((sum, value) => sum + bytesOf(value), 0);
  const states = stateElements(optimizerChoiceOf(settings), pages);
  const trainedBytes = 4 * (count * (accumulates ? 3 : 2) + states);
  // the runtime gives back a copy of what it wrote: gradients after a pass, parameters and states after an update
  const copies = 4 * (count + states);
  const values = Math.max(pass.peakBytes, copies);
  const parts = [
    { name: 'Base model', bytes: weightBytes(nodes) },
    { name: 'What is trained, gradients, optimizer', bytes: trainedBytes },
    { name: 'Activations', bytes: values - chunks },
    { name: 'Output layer chunks', bytes: chunks },
    { name: 'Program', bytes: programBytes + nodes.length * nodeBytes },
  ];
  const flops = productFlops(nodes);
  return { parts, peakBytes: sumOf(parts), flops, nodes: nodes.length, valueBytes: values };
}

/** Shape and options of a graph of the run, as the trainer makes them. */
function graphOf(
  model: Model,
  settings: TrainSettings,
  { pages, sites }: Trained,
  shape: BatchShape,
): [BatchShape, GraphOptions] {
  const options = trainerOptionsOf(settings, model);
  const { lora, task, labelSmoothing = 0, neftuneAlpha = 0, precision } = options;
  const pair = model.architecture.task === 'seq2seq' && shape.targetWidth === undefined;
  return [
    pair ? { ...shape, targetWidth: shape.width } : shape,
    {
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
    },
  ];
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
