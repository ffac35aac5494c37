// Holds graphs against the float64 interpreter: forward values, and gradients against central
// differences. Each graph is run as it is lowered for the processor and as it is lowered for graphics
// cards (on the processor both times).
import { gradientsOf } from '../../main/compiler/autodiff.ts';
import { Graph, type Value } from '../../main/compiler/graph.ts';
import { lower, type Provider } from '../../main/compiler/lowering.ts';
import type { DType } from '../../main/compiler/op.ts';
import { sizeOf } from '../../main/compiler/shape.ts';
import { verify } from '../../main/compiler/verify.ts';
import { createRandom } from '../../main/tokens/random.ts';
import { createSession, type Numbers } from '../../main/training/session.ts';
import { interpret } from './interpreter.ts';

export interface Input {
  shape: readonly number[];
  dtype?: DType;
  /** Numbers instead of standard normal ones. */
  values?: ArrayLike<number>;
  /** False: no gradient is asked for. Integers never get one. */
  trained?: boolean;
}

/** Makes outputs out of inputs. Called several times; the same ops each time. */
export type Build = (g: Graph, inputs: Value[]) => Value[];

/** Largest differences, as a share of the largest expected number (at least 1). */
export interface Differences {
  forward: number;
  gradient: number;
}

const lowerings: readonly Provider[] = ['cpu', 'webgpu'];

/** Standard normal numbers from a seed. */
export function normals(size: number, seed: number): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length: size }, () => random.normal());
}

/** Integers below `limit`. */
export function indices(size: number, limit: number, seed: number): number[] {
  const random = createRandom(seed);
  return Array.from({ length: size }, () => random.below(limit));
}

/** Input numbers: those given, or normal ones that depend on the place in the list and on `seed`. */
export function numbersOf(inputs: readonly Input[], seed: number): number[][] {
  return inputs.map(({ shape, values }, i) => Array.from(values ?? normals(sizeOf(shape), 100 * seed + i)));
}

/** Engine against interpreter. Gradients are those of a random weighting of all float outputs. */
export async function differencesOf(
  build: Build,
  inputs: readonly Input[],
  options: { seed?: number; samples?: number } = {},
): Promise<Differences> {
  const { seed = 1 } = options;
  const numbers = numbersOf(inputs, seed);
  const expected = forward64(build, inputs, numbers);
  const slopes = centralDifferences(build, inputs, numbers, { seed, samples: options.samples });
  const worst: Differences = { forward: 0, gradient: 0 };
  for (const lowering of lowerings) {
    const { outputs, gradients } = await engine(build, inputs, numbers, { seed, lowering });
    outputs.forEach((output, i) => {
      worst.forward = largerOf(worst.forward, scaledDifference(output, expected[i]));
    });
    gradients.forEach((gradient, i) => {
      const sampled = slopes[i].map(({ element }) => Number(gradient[element]));
      const difference = scaledDifference(
        sampled,
        slopes[i].map(({ slope }) => slope),
      );
      worst.gradient = largerOf(worst.gradient, difference);
    });
  }
  return worst;
}

/** Outputs and gradients of two graphs over the same inputs, both in the engine. */
export async function differencesBetween(
  one: Build,
  other: Build,
  inputs: readonly Input[],
  seed = 1,
): Promise<Differences> {
  const numbers = numbersOf(inputs, seed);
  const [a, b] = [
    await engine(one, inputs, numbers, { seed }),
    await engine(other, inputs, numbers, { seed }),
  ];
  const worst = (found: Numbers[], expected: Numbers[]) =>
    found.reduce((most, list, i) => largerOf(most, scaledDifference(list, expected[i])), 0);
  return { forward: worst(a.outputs, b.outputs), gradient: worst(a.gradients, b.gradients) };
}

export interface Ran {
  outputs: Numbers[];
  /** One per trained input, in order. */
  gradients: Numbers[];
}

/** As plain numbers, whatever the type. */
export const plainNumbers = (list: Numbers): number[] =>
  Array.from(list as ArrayLike<number | bigint>, Number);

/** Runs a graph and its gradients in the engine. */
export async function engine(
  build: Build,
  inputs: readonly Input[],
  numbers: readonly ArrayLike<number>[],
  options: { seed?: number; lowering?: Provider } = {},
): Promise<Ran> {
  const { g, values, outputs } = built(build, inputs);
  const trained = values.filter((_, i) => isTrained(inputs[i]));
  const gradients =
    trained.length === 0 ? [] : gradientsOf(g, weightedLoss(g, outputs, options.seed ?? 1), trained);
  for (const [i, output] of outputs.entries()) g.output(`o${i}`, output);
  for (const [i, gradient] of gradients.entries()) g.output(`d${i}`, gradient);
  verify(g);
  const program = lower(g, options.lowering ?? 'cpu');
  const session = await createSession({ ...program, provider: 'cpu' }, { threads: 1 });
  const feeds = Object.fromEntries(inputs.map((input, i) => [`x${i}`, typed(input.dtype, numbers[i])]));
  const results = await session.run(feeds);
  await session.release();
  return {
    outputs: outputs.map((_, i) => results[`o${i}`]),
    gradients: gradients.map((_, i) => results[`d${i}`]),
  };
}

/** Outputs of the interpreter. */
export function forward64(
  build: Build,
  inputs: readonly Input[],
  numbers: readonly ArrayLike<number>[],
): Float64Array[] {
  const { g, outputs } = built(build, inputs);
  return interpret(g, named(numbers), outputs);
}

interface Slope {
  element: number;
  slope: number;
}

/**
 * (loss(x + h) - loss(x - h)) / 2h in float64, for each trained input: all of its elements, or `samples`
 * of them where it has more.
 */
function centralDifferences(
  build: Build,
  inputs: readonly Input[],
  numbers: readonly ArrayLike<number>[],
  { seed, samples = 24 }: { seed: number; samples?: number },
): Slope[][] {
  const h = 1e-5;
  const trained = inputs.flatMap((input, i) => (isTrained(input) ? [i] : []));
  if (trained.length === 0) return [];
  const { g, outputs } = built(build, inputs);
  const loss = weightedLoss(g, outputs, seed);
  const changed = numbers.map((list) => Float64Array.from(list));
  const lossAt = () => interpret(g, named(changed), [loss])[0][0];
  return trained.map((i) => {
    const list = changed[i];
    const chosen = list.length <= samples ? [...list.keys()] : indices(samples, list.length, seed);
    return chosen.map((element) => {
      const value = list[element];
      list[element] = value + h;
      const above = lossAt();
      list[element] = value - h;
      const below = lossAt();
      list[element] = value;
      return { element, slope: (above - below) / (2 * h) };
    });
  });
}

/** Largest difference as a share of the largest expected number, or of 1. NaN where something is NaN. */
export function scaledDifference(
  found: ArrayLike<number | bigint>,
  expected: ArrayLike<number | bigint>,
): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  let scale = 1;
  let worst = 0;
  for (let i = 0; i < found.length; i++) {
    scale = Math.max(scale, Math.abs(Number(expected[i])));
    worst = largerOf(worst, Math.abs(Number(found[i]) - Number(expected[i])));
  }
  return worst / scale;
}

const largerOf = (a: number, b: number) => (Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : Math.max(a, b));

const isTrained = ({ dtype = 'float32', trained = true }: Input) => dtype === 'float32' && trained;

const named = (numbers: readonly ArrayLike<number>[]) =>
  Object.fromEntries(numbers.map((list, i) => [`x${i}`, list]));

function built(build: Build, inputs: readonly Input[]): { g: Graph; values: Value[]; outputs: Value[] } {
  const g = new Graph();
  const values = inputs.map(({ shape, dtype }, i) => g.input(`x${i}`, shape, dtype ?? 'float32'));
  return { g, values, outputs: build(g, values) };
}

/** Sum of random weights times outputs, so that every element gets a gradient of its own. */
function weightedLoss(g: Graph, outputs: readonly Value[], seed: number): Value {
  const parts = outputs
    .filter((output) => output.dtype === 'float32')
    .map((output, i) => {
      const weights = g.constant(normals(sizeOf(output.shape), 7000 + 10 * seed + i), output.shape);
      return g.reduceSum(
        g.mul(output, weights),
        output.shape.map((_, axis) => axis),
      );
    });
  return parts.reduce((total, part) => g.add(total, part));
}

function typed(dtype: DType = 'float32', numbers: ArrayLike<number>): Numbers {
  if (dtype === 'int64') return BigInt64Array.from(Array.from(numbers, BigInt));
  if (dtype === 'int32') return Int32Array.from(numbers);
  if (dtype === 'uint8' || dtype === 'bool') return Uint8Array.from(numbers);
  return Float32Array.from(numbers);
}
