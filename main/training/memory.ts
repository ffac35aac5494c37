// Memory of a training run, predicted before it starts: builds the gradient graph of the largest batch and
// walks its schedule, summing what is alive (ENGINE.md 6). Nothing is compiled or run. Predicts; the dry
// run measures.
import { gradientsOf } from '../compiler/autodiff.ts';
import { crossEntropy } from '../compiler/cross-entropy.ts';
import { Graph, type Node, type Value } from '../compiler/graph.ts';
import { elementBytes, type Op } from '../compiler/op.ts';
import { optimizerOf, stateElements } from '../compiler/optimizers/index.ts';
import { schedule } from '../compiler/rewrite.ts';
import { sizeOf } from '../compiler/shape.ts';
import type { Plan, TrainSettings } from '../contract/runs.ts';
import { causalAttention, causalMasks } from '../models/blocks/attention.ts';
import { ModelBuilder } from '../models/builder.ts';
import type { Model } from '../models/load.ts';
import { type LoraSite, siteAdapters } from '../models/lora.ts';
import { layoutPages, type Page } from './parameters.ts';
import { type BatchShape, pageInputs } from './programs.ts';
import { optimizerChoiceOf, trainerOptionsOf } from './recipe.ts';
import { trainedTensors } from './trained.ts';

/** The program, its runtime and what they need beside the numbers; measured on an empty run. */
const programBytes = 150e6;

/** Ops whose result may take the memory of an input that nobody reads afterwards. */
const elementwise = new Set<Op>([
  'neg',
  'abs',
  'sign',
  'exp',
  'log',
  'sqrt',
  'reciprocal',
  'sigmoid',
  'tanh',
  'erf',
  'relu',
  'add',
  'sub',
  'mul',
  'div',
  'maximum',
  'minimum',
  'softmax',
]); // prettier-ignore

/**
 * Most bytes alive at once while the nodes run in this order: a value lives from its node to its last use.
 * Reshapes take no memory; weights, inputs and outputs of the graph are not counted, since others own them.
 */
export function predictPeak(nodes: readonly Node[], outputs: ReadonlySet<Value>): number {
  const owners = new Map<Value, Value>(); // a reshape shares the memory of what it reads
  const ownerOf = (value: Value): Value => owners.get(value) ?? value;
  for (const node of nodes) if (node.op === 'reshape') owners.set(node.outputs[0], ownerOf(node.inputs[0]));
  const lastUse = new Map<Value, number>();
  nodes.forEach((node, i) => {
    for (const input of node.inputs) lastUse.set(ownerOf(input), i);
  });
  for (const value of outputs) lastUse.set(ownerOf(value), nodes.length);
  const counted = (value: Value) => value.node !== undefined && !outputs.has(value);
  const bytesOf = (value: Value) => sizeOf(value.shape) * elementBytes[value.dtype];
  let alive = 0;
  let peak = 0;
  nodes.forEach((node, i) => {
    if (node.op === 'reshape') return;
    const dying = [...new Set(node.inputs.map(ownerOf))].filter(
      (value) => counted(value) && lastUse.get(value) === i,
    );
    const freed = dying.reduce((sum, value) => sum + bytesOf(value), 0);
    const made = node.outputs.filter(counted).reduce((sum, value) => sum + bytesOf(value), 0);
    const reused = elementwise.has(node.op) && dying.some((value) => bytesOf(value) === made) ? made : 0;
    peak = Math.max(peak, alive + made - reused);
    const unread = node.outputs.filter((value) => counted(value) && !lastUse.has(value));
    alive += made - freed - unread.reduce((sum, value) => sum + bytesOf(value), 0);
  });
  return peak;
}

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

/** Memory and work of training with batches of `shape`. */
export function predictStep(
  model: Model,
  settings: TrainSettings,
  trained: Trained,
  shape: BatchShape,
): Prediction {
  const graph = gradientGraph(model, settings, trained, shape);
  const nodes = schedule(graph);
  const outputs = new Set(graph.outputs.map(({ value }) => value));
  const states = stateElements(optimizerChoiceOf(settings), trained.pages) / trained.count; // per trained number
  // parameters, gradients, a second set of gradients for micro-batches, and the runtime's copies of what a
  // run gives back
  const trainedBytes = trained.count * 4 * (3 + states + Math.max(1, 1 + states));
  const parts = [
    { name: 'Model weights', bytes: model.bytes },
    { name: 'What is trained, with optimizer', bytes: trainedBytes },
    { name: 'Values of one pass', bytes: predictPeak(nodes, outputs) },
    { name: 'Program', bytes: programBytes },
  ];
  return { parts, peakBytes: parts.reduce((sum, { bytes }) => sum + bytes, 0), flops: productFlops(nodes) };
}

/** Work of all products: 2 x rows x columns x inner size each. */
function productFlops(nodes: readonly Node[]): number {
  return nodes.reduce((sum, { op, inputs, outputs, attributes }) => {
    if (op !== 'matmul' && op !== 'gemm') return sum;
    const inner = inputs[0].shape.at(attributes.transA ? -2 : -1) as number;
    return sum + 2 * sizeOf(outputs[0].shape) * inner;
  }, 0);
}

/** The graph that `compileGradients` (programs.ts) compiles, before it is lowered. */
function gradientGraph(
  model: Model,
  { recompute }: TrainSettings,
  { pages, sites }: Trained,
  shape: BatchShape,
): Graph {
  const { rows, width, labels: count, segments } = shape;
  const g = new Graph();
  const masks = causalMasks(g, segments ? g.input('segments', [rows, width], 'int32') : undefined);
  const parameters = pageInputs(g, pages);
  const builder = new ModelBuilder({
    graph: g,
    provider: 'cpu',
    batch: rows,
    width,
    ids: g.input('ids', [rows, width], 'int32'),
    positions: g.input('positions', [rows, width], 'int32'),
    maxPositions: width,
    attend: (_, q, k, v, spec) => causalAttention(g, q, k, v, spec, masks, recompute !== 'off'),
    recompute,
    tensors: model.tensors,
    locate: model.locate,
    parameters,
    adapters: siteAdapters(sites, parameters),
  });
  const result = model.architecture.forward(builder, model.config);
  const { hidden, table, bias } = builder.headProduct(result);
  const [at, labels] = [g.input('rows', [count], 'int32'), g.input('labels', [count], 'int32')];
  const options = { bias, softcap: result.head.softcap };
  const { lossSum } = crossEntropy(g, hidden, table, at, labels, g.input('weights', [count]), options);
  const names = pages.flatMap((page) => page.entries.map(({ name }) => name));
  const gradients = gradientsOf(
    g,
    lossSum,
    names.map((name) => parameters.get(name) as Value),
  );
  g.phase = 'backward';
  g.output('loss', lossSum);
  const byName = new Map(names.map((name, i) => [name, gradients[i]]));
  for (const page of [...pages].reverse()) {
    const flat = page.entries.map(({ name }) => g.reshape(byName.get(name) as Value, [-1]));
    g.output(`g${page.index}`, g.concat(flat, 0));
  }
  return g;
}
