// The registry of conformance checks. A folder may hold cases of several families; each check that
// matches runs on it.
import { batchingLosses } from './batching-losses.ts';
import { batchingRowsCheck } from './batching-rows.ts';
import { chatTemplatesCheck } from './chat-templates.ts';
import type { Check } from './check.ts';
import { encoders } from './encoders.ts';
import { generationCheck } from './generation.ts';
import { ggufCheck } from './gguf.ts';
import { metricsCheck } from './metrics.ts';
import { causalModels } from './models.ts';
import { optimCheck } from './optim.ts';
import { passagesCheck } from './passages.ts';
import { schedulesCheck } from './schedules.ts';
import { encoderDecoders } from './seq2seq.ts';
import { tokenizersCheck } from './tokenizers.ts';
import { trainingCases } from './training-cases.ts';

export const checks: readonly Check[] = [
  causalModels,
  encoders,
  encoderDecoders,
  passagesCheck,
  trainingCases,
  batchingLosses,
  batchingRowsCheck,
  generationCheck,
  optimCheck,
  schedulesCheck,
  tokenizersCheck,
  chatTemplatesCheck,
  metricsCheck,
  ggufCheck,
];
