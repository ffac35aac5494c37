// Losses of a model that is read part by part: its files may be larger than memory, and the peak of the process stays
// that of one part (segments.ts). Slower than a trainer for many batches, since each makes its sessions anew; for a few.
// On the processor, in float32.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { lower } from '../compiler/lowering.ts';
import { segmentsOf } from '../compiler/segments.ts';
import type { Model } from '../models/load.ts';
import type { LoraSite } from '../models/lora.ts';
import { declaredFeeds, prepare } from './feeds.ts';
import type { Page, PagedArrays } from './parameters.ts';
import { lossGraph } from './programs.ts';
import { createSession, type Numbers } from './session.ts';
import { taskTypeOf } from './tasks/index.ts';
import type { BatchArrays } from './trainer.ts';

/** Values on top of the model, such as an adapter. */
export interface OnTop {
  pages: readonly Page[];
  sites: readonly LoraSite[];
  parameters: PagedArrays;
}

export interface PartsOptions {
  onTop?: OnTop;
  /** 0 = one for each core. */
  threads?: number;
  /** Bytes of files that one part reads, about. */
  weightBytes?: number;
}

const usualBytes = 150e6;

/** nll of each label of a batch, as a trainer gives it. */
export async function lossesInParts(
  model: Model,
  batch: BatchArrays,
  { onTop, threads = 0, weightBytes = usualBytes }: PartsOptions = {},
): Promise<Float32Array> {
  const { shape, feeds } = prepare(batch);
  const graph = lossGraph(shape, {
    model,
    pages: onTop?.pages ?? [],
    sites: onTop?.sites ?? [],
    provider: 'cpu',
    recompute: 'off',
    dropout: 0,
    labelSmoothing: 0,
    task: taskTypeOf(model).loss,
  });
  const values: Record<string, Numbers> = { ...feeds, ...onTop?.parameters.named('p') };
  for (const part of segmentsOf(graph, weightBytes)) {
    const program = lower(part, 'cpu');
    const session = await createSession(program, { threads, weightsFolder: model.weightsFolder });
    try {
      Object.assign(values, await session.run(declaredFeeds(program, values)));
    } finally {
      await session.release();
    }
    await nextTurn();
  }
  const count = batch.targets === undefined ? batch.labels.length : batch.weights.length;
  return (values.nll as Float32Array).slice(0, count);
}
