// Texts out of texts by an encoder-decoder, several sources at once. Each step computes the texts so far again, in graphs
// that grow with them, so it suits labels and sentences; there is no cache of keys and values yet.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Provider } from '../compiler/lowering.ts';
import { AppError } from '../errors.ts';
import { declaredFeeds, prepare } from '../training/feeds.ts';
import { compileLogits } from '../training/programs.ts';
import { createSession } from '../training/session.ts';
import { createSessionCache } from '../training/session-cache.ts';
import { pairBatch } from '../training/tasks/seq2seq.ts';
import type { Text } from '../training/tasks/texts.ts';
import { type BeamSettings, beamSearch } from './beam-search.ts';
import type { DecoderOptions } from './decoder.ts';
import { createSampler, type SamplerOptions } from './sample.ts';
import type { TunedModel } from './weights.ts';

export interface TargetOptions extends Partial<SamplerOptions> {
  /** Ids that end a target; none of them is part of it. */
  eosIds: readonly number[];
  maxNewTokens: number;
  /** The best of several whole targets, where nothing is sampled; a listener then hears of them at the end. */
  search?: BeamSettings;
  provider?: Provider;
  threads?: number;
  signal?: AbortSignal;
  /** Called for each token of the source `row`; false ends its target there. */
  onToken?: (row: number, id: number, logprob: number) => boolean | undefined;
}

/** A target without its end token, and whether the model ended it. */
export interface Target {
  ids: number[];
  ended: boolean;
}

export interface TargetWriter {
  /** The target of each source, token by token: the likeliest one unless sampling is asked for. */
  write(sources: readonly Text[], options: Omit<TargetOptions, 'provider' | 'threads'>): Promise<Target[]>;
  release(): Promise<void>;
}

/** Targets are computed at the first of these widths that holds them, and at its multiples beyond the last. */
const targetWidths = [16, 32, 64, 128, 256];
/** Widths of sources are multiples of this. */
const sourceStep = 32;

/** @throws AppError `model-without-targets` */
export function createTargetWriter({
  model,
  weights,
  provider = 'cpu',
  threads,
  maxSessions = 8,
}: DecoderOptions): TargetWriter {
  const startId = model.architecture.decoderStart?.(model.config);
  if (startId === undefined) {
    throw new AppError(
      'model-without-targets',
      `"${model.name}" has no decoder beside an encoder, so it makes no text out of another.`,
      'Choose an encoder-decoder such as T5.',
    );
  }
  const padId = Number(model.rawConfig.pad_token_id ?? startId);
  const sessions = createSessionCache(maxSessions);

  /** Logits of one place of each row [rows, vocabulary]. */
  async function logitsAt(
    sources: readonly Text[],
    width: number,
    targets: readonly Target[],
    place: number,
  ) {
    const targetWidth = targetWidths.find((one) => place < one) ?? Math.ceil((place + 1) / 256) * 256;
    const pairs = sources.map((source, row) => ({ ...source, target: [...targets[row].ids, padId] }));
    const { shape, feeds } = prepare(
      pairBatch(pairs, { width, targetWidth, padId, startId: startId as number }),
    );
    const key = `${shape.rows} ${width} ${targetWidth}`;
    const session = await sessions.get(key, () => {
      const options = {
        model,
        pages: weights?.pages ?? [],
        sites: weights?.sites ?? [],
        provider,
        recompute: 'off',
        dropout: 0,
        labelSmoothing: 0,
      } as const;
      const program = compileLogits(shape, options, sources.length);
      return createSession(program, { threads, weightsFolder: model.weightsFolder });
    });
    const rows = Int32Array.from(sources, (_, row) => row * targetWidth + place);
    const { logits } = await session.run({
      ...declaredFeeds(session.program, { ...feeds, rows }),
      ...weights?.parameters.named('p'),
    });
    return logits as Float32Array;
  }

  /** One source after the other, each with its beams as the rows. */
  async function searched(
    sources: readonly Text[],
    search: BeamSettings,
    { eosIds, maxNewTokens, vocabularySize, signal, onToken }: Omit<TargetOptions, 'search'>,
  ): Promise<Target[]> {
    const targets: Target[] = [];
    for (const [row, source] of sources.entries()) {
      const rows = Array.from({ length: search.beams }, () => source);
      const logitsOf = async (beginnings: readonly (readonly number[])[]) => {
        await nextTurn();
        if (signal?.aborted) return undefined;
        const place = beginnings[0].length;
        // fewer beginnings fill the rows of the same graph
        const begun = rows.map((_, i) => ({ ids: [...(beginnings[i] ?? beginnings[0])], ended: false }));
        const logits = await logitsAt(rows, widthOf([source]), begun, place);
        return logits.subarray(0, (logits.length / rows.length) * beginnings.length);
      };
      const { ids, logprobs, ended } = await beamSearch(logitsOf, {
        ...search,
        eosIds,
        maxNewTokens,
        vocabularySize,
      });
      const heard = ids.findIndex((id, i) => onToken?.(row, id, logprobs[i]) === false);
      targets.push(heard === -1 ? { ids, ended } : { ids: ids.slice(0, heard + 1), ended: false });
    }
    return targets;
  }

  return {
    write: async (sources, { search, ...options }) => {
      if (search !== undefined && search.beams > 1) return searched(sources, search, options);
      const { eosIds, maxNewTokens, signal, onToken, ...sampling } = options;
      const targets = sources.map((): Target => ({ ids: [], ended: false }));
      if (sources.length === 0) return targets;
      const width = widthOf(sources);
      const samplers = sources.map(() => createSampler(sampling));
      const open = new Set(sources.keys());
      for (let place = 0; place < maxNewTokens && open.size > 0 && !signal?.aborted; place++) {
        const logits = await logitsAt(sources, width, targets, place);
        const vocabulary = logits.length / sources.length;
        for (const row of open) {
          const { ids } = targets[row];
          const own = logits.subarray(row * vocabulary, (row + 1) * vocabulary);
          const { id, logprob } = samplers[row].next(own, ids);
          if (eosIds.includes(id)) targets[row].ended = true;
          else ids.push(id);
          if (targets[row].ended || onToken?.(row, id, logprob) === false) open.delete(row);
        }
        await nextTurn();
      }
      return targets;
    },
    release: async () => {
      await sessions.release();
    },
  };
}

function widthOf(sources: readonly Text[]): number {
  const longest = Math.max(1, ...sources.map(({ ids }) => ids.length));
  return Math.ceil(longest / sourceStep) * sourceStep;
}

/** The likeliest target of each source, token by token. Aborting gives what is there so far. */
export async function greedyTargets(
  { model, weights }: TunedModel,
  sources: readonly Text[],
  { provider, threads, ...options }: TargetOptions,
): Promise<number[][]> {
  const writer = createTargetWriter({ model, weights, provider, threads });
  try {
    return (await writer.write(sources, options)).map(({ ids }) => ids);
  } finally {
    await writer.release();
  }
}
