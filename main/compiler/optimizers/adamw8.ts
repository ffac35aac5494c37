// AdamW with moments in 8 bits (Dettmers et al. 2021, https://arxiv.org/abs/2110.02861): blocks of 256 numbers share
// their largest size as a scale, and each number is the nearest code of the dynamic tree map, signed for the first
// moment, unsigned for the second; nearest up to a fortieth of the distance between codes, as codes are looked up by
// cell. An update computes in float32; what is stored is what the next one reads. One thing is not as in the paper: a
// second moment above 1e-18 of its block's largest never becomes 0, which would make the next step huge.
import type { Graph, Value } from '../graph.ts';
import { type AdamWOptions, adamStep, adamw, moments } from './adamw.ts';
import type { Optimizer, UpdateCall } from './optimizer.ts';

const block = 256;
/** Large tensors are updated in pieces, so that what is computed on the way stays small. */
const pieceElements = 1 << 20;
/** Cells that sizes from 0 to 1 are cut into, even in their fourth root. The narrowest code has 40 of them. */
const cells = 1 << 15;

export interface DynamicMap {
  signed: boolean;
  /** Number of each code, ascending, between -1 and 1. */
  values: Float32Array<ArrayBuffer>;
  /** Nearest code to the middle of each cell; with a sign the cells of negative numbers come first. */
  codes: Uint8Array<ArrayBuffer>;
}

/** Seven decades below 1; each has twice as many equal intervals as the one below, whose middles are the codes. */
export function dynamicMap(signed: boolean): DynamicMap {
  const sizes = [0];
  for (let decade = 0; decade < 7; decade++) {
    const count = 2 ** (decade + (signed ? 0 : 1));
    for (let i = 0; i < count; i++) sizes.push(10 ** (decade - 6) * (0.1 + (0.9 * (i + 0.5)) / count));
  }
  sizes.push(1); // has no negative counterpart: there are 256 codes
  const levels = nearestLevels(sizes);
  if (!signed) return { signed, values: Float32Array.from(sizes), codes: Uint8Array.from(levels) };
  const zero = sizes.length - 2;
  const negative = sizes.slice(1, -1).reverse();
  return {
    signed,
    values: Float32Array.from([...negative.map((size) => -size), ...sizes]),
    codes: Uint8Array.from([
      ...levels
        .slice(1)
        .reverse()
        .map((level) => Math.max(0, zero - level)),
      ...levels.map((level) => zero + level),
    ]),
  };
}

/** Number of the nearest size for each cell; all but the cell of 0 get more than 0 where there is no sign. */
function nearestLevels(sizes: readonly number[]): number[] {
  let level = 0;
  return Array.from({ length: cells }, (_, cell) => {
    const middle = ((cell + 0.5) / (cells - 1)) ** 4;
    while (level < sizes.length - 1 && middle > (sizes[level] + sizes[level + 1]) / 2) level++;
    return sizes.length === 256 && cell > 0 ? Math.max(level, 1) : level;
  });
}

let made: { signed: DynamicMap; unsigned: DynamicMap } | undefined;

function maps(): { signed: DynamicMap; unsigned: DynamicMap } {
  made ??= { signed: dynamicMap(true), unsigned: dynamicMap(false) };
  return made;
}

const blocksOf = (size: number) => Math.ceil(size / block);

const tables = new WeakMap<Graph, Map<DynamicMap, { values: Value; codes: Value }>>();

/** The constants of a map, once in each graph. */
function tablesOf(g: Graph, map: DynamicMap): { values: Value; codes: Value } {
  const ofGraph = tables.get(g) ?? new Map<DynamicMap, { values: Value; codes: Value }>();
  tables.set(g, ofGraph);
  const { values, codes } = map;
  const known = ofGraph.get(map) ?? {
    values: g.constant(values, [values.length]),
    codes: g.constant(codes, [codes.length]),
  };
  ofGraph.set(map, known);
  return known;
}

/** Codes [blocks * 256] and scales [blocks] of numbers [blocks, 256]. */
export function quantize(g: Graph, numbers: Value, map: DynamicMap): [codes: Value, scales: Value] {
  const [blocks] = numbers.shape;
  const { signed } = map;
  const scales = g.reduceMax(signed ? g.abs(numbers) : numbers, [1]);
  const divisor = g.reshape(g.maximum(scales, 1e-37), [blocks, 1]); // a block of zeros stays one
  const ratio = g.reshape(g.div(numbers, divisor), [blocks * block]);
  const root = g.sqrt(g.sqrt(signed ? g.abs(ratio) : ratio));
  const place = g.mul(signed ? g.mul(g.sign(ratio), root) : root, cells - 1);
  const integer = (value: number) => g.constant(Int32Array.of(value), []);
  const cell = g.cast(place, 'int32');
  const index = g.maximum(signed ? g.add(cell, integer(cells - 1)) : cell, integer(0)); // NaN is below 0
  return [g.gather(tablesOf(g, map).codes, index), scales];
}

/** The numbers [blocks, 256] that codes and scales stand for. */
export function dequantize(g: Graph, codes: Value, scales: Value, map: DynamicMap): Value {
  const blocks = scales.shape[0];
  const shares = g.gather(tablesOf(g, map).values, g.cast(codes, 'int32'));
  return g.mul(g.reshape(shares, [blocks, block]), g.reshape(scales, [blocks, 1]));
}

export const adamw8: Optimizer<AdamWOptions> = {
  states: ['exp_avg', 'exp_avg_scale', 'exp_avg_sq', 'exp_avg_sq_scale'],
  stateSize: (state, { size }) => blocksOf(size) * (state.endsWith('_scale') ? 1 : block),
  stateType: (state) => (state.endsWith('_scale') ? 'float32' : 'uint8'),
  alone: 'nothing',
  scalars: adamw.scalars,
  update: (call, options) => {
    const { g, parameter, gradient, states } = call;
    const [size] = parameter.shape;
    const starts = Array.from({ length: Math.ceil(size / pieceElements) }, (_, i) => i * pieceElements);
    const sizes = starts.map((start) => Math.min(pieceElements, size - start));
    const cut = (value: Value, each: (size: number) => number) => g.split(value, 0, sizes.map(each));
    const parameters = cut(parameter, (own) => own);
    const gradients = cut(gradient, (own) => own);
    const pieces = states.map((state, i) => cut(state, (own) => blocksOf(own) * (i % 2 === 0 ? block : 1)));
    const updated = sizes.map((_, i) =>
      updatePiece(
        { ...call, parameter: parameters[i], gradient: gradients[i], states: pieces.map((own) => own[i]) },
        options,
      ),
    );
    const joined = (part: (piece: ReturnType<typeof updatePiece>) => Value) => g.concat(updated.map(part), 0);
    return {
      parameter: joined((piece) => piece.parameter),
      states: states.map((_, i) => joined((piece) => piece.states[i])),
    };
  },
};

function updatePiece(call: UpdateCall, options: AdamWOptions): { parameter: Value; states: Value[] } {
  const { g, gradient, states } = call;
  const { signed, unsigned } = maps();
  const [size] = gradient.shape;
  const blocks = blocksOf(size);
  const padding = blocks * block - size;
  const whole =
    padding === 0 ? gradient : g.concat([gradient, g.constant(new Float32Array(padding), [padding])], 0);
  const [average, square] = moments(
    { ...call, gradient: g.reshape(whole, [blocks, block]) },
    dequantize(g, states[0], states[1], signed),
    dequantize(g, states[2], states[3], unsigned),
    options,
  );
  const flat = (value: Value) => g.slice(g.reshape(value, [blocks * block]), 0, 0, size);
  return {
    parameter: adamStep(call, flat(average), flat(square), options),
    states: [...quantize(g, average, signed), ...quantize(g, square, unsigned)],
  };
}
