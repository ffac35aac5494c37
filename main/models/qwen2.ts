// Qwen2 and Qwen2.5: Llama with biases on q, k and v, and an optional sliding window in the upper layers.
// Reference: transformers, models/qwen2/modeling_qwen2.py.
import { type LlamaConfig, llamaLike } from './llama.ts';

function window(config: LlamaConfig, layer: number): number | undefined {
  const { use_sliding_window: used, max_window_layers: full } = config as {
    use_sliding_window?: boolean;
    max_window_layers?: number;
  };
  return used && layer >= (full ?? 28) ? (config.sliding_window ?? undefined) : undefined;
}

export const qwen2 = llamaLike(
  {
    id: 'qwen2',
    label: 'Qwen2',
    description: 'Llama-like decoder with biases on queries, keys and values: Qwen2 and Qwen2.5.',
    modelTypes: ['qwen2'],
  },
  { qkvBias: true, outputBias: false, window },
);
