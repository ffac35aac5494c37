// Whether a provider computes what the processor computes: each distinct operation of a training step
// alone, with random inputs, then twenty steps of training on both. A provider can be silently wrong in
// one output of one operation, and training then diverges without an error; so this runs once on each
// machine before a provider is offered.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Graph, type Node, type Value } from '../compiler/graph.ts';
import { lower, type Provider } from '../compiler/lowering.ts';
import type { DType } from '../compiler/op.ts';
import type { OptimizerChoice } from '../compiler/optimizers/index.ts';
import { kindOf } from '../compiler/print.ts';
import { schedule } from '../compiler/rewrite.ts';
import { sizeOf } from '../compiler/shape.ts';
import { AppError } from '../errors.ts';
import { type Model, openModel } from '../models/load.ts';
import { LoraConfig } from '../models/lora.ts';
import { writeScratchModel } from '../models/scratch.ts';
import { createRandom, type Random } from '../tokens/random.ts';
import { gradientGraph, updateGraph } from './programs.ts';
import { createSession, type Numbers } from './session.ts';
import { type BatchArrays, createTrainer, type TrainerOptions } from './trainer.ts';

export interface WrongOperation {
  /** The operation with its shapes, such as `gemm float32[64,32] float32[48,32] {transB: true}`. */
  kind: string;
  /** Largest difference as a share of the largest right number; NaN where it could not be computed. */
  difference: number;
  /** Why it could not be computed. */
  reason?: string;
}

export interface ProviderCheck {
  provider: Provider;
  /** Distinct operations that were compared, and how many agreed. */
  operations: number;
  agreeing: number;
  wrong: WrongOperation[];
  /** Largest difference of a loss in nats, over twenty steps of a LoRA and of a full run. */
  lossDifference: number;
  /** Whether the provider may be offered. */
  trusted: boolean;
  /** Of products in float16 and what moves halves; null where the device has no float16. */
  float16: Pick<ProviderCheck, 'operations' | 'wrong' | 'lossDifference' | 'trusted'> | null;
}

export interface CheckProgress {
  done: number;
  total: number;
  what: string;
}

/** float32 over a few dozen terms keeps 1e-6; a wrong operation is off by far more than this. */
const operationTolerance = 1e-4;
const lossTolerance = 1e-3;
/** Sums of float16 keep 3 digits, and some devices add in float16 too. */
const halfTolerance = 3e-2;
const steps = 20;

const optimizer: OptimizerChoice = { kind: 'adamw', beta1: 0.9, beta2: 0.999, eps: 1e-8 };

/**
 * Grouped-query attention and an untied head. Most widths are equal on purpose: WebGPU compiles a shader
 * for each shape of a product, which takes half a second on a software driver.
 */
const tinyLlama = {
  model_type: 'llama',
  vocab_size: 32,
  hidden_size: 32,
  intermediate_size: 32,
  num_hidden_layers: 1,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 128,
  rms_norm_eps: 1e-5,
  initializer_range: 0.15,
};

/** Throws `provider-absent` where the provider has no device here. */
export async function checkProvider(
  provider: Provider,
  onProgress: (progress: CheckProgress) => void = () => {},
): Promise<ProviderCheck> {
  const folder = mkdtempSync(join(tmpdir(), 'tunesmith-check-'));
  try {
    const runs = trainingRuns(folder);
    const nodes = await distinctNodes(runs);
    const halfRun = halfRunOf(runs);
    const halves = (await distinctNodes([halfRun])).filter(readsHalves);
    const total = nodes.length + halves.length + 2 * (runs.length + 1) * steps;
    let done = 0;
    const report = (what: string) => onProgress({ done: done++, total, what });
    const wrong = await wrongNodes(nodes, provider, operationTolerance, report);
    let lossDifference = 0;
    for (const run of runs)
      lossDifference = Math.max(lossDifference, await differenceOf(run, provider, report));
    const float16 = await checkHalves(halves, halfRun, provider, report);
    onProgress({ done: total, total, what: 'done' });
    return {
      provider,
      operations: nodes.length,
      agreeing: nodes.length - wrong.length,
      wrong,
      lossDifference,
      trusted: wrong.length === 0 && lossDifference <= lossTolerance,
      float16,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Report = (what: string) => void;

async function wrongNodes(
  nodes: readonly Node[],
  provider: Provider,
  tolerance: number,
  report: Report,
): Promise<WrongOperation[]> {
  const wrong: WrongOperation[] = [];
  for (const node of nodes) {
    const kind = kindOf(node);
    report(kind);
    await breathe();
    const found = await compareNode(node, provider);
    if (!(found.difference <= tolerance)) wrong.push({ kind, ...found });
  }
  return wrong;
}

/** Largest difference of a loss between the processor and a provider; NaN where one is no number. */
async function differenceOf({ name, options }: TrainingRun, provider: Provider, report: Report) {
  const losses: number[][] = [];
  for (const device of ['cpu', provider] as const)
    losses.push(await trainOn({ ...options, provider: device }, () => report(`${name} on ${device}`)));
  return Math.max(...losses[0].map((loss, step) => Math.abs(loss - losses[1][step])));
}

/** Float16 is no reason to refuse a device for float32, so it has a verdict of its own. */
async function checkHalves(
  nodes: readonly Node[],
  run: TrainingRun,
  provider: Provider,
  report: Report,
): Promise<ProviderCheck['float16']> {
  try {
    const wrong = await wrongNodes(nodes, provider, halfTolerance, report);
    const lossDifference = await differenceOf(run, provider, report);
    const trusted = wrong.length === 0 && lossDifference <= halfTolerance;
    return { operations: nodes.length, wrong, lossDifference, trusted };
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'precision-device') return null;
    throw thrown;
  }
}

const readsHalves = ({ inputs, outputs }: Node) =>
  [...inputs, ...outputs].some(({ dtype }) => dtype === 'float16');

/** Names of the operations that are wrong for some shape. */
export const wrongOperations = ({ wrong }: Pick<ProviderCheck, 'wrong'>): string[] => [
  ...new Set(wrong.map(({ kind }) => kind.split(' ')[0])),
];

/** One sentence for people. */
export function verdictOf({
  provider,
  operations,
  agreeing,
  lossDifference,
  trusted,
  wrong,
  float16,
}: ProviderCheck): string {
  const agreement = `${agreeing} of ${operations} operations agree with the processor`;
  const losses = `losses of ${steps} steps differ by at most ${lossDifference.toExponential(1)}`;
  if (trusted) return `${provider} computes correctly: ${agreement}, and ${losses}. ${halfVerdict(float16)}`;
  const ops = wrongOperations({ wrong });
  const named = ops.length === 0 ? '' : ` Wrong: ${ops.join(', ')}.`;
  return `${provider} must not be used for training here: ${agreement}, and ${losses}.${named}`;
}

function halfVerdict(float16: ProviderCheck['float16']): string {
  if (float16 === null) return 'It has no float16.';
  if (float16.trusted) return `Its ${float16.operations} operations of float16 agree too.`;
  const ops = wrongOperations(float16);
  return `Float16 must not be used here${ops.length === 0 ? '' : `: wrong are ${ops.join(', ')}`}.`;
}

interface TrainingRun {
  name: string;
  options: Omit<TrainerOptions, 'provider'>;
}

/** Full fine-tuning of float32 weights with recomputation, and LoRA with dropout on bfloat16 weights. */
function trainingRuns(folder: string): TrainingRun[] {
  const write = (name: string, dtype: DType): Model => {
    writeScratchModel(join(folder, name), tinyLlama, { seed: 11, dtype });
    return openModel(join(folder, name));
  };
  const common = { optimizer, weightDecay: 0.01, maxGradNorm: 1, seed: 5, threads: 1 };
  const lora = LoraConfig.parse({
    r: 4,
    lora_alpha: 8,
    lora_dropout: 0.1,
    target_modules: ['gate_proj', 'up_proj'],
  });
  return [
    {
      name: 'full fine-tuning',
      options: { ...common, model: write('full', 'float32'), recompute: 'selective' },
    },
    { name: 'LoRA', options: { ...common, model: write('lora', 'bfloat16'), lora } },
  ];
}

/** LoRA once more, in float16. */
function halfRunOf(runs: readonly TrainingRun[]): TrainingRun {
  return { name: 'LoRA in float16', options: { ...runs[1].options, precision: 'fp16' } };
}

const rows = 1;
const width = 40;
const labels = 40;

/** Every operation of the gradient and update graphs, once for each combination of shapes and attributes. */
async function distinctNodes(runs: readonly TrainingRun[]): Promise<Node[]> {
  const found = new Map<string, Node>();
  for (const { options } of runs) {
    const trainer = await createTrainer({ ...options, provider: 'cpu' });
    const { pages, sites } = trainer;
    const graphs = [
      gradientGraph(
        { rows, width, labels, segments: true },
        {
          model: options.model,
          pages,
          sites,
          provider: options.precision === undefined ? 'cpu' : 'webgpu', // the processor has no products of halves
          precision: options.precision,
          recompute: options.recompute ?? 'off',
          dropout: options.lora?.lora_dropout ?? 0,
          labelSmoothing: 0,
        },
      ),
      updateGraph(pages, options.optimizer, options.weightDecay, options.maxGradNorm),
    ];
    await trainer.release();
    for (const node of graphs.flatMap(schedule)) {
      const kind = kindOf(node);
      if (!found.has(kind)) found.set(kind, node);
    }
  }
  return [...found.values()];
}

/** Lets messages in: a session run blocks the thread. */
const breathe = () => new Promise((resolve) => setImmediate(resolve));

/** Runs one operation on both, as each lowers it. */
async function compareNode(node: Node, provider: Provider): Promise<{ difference: number; reason?: string }> {
  try {
    const expected = await runNode(node, 'cpu');
    const found = await runNode(node, provider);
    return { difference: Math.max(...expected.map((values, i) => scaledDifference(found[i], values))) };
  } catch (thrown) {
    const absent = ['provider-absent', 'precision-device'];
    if (thrown instanceof AppError && absent.includes(thrown.code)) throw thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return { difference: Number.NaN, reason: message.split('\n')[0] };
  }
}

async function runNode(node: Node, provider: Provider): Promise<Numbers[]> {
  const g = new Graph();
  const random = createRandom(3);
  const feeds: Record<string, Numbers> = {};
  const known = new Map<Value, Value>();
  const inputs = node.inputs.map((input, i) => {
    const { source, shape, dtype } = input;
    if (source?.kind === 'constant') return g.constant(source.data, shape);
    const before = known.get(input);
    if (before !== undefined) return before;
    const half = dtype === 'float16' || dtype === 'bfloat16'; // typed arrays have no such type
    const fed = g.input(`x${i}`, shape, half ? 'float32' : dtype);
    feeds[`x${i}`] = randomNumbers(random, node, i);
    const value = half ? g.cast(fed, dtype) : fed;
    known.set(input, value);
    return value;
  });
  const outputs = g.apply(node.op, inputs, node.attributes);
  outputs.forEach((output, i) => {
    const half = output.dtype === 'float16' || output.dtype === 'bfloat16';
    g.output(`y${i}`, half ? g.cast(output, 'float32') : output);
  });
  const session = await createSession(lower(g, provider), { threads: 1 });
  try {
    const results = await session.run(feeds);
    return outputs.map((_, i) => results[`y${i}`]);
  } finally {
    await session.release();
  }
}

/** Numbers that an operation can take at one of its inputs: indices within range, divisors away from 0. */
function randomNumbers(random: Random, node: Node, at: number): Numbers {
  const { dtype, shape } = node.inputs[at];
  const size = sizeOf(shape);
  const draw = <List>(
    make: { from(source: { length: number }, map: () => number): List },
    next: () => number,
  ) => make.from({ length: size }, next);
  const limit = indexLimit(node);
  if (dtype === 'int64') return BigInt64Array.from({ length: size }, () => BigInt(random.below(limit)));
  if (dtype === 'int32') return draw(Int32Array, () => random.below(limit));
  if (dtype === 'uint8') return draw(Uint8Array, () => random.below(256));
  if (dtype === 'bool') return draw(Uint8Array, () => random.below(2));
  const positive =
    node.op === 'log' || node.op === 'sqrt' || node.op === 'reciprocal' || (node.op === 'div' && at === 1);
  return draw(Float32Array, () => (positive ? 0.2 + Math.abs(random.normal()) : random.normal()));
}

/** What integer inputs of an operation have to stay below. */
function indexLimit({ op, inputs, attributes }: Node): number {
  if (op === 'gather') return inputs[0].shape[0];
  if (op === 'scatterAdd') return attributes.rows ?? 1;
  if (op === 'rotary') return inputs[2].shape[0];
  return 3; // compared or cast
}

function scaledDifference(found: Numbers, expected: Numbers): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  let scale = 1;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const right = Number(expected[i]);
    const difference = Math.abs(Number(found[i]) - right);
    if (Number.isNaN(difference)) return Number.NaN;
    scale = Math.max(scale, Math.abs(right));
    worst = Math.max(worst, difference);
  }
  return worst / scale;
}

/** Losses of each step. Batches of random tokens in two segments a row, half of them labels. */
async function trainOn(options: TrainerOptions, onStep: () => void): Promise<number[]> {
  const trainer = await createTrainer(options);
  const random = createRandom(17);
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    onStep();
    await breathe();
    const { lossSum, weight } = await trainer.accumulate(randomBatch(random));
    losses.push(lossSum / weight);
    await trainer.update(2e-3);
  }
  await trainer.release();
  return losses;
}

function randomBatch(random: Random): BatchArrays {
  const places = Array.from({ length: rows * width }, (_, i) => i % width);
  const border = 18;
  const labelRows = [...places.keys()].filter((i) => places[i] >= border && places[i] < width - 1);
  const inputIds = Int32Array.from(places, () => random.below(tinyLlama.vocab_size));
  return {
    rows,
    width,
    inputIds,
    positionIds: Int32Array.from(places, (place) => (place < border ? place : place - border)),
    segmentIds: Int32Array.from(places, (place) => Number(place >= border)),
    labelRows: Int32Array.from(labelRows),
    labels: Int32Array.from(labelRows, (row) => inputIds[row + 1]),
    weights: Float32Array.from(labelRows, () => 1),
  };
}
