// Rotary position embedding (Su et al. 2021, https://arxiv.org/abs/2104.09864): tables of cosines and sines,
// computed in float32 exactly as transformers does (modeling_rope_utils.py): inverse frequencies in float32,
// then the product. Dynamic and LongRoPE scaling depend on how far the positions of a text reach: their tables are inputs.
import { z } from 'zod';
import type { Graph, Value } from '../../compiler/graph.ts';
import { sizeOf } from '../../compiler/shape.ts';
import { AppError } from '../../errors.ts';

/** `rope_scaling` of config.json, also in its newer form `rope_parameters`. */
export const RopeScaling = z.looseObject({
  rope_theta: z.number().positive().nullish(),
  partial_rotary_factor: z.number().positive().nullish(),
  rope_type: z.string().nullish(),
  type: z.string().nullish(),
  factor: z.number().nullish(),
  low_freq_factor: z.number().nullish(),
  high_freq_factor: z.number().nullish(),
  original_max_position_embeddings: z.int().positive().nullish(),
  attention_factor: z.number().nullish(),
  beta_fast: z.number().nullish(),
  beta_slow: z.number().nullish(),
  mscale: z.number().nullish(),
  mscale_all_dim: z.number().nullish(),
  truncate: z.boolean().nullish(),
  short_factor: z.array(z.number()).nullish(),
  long_factor: z.array(z.number()).nullish(),
});
export type RopeScaling = z.infer<typeof RopeScaling>;

export interface RotarySettings {
  theta: number;
  scaling?: RopeScaling | null;
  /** Context length of the model, which some scalings refer to. */
  maxPositionEmbeddings: number;
  /** Share of each head that is rotated. */
  partial?: number;
}

/** Fields of config.json that say how positions are rotated; the same in most architectures. */
export const rotaryFields = {
  max_position_embeddings: z.int().positive().default(2048),
  original_max_position_embeddings: z.int().positive().nullish(),
  partial_rotary_factor: z.number().positive().nullish(),
  rope_theta: z.number().positive().nullish(),
  rope_scaling: RopeScaling.nullish(),
  rope_parameters: RopeScaling.nullish(),
};

export interface RotaryConfig {
  max_position_embeddings: number;
  original_max_position_embeddings?: number | null;
  partial_rotary_factor?: number | null;
  rope_theta?: number | null;
  rope_scaling?: RopeScaling | null;
  rope_parameters?: RopeScaling | null;
}

/**
 * The settings of a configuration in either of its forms; what lies inside `rope_parameters` counts first. As in
 * transformers, only families that say so (`partial`: unless told otherwise) turn a part of each head.
 * @throws AppError `rope-unsupported`
 */
export function rotarySettings(
  config: RotaryConfig,
  family: { theta?: number; partial?: number } = {},
): RotarySettings {
  const given = statedScaling(config);
  const original = config.original_max_position_embeddings ?? given?.original_max_position_embeddings;
  const partial = given?.partial_rotary_factor ?? config.partial_rotary_factor ?? family.partial ?? 1;
  if (family.partial === undefined && partial !== 1 && ropeType(given) !== 'default')
    throw new AppError(
      'rope-unsupported',
      `config.json says partial_rotary_factor = ${partial} beside "${ropeType(given)}" scaling of positions, which this family does not have.`,
      'Choose another model.',
    );
  return {
    theta: given?.rope_theta ?? config.rope_theta ?? family.theta ?? 10000,
    partial: family.partial === undefined ? 1 : partial,
    maxPositionEmbeddings: config.max_position_embeddings,
    scaling: given && {
      ...given,
      original_max_position_embeddings: original ?? config.max_position_embeddings,
    },
  };
}

/** An empty `rope_scaling` says nothing. */
function statedScaling({ rope_scaling: old, rope_parameters: parameters }: RotaryConfig) {
  return old && Object.keys(old).length > 0 ? old : parameters;
}

/** @throws AppError `rope-unsupported` where heads of this width cannot be rotated so */
export function requireRotation(headDim: number, { scaling, partial = 1 }: RotarySettings): void {
  const rotated = Math.floor(headDim * partial);
  const lists = ropeType(scaling) === 'longrope' ? (['short_factor', 'long_factor'] as const) : [];
  const misfit = lists.find((key) => scaling?.[key]?.length !== rotated / 2);
  if (rotated > 0 && rotated % 2 === 0 && misfit === undefined) return;
  throw new AppError(
    'rope-unsupported',
    misfit === undefined || rotated % 2 !== 0
      ? `${rotated} of ${headDim} numbers of each head would be rotated, but they are rotated in pairs.`
      : `${misfit} of config.json has ${scaling?.[misfit]?.length} numbers for ${rotated / 2} pairs that are rotated.`,
    'Choose another model.',
  );
}

/** How many positions a text may have: scalings may go beyond what the rest of the model was made for. */
export function contextOf({ scaling, maxPositionEmbeddings }: RotarySettings): number {
  const type = ropeType(scaling);
  const factor = scaling?.factor ?? 1;
  if (type === 'dynamic') return Math.max(1, Math.floor(maxPositionEmbeddings * factor));
  const original = scaling?.original_max_position_embeddings ?? 0;
  return Math.max(maxPositionEmbeddings, type === 'yarn' ? Math.floor(original * factor) : 0);
}

export interface RotaryTables {
  /** [positions, rotated / 2] */
  cos: Value;
  sin: Value;
}

/** Scalings that `inverseFrequencies` knows, with the fields that each has to have; anything else is refused when a model is opened. */
export const ropeTypes = {
  default: [],
  linear: ['factor'],
  dynamic: ['factor'],
  llama3: ['factor', 'low_freq_factor', 'high_freq_factor'],
  yarn: ['factor'],
  longrope: ['short_factor', 'long_factor'],
} satisfies Record<string, (keyof RopeScaling)[]>;

/** What is wrong with a scaling of config.json: one it cannot have, or lacks a field; undefined = nothing. */
export function ropeProblem(scaling: RopeScaling | null | undefined): string | undefined {
  const type = ropeType(scaling);
  const fields = Object.entries(ropeTypes).find(([name]) => name === type)?.[1];
  if (fields === undefined)
    return `"${type}", which Tunesmith does not know. It knows: ${Object.keys(ropeTypes).join(', ')}`;
  const missing = fields.find((field) => scaling?.[field] === undefined || scaling[field] === null);
  return missing === undefined ? undefined : `"${type}", but does not say its ${missing}`;
}

/** LongRoPE was called "su" and "yarn" in the first files that had it. */
export function ropeType(scaling: RopeScaling | null | undefined): string {
  const name = scaling?.rope_type ?? scaling?.type ?? 'default';
  return name === 'su' || (name === 'yarn' && scaling?.long_factor) ? 'longrope' : name;
}

/** For texts of up to `positions`; `rows` may be more, for padding. */
export function rotaryTables(
  g: Graph,
  headDim: number,
  settings: RotarySettings,
  positions: number,
  rows = positions,
): RotaryTables {
  const spread = inverseFrequencies(headDim, settings, positions);
  const shape = [rows, spread.frequencies.length];
  const [cos, sin] = [new Float32Array(sizeOf(shape)), new Float32Array(sizeOf(shape))];
  for (let position = 0; position < rows; position++) fillRow(position, position, spread, cos, sin);
  return { cos: g.constant(cos, shape), sin: g.constant(sin, shape) };
}

/** What `reachOf` says: from which length on keys are turned otherwise, and whether those before are then made anew. */
export interface Reach {
  beyond: number;
  /** LongRoPE turns all positions of a longer text by other factors; dynamic scaling goes on a little further with each token. */
  changes: 'once' | 'always';
}

/** How a rotation depends on the length of a text; undefined = it does not. */
export function reachOf({ scaling, maxPositionEmbeddings }: RotarySettings): Reach | undefined {
  const type = ropeType(scaling);
  if (type === 'dynamic') return { beyond: maxPositionEmbeddings, changes: 'always' };
  if (type !== 'longrope') return undefined;
  return { beyond: scaling?.original_max_position_embeddings ?? maxPositionEmbeddings, changes: 'once' };
}

/**
 * Cosines and then sines [2, places, rotated / 2] of single places, by their positions and by how many positions the text
 * has that each belongs to.
 */
export function placedTables(
  headDim: number,
  settings: RotarySettings,
  positions: Int32Array,
  lengths: Int32Array,
): Float32Array {
  const known = new Map<number, Frequencies>();
  const spreads = Array.from(lengths, (length) => {
    const spread = known.get(length) ?? inverseFrequencies(headDim, settings, length);
    known.set(length, spread);
    return spread;
  });
  const size = positions.length * spreads[0].frequencies.length;
  const tables = new Float32Array(2 * size);
  const [cos, sin] = [tables.subarray(0, size), tables.subarray(size)];
  positions.forEach((position, place) => {
    fillRow(place, position, spreads[place], cos, sin);
  });
  return tables;
}

function fillRow(
  row: number,
  position: number,
  { frequencies, factor }: Frequencies,
  cos: Float32Array,
  sin: Float32Array,
): void {
  const half = frequencies.length;
  for (let i = 0; i < half; i++) {
    const angle = Math.fround(position * frequencies[i]);
    cos[row * half + i] = Math.fround(Math.cos(angle)) * factor;
    sin[row * half + i] = Math.fround(Math.sin(angle)) * factor;
  }
}

/** Inverse frequencies [rotated / 2] in float32, and the factor on cosines and sines. */
interface Frequencies {
  frequencies: Float32Array;
  factor: number;
}

/** Those of a text with so many positions. */
export function inverseFrequencies(
  headDim: number,
  { theta, scaling, maxPositionEmbeddings, partial = 1 }: RotarySettings,
  positions: number,
): Frequencies {
  const rotated = Math.floor(headDim * partial);
  const base = (theta_: number) =>
    Float32Array.from(
      { length: rotated / 2 },
      (_, i) => 1 / Math.fround(theta_ ** Math.fround((2 * i) / rotated)),
    );
  const frequencies = base(theta);
  const type = ropeType(scaling);
  const factor = scaling?.factor ?? 1;
  if (type === 'linear') return { frequencies: frequencies.map((f) => f / factor), factor: 1 };
  if (type === 'dynamic') {
    // NTK-aware: the base grows once the sequence is longer than the model was made for
    const length = Math.max(positions, maxPositionEmbeddings);
    const grown =
      theta * ((factor * length) / maxPositionEmbeddings - (factor - 1)) ** (rotated / (rotated - 2));
    return { frequencies: base(grown), factor: 1 };
  }
  if (type === 'llama3') return { frequencies: llama3(frequencies, scaling as RopeScaling), factor: 1 };
  if (type === 'yarn')
    return yarn(rotated, theta, scaling as RopeScaling, maxPositionEmbeddings, frequencies);
  if (type === 'longrope')
    return longrope(rotated, theta, scaling as RopeScaling, maxPositionEmbeddings, positions);
  return { frequencies, factor: 1 };
}

/** Llama 3.1: low frequencies are divided by `factor`, high ones kept, those between are interpolated. */
function llama3(frequencies: Float32Array, scaling: RopeScaling): Float32Array {
  const factor = scaling.factor ?? 1;
  const [low, high] = [scaling.low_freq_factor ?? 1, scaling.high_freq_factor ?? 4];
  const original = scaling.original_max_position_embeddings ?? 8192;
  return frequencies.map((frequency) => {
    const wavelength = Math.fround((2 * Math.PI) / frequency);
    if (wavelength > original / low) return frequency / factor;
    if (wavelength < original / high) return frequency;
    const smooth = (original / wavelength - low) / (high - low);
    return ((1 - smooth) * frequency) / factor + smooth * frequency;
  });
}

/** YaRN (Peng et al. 2023, https://arxiv.org/abs/2309.00071). */
function yarn(
  dim: number,
  theta: number,
  scaling: RopeScaling,
  maxPositionEmbeddings: number,
  extrapolated: Float32Array,
): Frequencies {
  const original = scaling.original_max_position_embeddings ?? maxPositionEmbeddings;
  const factor = scaling.factor ?? maxPositionEmbeddings / original;
  const mscale = (scale: number, weight = 1) => (scale <= 1 ? 1 : 0.1 * weight * Math.log(scale) + 1);
  const attention =
    scaling.attention_factor ??
    (scaling.mscale && scaling.mscale_all_dim
      ? mscale(factor, scaling.mscale) / mscale(factor, scaling.mscale_all_dim)
      : mscale(factor));
  const dimensionOf = (rotations: number) =>
    (dim * Math.log(original / (rotations * 2 * Math.PI))) / (2 * Math.log(theta));
  const truncate = scaling.truncate ?? true;
  const lowRaw = dimensionOf(scaling.beta_fast || 32);
  const highRaw = dimensionOf(scaling.beta_slow || 1);
  const low = Math.max(truncate ? Math.floor(lowRaw) : lowRaw, 0);
  const high = Math.min(truncate ? Math.ceil(highRaw) : highRaw, dim - 1);
  const span = high === low ? 0.001 : high - low;
  const frequencies = extrapolated.map((frequency, i) => {
    const extrapolation = 1 - Math.min(1, Math.max(0, (i - low) / span));
    return (frequency / factor) * (1 - extrapolation) + frequency * extrapolation;
  });
  return { frequencies, factor: attention };
}

/** LongRoPE (Ding et al. 2024, https://arxiv.org/abs/2402.13753), as Phi-3 uses it. */
function longrope(
  dim: number,
  theta: number,
  scaling: RopeScaling,
  maxPositionEmbeddings: number,
  positions: number,
): Frequencies {
  const original = scaling.original_max_position_embeddings ?? maxPositionEmbeddings;
  const factor = scaling.factor ?? maxPositionEmbeddings / original;
  const attention =
    scaling.attention_factor ?? (factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original)));
  const factors = (positions > original ? scaling.long_factor : scaling.short_factor) ?? [];
  const frequencies = Float32Array.from({ length: dim / 2 }, (_, i) => {
    const power = Math.fround(theta ** Math.fround((2 * i) / dim));
    return 1 / Math.fround(Math.fround(factors[i] ?? 1) * power);
  });
  return { frequencies, factor: attention };
}
