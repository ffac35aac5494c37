// Qwen2 and Qwen2.5: Llama with biases on q, k and v, and an optional sliding window in the upper layers.
// Reference: transformers, models/qwen2/modeling_qwen2.py.
import { z } from 'zod';
import { decoderGguf, type GgufMapping } from './blocks/gguf-names.ts';
import { slidesAt, windowFields, windowOf } from './blocks/layer-types.ts';
import { LlamaConfig, llamaLike } from './llama.ts';

export const QwenConfig = LlamaConfig.extend({
  ...windowFields,
  use_sliding_window: z.boolean().default(false),
  max_window_layers: z.int().default(28),
});
export type QwenConfig = z.infer<typeof QwenConfig>;

/** Layers from `max_window_layers` on see a window, where windows are switched on. */
export function qwenWindow(config: QwenConfig, layer: number): number | undefined {
  const slides = slidesAt(config, layer, layer >= config.max_window_layers);
  return windowOf(config, config.use_sliding_window && slides);
}

/** llama.cpp has no windows in this family. */
export function qwenGguf(config: QwenConfig, names: () => GgufMapping): GgufMapping {
  const windowed = Array.from({ length: config.num_hidden_layers }, (_, i) => qwenWindow(config, i));
  return windowed.every((window) => window === undefined)
    ? names()
    : { refused: 'has layers that see only a window, which llama.cpp does not know in its family' };
}

export const qwen2 = llamaLike(
  {
    id: 'qwen2',
    label: 'Qwen2',
    description: 'Llama-like decoder with biases on queries, keys and values: Qwen2 and Qwen2.5.',
    modelTypes: ['qwen2'],
  },
  QwenConfig,
  { qkvBias: true, outputBias: false, window: qwenWindow },
  (config) => qwenGguf(config, () => decoderGguf(config, { architecture: 'qwen2' })),
);
