// The registry of model architectures.
import type { Architecture } from './architecture.ts';
import { bert } from './bert.ts';
import { distilbert } from './distilbert.ts';
import { gemma, gemma2, gemma3 } from './gemma.ts';
import { gpt2 } from './gpt2.ts';
import { granite } from './granite.ts';
import { llama } from './llama.ts';
import { mistral } from './mistral.ts';
import { olmo2 } from './olmo2.ts';
import { phi3 } from './phi3.ts';
import { qwen2 } from './qwen2.ts';
import { qwen3 } from './qwen3.ts';
import { roberta } from './roberta.ts';
import { smollm3 } from './smollm3.ts';
import { stablelm } from './stablelm.ts';
import { t5 } from './t5.ts';

export const architectures: readonly Architecture[] = [
  llama as Architecture,
  mistral as Architecture,
  qwen2 as Architecture,
  qwen3 as Architecture,
  phi3 as Architecture,
  gemma as Architecture,
  gemma2 as Architecture,
  gemma3 as Architecture,
  gpt2 as Architecture,
  smollm3 as Architecture,
  olmo2 as Architecture,
  granite as Architecture,
  stablelm as Architecture,
  bert as Architecture,
  distilbert as Architecture,
  roberta as Architecture,
  t5 as Architecture,
];

/** The architecture for a `model_type` of config.json; undefined when none is registered. */
export function architectureFor(modelType: string): Architecture | undefined {
  return architectures.find((architecture) => architecture.modelTypes.includes(modelType));
}

/** Whether stored reference numbers hold the architecture to be exact for this `model_type`. */
export function isProven(modelType: string): boolean {
  const architecture = architectureFor(modelType);
  return (architecture?.proven ?? architecture?.modelTypes ?? []).includes(modelType);
}
