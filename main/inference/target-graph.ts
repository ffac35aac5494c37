// The two graphs that an encoder-decoder writes with: one reads sources and leaves the keys and values that the decoder
// looks at, the other reads one token of each text so far. All texts are equally long, so that one number says where they
// stand. Knows nothing of sampling or text.
import { Graph, type Value } from '../compiler/graph.ts';
import { lower, type Program } from '../compiler/lowering.ts';
import { assert } from '../errors.ts';
import { tokenMask } from '../models/blocks/encoder-attention.ts';
import { stepAttention } from '../models/blocks/step-attention.ts';
import { ModelBuilder } from '../models/builder.ts';
import type { EncoderDecoder } from '../models/encoder-decoder.ts';
import { siteAdapters } from '../models/lora.ts';
import { pageInputs } from '../training/programs.ts';
import type { DecodeOptions } from './kv-cache.ts';

export interface EncodeShape {
  sources: number;
  /** Places of a source. */
  width: number;
}

export interface StepShape extends EncodeShape {
  /** Texts that are written of each source: rows are sources * beams, those of a source together. */
  beams: number;
  /** Keys of earlier tokens that the cache has room for. */
  places: number;
}

/**
 * Inputs: ids and segments [sources, width] int32, segments 1 at tokens and 0 at padding. Outputs: source.key.0,
 * source.value.0, .. [sources, heads, width, headDim].
 */
export function compileEncode({ sources, width }: EncodeShape, options: DecodeOptions): Program {
  const { architecture, config } = options.model;
  const g = new Graph();
  const ids = g.input('ids', [sources, width], 'int32');
  const segments = g.input('segments', [sources, width], 'int32');
  const builder = builderOf(g, ids, options, segments);
  const { heads, headDim } = (architecture as EncoderDecoder).targetAttention(config);
  const byHead = (x: Value) => g.transpose(g.reshape(x, [sources, width, heads, headDim]), [0, 2, 1, 3]);
  for (const [layer, { keys, values }] of (architecture as EncoderDecoder)
    .encode(builder, config)
    .entries()) {
    g.output(`source.key.${layer}`, byHead(keys));
    g.output(`source.value.${layer}`, byHead(values));
  }
  return lower(g, options.provider, options.packed);
}

/**
 * Inputs: ids [rows] and past [1] int32; segments [sources, width] int32 and the outputs of `compileEncode`; key.0,
 * value.0, .. [rows, heads, places, headDim]. Outputs: logits [rows, vocabulary]; key.0.new, value.0.new, .. [rows, heads, 1,
 * headDim] for the cache, which is only read here.
 */
export function compileStep(shape: StepShape, options: DecodeOptions): Program {
  const { sources, width, beams, places } = shape;
  const { architecture, config } = options.model;
  const { decode, targetAttention } = architecture as EncoderDecoder;
  const { heads, headDim, scale } = targetAttention(config);
  const rows = sources * beams;
  const g = new Graph();
  const ids = g.input('ids', [rows], 'int32');
  const past = g.input('past', [1], 'int32');
  const seen = tokenMask(g, g.input('segments', [sources, width], 'int32'));
  const builder = builderOf(g, g.reshape(ids, [rows, 1]), options);
  const cache = (name: string, layer: number) => g.input(`${name}.${layer}`, [rows, heads, places, headDim]);
  const sourceInput = (name: string, layer: number) =>
    g.input(`source.${name}.${layer}`, [sources, heads, width, headDim]);
  const flat = (x: Value) => g.reshape(x, [rows, heads * headDim]);
  /** Swaps beams and heads. */
  const swapped = (x: Value) => (beams === 1 ? x : g.transpose(x, [0, 2, 1, 3]));
  const result = decode(builder, config, {
    ids,
    past,
    places,
    self: (layer, q, k, v, bias) => {
      const [queries, keys, values] = [q, k, v].map((x) => g.reshape(x, [rows, heads, 1, headDim]));
      g.output(`key.${layer}.new`, keys);
      g.output(`value.${layer}.new`, values);
      const earlier = { keys: cache('key', layer), values: cache('value', layer) };
      return flat(stepAttention(g, queries, [earlier, { keys, values }], { scale, bias }));
    },
    cross: (layer, q) => {
      // texts of one source look at the same keys, so their queries are rows of one product
      const shape = beams === 1 ? [sources, heads, 1, headDim] : [sources, beams, heads, headDim];
      const source = { keys: sourceInput('key', layer), values: sourceInput('value', layer) };
      return flat(swapped(stepAttention(g, swapped(g.reshape(q, shape)), [source], { scale, bias: seen })));
    },
  });
  g.output('logits', builder.logits(result, result.hidden));
  return lower(g, options.provider, options.packed);
}

function builderOf(g: Graph, ids: Value, options: DecodeOptions, segments?: Value): ModelBuilder {
  const { model, provider } = options;
  const [batch, width] = ids.shape;
  const parameters = pageInputs(g, options.pages);
  for (const name of options.widened)
    parameters.set(name, g.input(`w:${name}`, model.tensors.get(name)?.shape ?? []));
  return new ModelBuilder({
    graph: g,
    provider,
    batch,
    width,
    ids,
    positions: ids, // no encoder-decoder reads positions: they have biases of distances
    segments,
    maxPositions: width,
    attend: (_, q) => {
      assert(false, 'an encoder-decoder attends by itself');
      return q;
    },
    recompute: 'off',
    tensors: model.tensors,
    quantized: model.quantized?.weights,
    locate: model.locate,
    parameters,
    adapters: siteAdapters(options.sites, parameters),
  });
}
