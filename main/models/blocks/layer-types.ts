// Which layers see only a window of the past: `layer_types` of config.json, or what stood for it in older
// files.
import { z } from 'zod';

/** Fields of config.json about windows. */
export const windowFields = {
  sliding_window: z.int().positive().nullish(),
  layer_types: z.array(z.enum(['full_attention', 'sliding_attention'])).nullish(),
};

interface WindowConfig {
  sliding_window?: number | null;
  layer_types?: readonly string[] | null;
}

/** Whether a layer is a windowed one; `otherwise` decides where `layer_types` is absent. */
export function slidesAt({ layer_types: types }: WindowConfig, layer: number, otherwise: boolean): boolean {
  const type = types?.[layer];
  return type === undefined ? otherwise : type === 'sliding_attention';
}

/** Window of a layer; undefined = all that came before. */
export function windowOf(config: WindowConfig, slides: boolean): number | undefined {
  return slides ? (config.sliding_window ?? undefined) : undefined;
}
