// What an encoder-decoder tells beyond an architecture, so that it can write token by token: what its encoder leaves for
// the decoder, and one step of the decoder. Knows no cache: attention is given to it.
import type { Value } from '../compiler/graph.ts';
import type { Architecture, ForwardResult } from './architecture.ts';
import type { ModelBuilder } from './builder.ts';

/** Attention of a decoder's layers, to what it wrote and to the source alike. */
export interface TargetAttention {
  layers: number;
  heads: number;
  headDim: number;
  /** Factor on the scores. */
  scale: number;
}

/** One token of each text. Queries, keys and values are [rows, heads * headDim]. */
export interface TargetStep {
  /** Tokens that the decoder reads now [rows], int32. */
  ids: Value;
  /** How many it has read before [1], int32: as many keys are in the cache. */
  past: Value;
  /** Keys that the cache has room for. */
  places: number;
  /** Attention to the cache and to the new key; `bias` [1, heads, 1, places + 1] is added to the scores. */
  self(layer: number, q: Value, k: Value, v: Value, bias: Value): Value;
  /** Attention to the source. */
  cross(layer: number, q: Value): Value;
}

export interface EncoderDecoder<Config = unknown> extends Architecture<Config> {
  decoderStart(config: Config): number;
  targetAttention(config: Config): TargetAttention;
  /** Keys and values of the sources for each layer of the decoder, each [batch * width, heads * headDim]. */
  encode(builder: ModelBuilder, config: Config): { keys: Value; values: Value }[];
  /** Hidden rows [rows, hiddenSize] after one more token. */
  decode(builder: ModelBuilder, config: Config, step: TargetStep): ForwardResult;
}

export function isEncoderDecoder(architecture: Architecture): architecture is EncoderDecoder {
  return 'encode' in architecture && 'decode' in architecture;
}
