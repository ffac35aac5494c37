// Compiles the graphs of training: the gradient graph of one batch shape, the loss graph (validation), the logits graph
// (parity checks), and the update graph. Shapes are static; a bucket of shapes is one program each.
import { gradientsOf } from '../compiler/autodiff.ts';
import { Graph, type Value } from '../compiler/graph.ts';
import { lower, type Program, type Provider } from '../compiler/lowering.ts';
import type { DType } from '../compiler/op.ts';
import { type OptimizerChoice, optimizerOf, stateSize, stateType } from '../compiler/optimizers/index.ts';
import { halfOf, halveProducts, type Precision } from '../compiler/precision.ts';
import { sizeOf } from '../compiler/shape.ts';
import { AppError, assert } from '../errors.ts';
import type { ForwardResult } from '../models/architecture.ts';
import { causalAttention, causalMasks } from '../models/blocks/attention.ts';
import { ModelBuilder, type Recompute } from '../models/builder.ts';
import type { Model } from '../models/load.ts';
import { type LoraSite, replacedTensor, siteAdapters } from '../models/lora.ts';
import type { TensorInfo } from '../models/safetensors.ts';
import type { Page } from './parameters.ts';
import { labels } from './tasks/labels.ts';
import type { Task } from './tasks/task.ts';

/** Shape of a batch as the graphs see it. */
export interface BatchShape {
  rows: number;
  width: number;
  /** Labelled positions, padded. */
  labels: number;
  /** Whether rows hold several segments, or padding that positions do not tell. */
  segments: boolean;
  /** Places in a row of the text that a decoder learns. */
  targetWidth?: number;
}

export interface GraphOptions {
  model: Model;
  pages: readonly Page[];
  sites: readonly LoraSite[];
  provider: Provider;
  recompute: Recompute;
  /** Dropout on what adapters read, 0 to 1. */
  dropout: number;
  labelSmoothing: number;
  /** Whether noise is added to the embeddings of tokens while training; an input `noise`. */
  noise?: boolean;
  /** What is learned; one label of many unless given. */
  task?: Task;
  /** Type of products; fp32 unless given. */
  precision?: Precision;
  /** Frozen tensors that come as inputs `w:NAME` of these types instead of from the files. */
  given?: ReadonlyMap<string, DType>;
  /** Whether losses come with all that the output layer says: of classifiers, where that is little. */
  outputs?: boolean;
}

interface BatchGraph {
  g: Graph;
  builder: ModelBuilder;
  result: ForwardResult;
  parameters: Map<string, Value>;
}

/** Inputs: ids, positions, (segments,) and p0.. pages. Builds the forward pass. */
function forwardGraph(shape: BatchShape, options: GraphOptions, training: boolean): BatchGraph {
  const { rows, width } = shape;
  const { model, provider, recompute, dropout } = options;
  const g = new Graph();
  const ids = g.input('ids', [rows, width], 'int32');
  const positions = g.input('positions', [rows, width], 'int32');
  const segments = shape.segments ? g.input('segments', [rows, width], 'int32') : undefined;
  const masks = causalMasks(g, segments);
  const parameters = pageInputs(g, options.pages);
  for (const [name, dtype] of options.given ?? [])
    parameters.set(name, g.input(`w:${name}`, (model.tensors.get(name) as TensorInfo).shape, dtype));
  let droppedSites = 0;
  const builder = new ModelBuilder({
    graph: g,
    provider,
    batch: rows,
    width,
    ids,
    positions,
    segments,
    targetWidth: shape.targetWidth,
    maxPositions: width,
    attend: (_, q, k, v, spec) => causalAttention(g, q, k, v, spec, masks, recompute !== 'off'),
    recompute,
    tensors: model.tensors,
    quantized: model.quantized?.weights,
    locate: model.locate,
    parameters,
    adapters: siteAdapters(options.sites, parameters),
    dropout:
      training && dropout > 0
        ? (shape) => dropoutMask(g, g.input(`dropout${droppedSites++}`, shape, 'uint8'), dropout)
        : undefined,
    noise: training && options.noise ? (shape) => g.input('noise', shape) : undefined,
  });
  return { g, builder, result: model.architecture.forward(builder, model.config), parameters };
}

/**
 * Gradient graph. Further inputs: those of the task (rows, labels [labels] int32, weights [labels]); with dropout one byte per element and
 * site; with fp16 `lossScale`, a power of two. Outputs: loss (sum of weight * nll, a scalar) and g0.. pages with the gradients of that sum, times lossScale.
 */
export function compileGradients(shape: BatchShape, options: GraphOptions): Program {
  return lower(gradientGraph(shape, options), options.provider);
}

/** The graph of `compileGradients`, before it is lowered. */
export function gradientGraph(shape: BatchShape, options: GraphOptions): Graph {
  const { g, builder, result, parameters } = forwardGraph(shape, options, true);
  if (options.precision === 'fp16') g.lossScale = g.input('lossScale', []);
  const { lossSum } = lossOf(g, builder, result, shape, options, true);
  const names = options.pages.flatMap((page) => page.entries.map((entry) => entry.name));
  const gradients = gradientsOf(
    g,
    lossSum,
    names.map((name) => parameters.get(name) as Value),
  );
  const byName = new Map(names.map((name, i) => [name, gradients[i]]));
  g.phase = 'backward';
  // norms and biases of all layers share pages: each gradient is made with its layer, so that what it reads can be freed
  const groups = new Set(options.pages.map(({ decay, rate }) => `${decay} ${rate}`));
  const shared = options.pages.filter(({ entries }) => groups.size > 1 && entries.length > 1);
  for (const { name } of shared.flatMap(({ entries }) => entries)) g.early.add(byName.get(name) as Value);
  g.output('loss', lossSum);
  // pages of late layers first: their gradients are ready first, and what they need can then be freed
  for (const page of [...options.pages].reverse()) {
    const parts = page.entries.map((entry) => g.reshape(byName.get(entry.name) as Value, [-1]));
    g.output(`g${page.index}`, g.concat(parts, 0));
  }
  return inPrecision(g, options);
}

/** The finished graph with products of the recipe's type. The processor has no products of halves. */
function inPrecision(g: Graph, { precision = 'fp32', provider }: GraphOptions): Graph {
  const half = halfOf[precision];
  if (half !== undefined) halveProducts(g, half, provider !== 'cpu');
  return g;
}

/** Loss graph, without gradients or dropout. Output: nll [labels] in nats; with `outputs` also logits [rows, outputs]. */
export function compileLoss(shape: BatchShape, options: GraphOptions): Program {
  return lower(lossGraph(shape, options), options.provider);
}

/** The graph of `compileLoss`, before it is lowered. */
export function lossGraph(shape: BatchShape, options: GraphOptions): Graph {
  const { g, builder, result } = forwardGraph(shape, options, false);
  g.output('nll', lossOf(g, builder, result, shape, options, false).nll);
  if (options.outputs) g.output('logits', headLogits(builder, result, result.hidden));
  return inPrecision(g, options);
}

/**
 * Logits of all that the output layer reads [rows * width, vocabulary], or of the `places` that the input `rows` names;
 * for checks on short texts and for decoding without a cache, not for training.
 */
export function compileLogits(shape: BatchShape, options: GraphOptions, places?: number): Program {
  const { g, builder, result } = forwardGraph(shape, options, false);
  const hidden =
    places === undefined ? result.hidden : g.gather(result.hidden, g.input('rows', [places], 'int32'));
  g.output('logits', headLogits(builder, result, hidden));
  return lower(inPrecision(g, options), options.provider);
}

/** Logits of the given hidden rows. */
export function headLogits(builder: ModelBuilder, result: ForwardResult, hidden: Value): Value {
  return builder.logits(result, hidden);
}

function lossOf(
  g: Graph,
  builder: ModelBuilder,
  result: ForwardResult,
  shape: BatchShape,
  options: GraphOptions,
  differentiable: boolean,
) {
  const { task = labels, labelSmoothing } = options;
  return task.loss({ g, builder, result, labels: shape.labels, labelSmoothing, differentiable });
}

/** Inputs p0, p1, .. and the tensors in them by name; what an adapter saves also by the name that it replaces. */
export function pageInputs(g: Graph, pages: readonly Page[]): Map<string, Value> {
  const parameters = new Map<string, Value>();
  for (const page of pages) {
    const flat = g.input(`p${page.index}`, [page.size]);
    const parts = g.split(
      flat,
      0,
      page.entries.map((entry) => sizeOf(entry.shape)),
    );
    page.entries.forEach(({ name, shape }, i) => {
      const value = g.reshape(parts[i], shape);
      parameters.set(name, value).set(replacedTensor(name) ?? name, value);
    });
  }
  return parameters;
}

/** Kept elements scaled by 1 / (1 - p), the others 0; p is rounded to 1/256 so that one byte decides. */
function dropoutMask(g: Graph, bytes: Value, dropout: number): Value {
  const dropped = Math.round(dropout * 256);
  const keep = g.less(g.cast(bytes, 'float32'), g.scalar(dropped));
  return g.cheap(g.where(keep, g.scalar(0), g.scalar(256 / (256 - dropped))));
}

/** Throws `optimizer-device` where a provider cannot hold the states of an optimizer. */
export function requireStates(choice: OptimizerChoice, provider: Provider): void {
  const { states } = optimizerOf(choice);
  if (provider === 'cpu' || states.every((state) => stateType(choice, state) === 'float32')) return;
  throw new AppError(
    'optimizer-device',
    `The states of "${choice.kind}" have 8 bits, which works on the processor only, and the run is on ${provider}.`,
    'Choose AdamW, or train on the processor.',
  );
}

/** Which norm of all gradients together is clipped: the Euclidean one, the sum of sizes, or the largest size. */
export type ClipNorm = 2 | 1 | 'infinity';

/** Norm of flat pages, a scalar, from partial sums: one long float32 sum would lose digits. */
function totalNorm(g: Graph, flats: readonly Value[], type: ClipNorm): Value {
  assert(flats.length > 0, 'something is trained');
  const ofPages = flats.map((flat) => {
    const [size] = flat.shape;
    const parts = [256, 128, 64, 32, 16, 8, 4, 2].find((count) => size % count === 0) ?? 1;
    const rows = g.reshape(flat, [parts, size / parts]);
    if (type === 2) return g.reduceSum(g.apply('reduceSumSquare', [rows], { axes: [1] })[0], [0], true);
    if (type === 1) return g.reduceSum(g.reduceSum(g.abs(rows), [1]), [0], true);
    return g.reduceMax(g.reduceMax(g.abs(rows), [1]), [0], true);
  });
  const joined = g.concat(ofPages, 0);
  if (type === 'infinity') return g.reduceMax(joined, [0]);
  const sum = g.reduceSum(joined, [0]);
  return type === 2 ? g.sqrt(sum) : sum;
}

/** Graph of the norm of gradients g0.. alone: it is no number where one of them is not finite. Output: norm. */
export function compileNorm(pages: readonly Page[], provider: Provider): Program {
  const g = new Graph();
  const gradients = pages.map((page) => g.input(`g${page.index}`, [page.size]));
  g.output('norm', totalNorm(g, gradients, 2));
  return lower(g, provider);
}

/**
 * Update graph. Inputs: p0.., g0.., one array per state and page (`exp_avg.0`, ..), `scale` (1 / weight of all labels of
 * the step) and scalars of the optimizer. Outputs `.next` of parameters and states, to be written over the inputs, and
 * `norm`, the gradient norm before clipping.
 */
export function compileUpdate(
  pages: readonly Page[],
  choice: OptimizerChoice,
  weightDecay: number,
  maxGradNorm: number,
  provider: Provider,
  clipNorm: ClipNorm = 2,
): Program {
  return lower(updateGraph(pages, choice, weightDecay, maxGradNorm, clipNorm), provider);
}

/** The graph of `compileUpdate`, before it is lowered. */
export function updateGraph(
  pages: readonly Page[],
  choice: OptimizerChoice,
  weightDecay: number,
  maxGradNorm: number,
  clipNorm: ClipNorm = 2,
): Graph {
  const optimizer = optimizerOf(choice);
  const g = new Graph();
  const scale = g.input('scale', []);
  const scalars: Record<string, Value> = { lr: g.input('lr', []) };
  for (const name of Object.keys(optimizer.scalars(choice, 1))) scalars[name] = g.input(name, []);
  const gradients = pages.map((page) => g.input(`g${page.index}`, [page.size]));
  const norm = g.mul(totalNorm(g, gradients, clipNorm), scale);
  // clip factor = min(1, max / (norm + 1e-6)), as torch.nn.utils.clip_grad_norm_
  const factor =
    maxGradNorm > 0 ? g.mul(scale, g.minimum(g.div(g.scalar(maxGradNorm), g.add(norm, 1e-6)), 1)) : scale;
  g.output('norm', norm);
  pages.forEach((page, i) => {
    const kept = optimizer.states
      .map((state) => ({ state, size: stateSize(choice, state, page) }))
      .filter(({ size }) => size > 0);
    const states = kept.map(({ state, size }) =>
      g.input(`${state}.${page.index}`, [size], stateType(choice, state)),
    );
    const next = optimizer.update(
      {
        g,
        parameter: g.input(`p${page.index}`, [page.size]),
        gradient: g.mul(gradients[i], factor),
        states,
        scalars: page.rate === 1 ? scalars : { ...scalars, lr: g.mul(scalars.lr, page.rate) },
        weightDecay: page.decay ? weightDecay : 0,
        matrix: page.matrix,
      },
      choice,
    );
    g.output(`p${page.index}.next`, next.parameter);
    for (const [k, { state }] of kept.entries()) g.output(`${state}.${page.index}.next`, next.states[k]);
  });
  return g;
}
