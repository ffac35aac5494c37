// SmolLM3: Llama whose every fourth layer does not rotate positions (NoPE).
// Reference: transformers, models/smollm3/modeling_smollm3.py.
import { z } from 'zod';
import { slidesAt, windowFields, windowOf } from './blocks/layer-types.ts';
import { rotarySettings } from './blocks/rotary.ts';
import { LlamaConfig, llamaLike } from './llama.ts';

const SmolLm3Config = LlamaConfig.extend({
  ...windowFields,
  num_key_value_heads: z.int().positive().nullish().default(4),
  use_sliding_window: z.boolean().default(false),
  /** 1 where a layer rotates positions, 0 where it does not. */
  no_rope_layers: z.array(z.int()).nullish(),
  no_rope_layer_interval: z.int().positive().default(4),
  max_position_embeddings: z.int().positive().default(32768),
  tie_word_embeddings: z.boolean().default(true),
});
type SmolLm3Config = z.infer<typeof SmolLm3Config>;

function rotates(config: SmolLm3Config, layer: number): boolean {
  const flag = config.no_rope_layers?.[layer];
  return flag === undefined ? (layer + 1) % config.no_rope_layer_interval !== 0 : flag !== 0;
}

export const smollm3 = llamaLike(
  {
    id: 'smollm3',
    label: 'SmolLM3',
    description: 'Llama-like decoder in which every fourth layer has no positions: SmolLM3.',
    modelTypes: ['smollm3'],
  },
  SmolLm3Config,
  {
    rotary: (config, layer) => (rotates(config, layer) ? rotarySettings(config, { theta: 2e6 }) : undefined),
    window: (config, layer) =>
      windowOf(config, config.use_sliding_window && slidesAt(config, layer, !rotates(config, layer))),
  },
);
