// The registry of model architectures.
import type { Architecture } from './architecture.ts';
import { llama } from './llama.ts';
import { qwen2 } from './qwen2.ts';

export const architectures: readonly Architecture[] = [llama as Architecture, qwen2 as Architecture];

/** The architecture for a `model_type` of config.json; undefined when none is registered. */
export function architectureFor(modelType: string): Architecture | undefined {
  return architectures.find((architecture) => architecture.modelTypes.includes(modelType));
}
