// Rotary position embedding (Su et al. 2021, https://arxiv.org/abs/2104.09864): tables of cosines and sines,
// computed in float32 exactly as transformers does (modeling_rope_utils.py): inverse frequencies in float32,
// then the product.
import { z } from 'zod';
import type { Graph, Value } from '../../compiler/graph.ts';

/** `rope_scaling` of config.json, also in its newer form `rope_parameters`. */
export const RopeScaling = z.looseObject({
  rope_theta: z.number().positive().nullish(),
  partial_rotary_factor: z.number().positive().nullish(),
  rope_type: z.string().optional(),
  type: z.string().optional(),
  factor: z.number().optional(),
  low_freq_factor: z.number().optional(),
  high_freq_factor: z.number().optional(),
  original_max_position_embeddings: z.int().optional(),
  attention_factor: z.number().nullable().optional(),
  beta_fast: z.number().optional(),
  beta_slow: z.number().optional(),
  mscale: z.number().optional(),
  mscale_all_dim: z.number().optional(),
  truncate: z.boolean().optional(),
  short_factor: z.array(z.number()).optional(),
  long_factor: z.array(z.number()).optional(),
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
 * The settings of a configuration in either of its forms; what lies inside `rope_parameters` counts first.
 */
export function rotarySettings(
  config: RotaryConfig,
  defaults: { theta?: number; partial?: number } = {},
): RotarySettings {
  const given = config.rope_scaling ?? config.rope_parameters;
  const original = config.original_max_position_embeddings ?? given?.original_max_position_embeddings;
  return {
    theta: given?.rope_theta ?? config.rope_theta ?? defaults.theta ?? 10000,
    partial: given?.partial_rotary_factor ?? config.partial_rotary_factor ?? defaults.partial ?? 1,
    maxPositionEmbeddings: config.max_position_embeddings,
    scaling: given && {
      ...given,
      original_max_position_embeddings: original ?? config.max_position_embeddings,
    },
  };
}

export interface RotaryTables {
  /** [positions, rotated / 2] */
  cos: Value;
  sin: Value;
}

/** Scalings that `inverseFrequencies` knows; anything else is refused when a model is opened. */
export const ropeTypes = ['default', 'linear', 'dynamic', 'llama3', 'yarn', 'longrope'] as const;

export function ropeType(scaling: RopeScaling | null | undefined): string {
  const name = scaling?.rope_type ?? scaling?.type ?? 'default';
  return name === 'su' ? 'longrope' : name;
}

export function rotaryTables(
  g: Graph,
  headDim: number,
  settings: RotarySettings,
  positions: number,
): RotaryTables {
  const { frequencies, factor } = inverseFrequencies(headDim, settings, positions);
  const half = frequencies.length;
  const cos = new Float32Array(positions * half);
  const sin = new Float32Array(positions * half);
  for (let position = 0; position < positions; position++) {
    for (let i = 0; i < half; i++) {
      const angle = Math.fround(position * frequencies[i]);
      cos[position * half + i] = Math.fround(Math.cos(angle)) * factor;
      sin[position * half + i] = Math.fround(Math.sin(angle)) * factor;
    }
  }
  return { cos: g.constant(cos, [positions, half]), sin: g.constant(sin, [positions, half]) };
}

/** Inverse frequencies [rotated / 2] in float32, and the factor on cosines and sines. */
export function inverseFrequencies(
  headDim: number,
  { theta, scaling, maxPositionEmbeddings, partial = 1 }: RotarySettings,
  positions: number,
): { frequencies: Float32Array; factor: number } {
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
  const { factor = 1, low_freq_factor: low = 1, high_freq_factor: high = 4 } = scaling;
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
): { frequencies: Float32Array; factor: number } {
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
  const lowRaw = dimensionOf(scaling.beta_fast ?? 32);
  const highRaw = dimensionOf(scaling.beta_slow ?? 1);
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
): { frequencies: Float32Array; factor: number } {
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
