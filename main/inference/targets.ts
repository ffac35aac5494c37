// Texts out of texts by an encoder-decoder: greedy, several sources at once. Each step computes the texts so far again, so
// it suits short targets such as labels and sentences; there is no cache of keys and values yet.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Provider } from '../compiler/lowering.ts';
import { AppError } from '../errors.ts';
import { declaredFeeds, prepare } from '../training/feeds.ts';
import { compileLogits } from '../training/programs.ts';
import { createSession } from '../training/session.ts';
import { pairBatch } from '../training/tasks/seq2seq.ts';
import type { Text } from '../training/tasks/texts.ts';
import type { TunedModel } from './weights.ts';

export interface TargetOptions {
  /** Ids that end a target; none of them is part of it. */
  eosIds: readonly number[];
  maxNewTokens: number;
  provider?: Provider;
  threads?: number;
  signal?: AbortSignal;
}

/** The likeliest target of each source, token by token. Aborting gives what is there so far. */
export async function greedyTargets(
  { model, weights }: TunedModel,
  sources: readonly Text[],
  { eosIds, maxNewTokens, provider = 'cpu', threads, signal }: TargetOptions,
): Promise<number[][]> {
  const startId = model.architecture.decoderStart?.(model.config);
  if (startId === undefined) {
    throw new AppError(
      'model-without-targets',
      `"${model.name}" has no decoder beside an encoder, so it makes no text out of another.`,
      'Choose an encoder-decoder such as T5.',
    );
  }
  if (sources.length === 0) return [];
  const targetWidth = maxNewTokens;
  const padId = Number(model.rawConfig.pad_token_id ?? startId);
  const width = Math.max(1, ...sources.map(({ ids }) => ids.length));
  const texts = sources.map((source) => ({ ...source, target: [] }));
  const { shape, feeds } = prepare(pairBatch(texts, { width, targetWidth, padId, startId }));
  const program = compileLogits(
    shape,
    {
      model,
      pages: weights?.pages ?? [],
      sites: weights?.sites ?? [],
      provider,
      recompute: 'off',
      dropout: 0,
      labelSmoothing: 0,
    },
    sources.length,
  );
  const session = await createSession(program, { threads, weightsFolder: model.weightsFolder });
  const targets: number[][] = sources.map(() => []);
  const open = new Set(sources.keys());
  const read = feeds.targetIds as Int32Array;
  try {
    for (let place = 0; place < maxNewTokens && open.size > 0 && !signal?.aborted; place++) {
      const rows = Int32Array.from(sources, (_, row) => row * targetWidth + place);
      const { logits } = await session.run({
        ...declaredFeeds(program, { ...feeds, rows }),
        ...weights?.parameters.named('p'),
      });
      const vocabulary = logits.length / sources.length;
      for (const row of open) {
        const id = likeliest((logits as Float32Array).subarray(row * vocabulary, (row + 1) * vocabulary));
        if (eosIds.includes(id)) open.delete(row);
        else targets[row].push(id);
        if (place + 1 < targetWidth) read[row * targetWidth + place + 1] = id;
      }
      await nextTurn();
    }
  } finally {
    await session.release();
  }
  return targets;
}

function likeliest(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}
