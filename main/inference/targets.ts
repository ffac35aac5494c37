// Texts out of texts by an encoder-decoder, several sources at once: token by token, or the best of several whole texts.
// Each source is read once, and each step reads one token of each text.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Provider } from '../compiler/lowering.ts';
import type { Text } from '../training/tasks/texts.ts';
import { type BeamSettings, startSearch } from './beam-search.ts';
import type { DecoderOptions } from './decoder.ts';
import { createSampler, likeliestId, type SamplerOptions } from './sample.ts';
import { createTargetDecoder } from './target-decoder.ts';
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

type WriteOptions = Omit<TargetOptions, 'provider' | 'threads'>;

export interface TargetWriter {
  /** The target of each source, token by token: the likeliest one unless sampling is asked for. */
  write(sources: readonly Text[], options: WriteOptions): Promise<Target[]>;
  /** Rows that memory has room for, of so many source and target tokens each. */
  rowsFor(sourceTokens: number, targetTokens: number): number;
  /** Seconds of computing so far. */
  busySeconds(): number;
  release(): Promise<void>;
}

/** @throws AppError `model-without-targets` */
export function createTargetWriter(options: DecoderOptions): TargetWriter {
  const decoder = createTargetDecoder(options);

  async function tokenByToken(sources: readonly Text[], wanted: WriteOptions): Promise<Target[]> {
    const { eosIds, maxNewTokens, signal, onToken, ...sampling } = wanted;
    const targets = sources.map((): Target => ({ ids: [], ended: false }));
    if (signal?.aborted) return targets;
    const samplers = sources.map(() => createSampler(sampling));
    const { temperature = 0, repetitionPenalty = 1, vocabularySize } = wanted;
    // a greedy choice that nobody listens to needs no probabilities
    const plain = temperature === 0 && repetitionPenalty === 1 && onToken === undefined;
    const open = new Set(sources.keys());
    const writing = await decoder.begin(sources);
    const next = new Int32Array(writing.rows).fill(decoder.startId); // what is done goes on with its last token
    for (let place = 0; place < maxNewTokens && open.size > 0 && !signal?.aborted; place++) {
      const logits = await writing.step(next);
      const vocabulary = logits.length / writing.rows;
      for (const row of open) {
        const { ids } = targets[row];
        const own = logits.subarray(row * vocabulary, (row + 1) * vocabulary);
        const likeliest = plain ? likeliestId(own, vocabularySize) : undefined;
        const { id, logprob } =
          likeliest === undefined ? samplers[row].next(own, ids) : { id: likeliest, logprob: Number.NaN };
        next[row] = id;
        if (eosIds.includes(id)) targets[row].ended = true;
        else ids.push(id);
        if (targets[row].ended || onToken?.(row, id, logprob) === false) open.delete(row);
      }
      await nextTurn();
    }
    return targets;
  }

  async function searched(
    sources: readonly Text[],
    search: BeamSettings,
    { eosIds, maxNewTokens, vocabularySize, signal, onToken }: WriteOptions,
  ): Promise<Target[]> {
    const { beams } = search;
    const searches = sources.map(() => startSearch({ ...search, eosIds, maxNewTokens, vocabularySize }));
    const open = new Set(signal?.aborted || maxNewTokens === 0 ? [] : sources.keys());
    if (open.size > 0) {
      const writing = await decoder.begin(sources, beams);
      const next = new Int32Array(writing.rows).fill(decoder.startId);
      while (open.size > 0 && !signal?.aborted) {
        const logits = await writing.step(next);
        const vocabulary = logits.length / writing.rows;
        const parents = Int32Array.from(next, (_, row) => row);
        for (const source of open) {
          const own = searches[source];
          const first = source * beams;
          const count = own.beginnings().length;
          if (!own.take(logits.subarray(first * vocabulary, (first + count) * vocabulary))) {
            open.delete(source);
            continue;
          }
          const [beginnings, from] = [own.beginnings(), own.parents()];
          for (let beam = 0; beam < beams; beam++) {
            const like = beam < beginnings.length ? beam : 0; // fewer beginnings fill the rows
            next[first + beam] = beginnings[like].at(-1) as number;
            parents[first + beam] = first + from[like];
          }
        }
        writing.reorder(parents);
        await nextTurn();
      }
    }
    return searches.map((own, row) => {
      const { ids, logprobs, ended } = own.best();
      const heard = ids.findIndex((id, i) => onToken?.(row, id, logprobs[i]) === false);
      return heard === -1 ? { ids, ended } : { ids: ids.slice(0, heard + 1), ended: false };
    });
  }

  return {
    write: async (sources, { search, ...wanted }) => {
      if (sources.length === 0) return [];
      return search !== undefined && search.beams > 1
        ? searched(sources, search, wanted)
        : tokenByToken(sources, wanted);
    },
    rowsFor: decoder.rowsFor,
    busySeconds: decoder.busySeconds,
    release: () => decoder.release(),
  };
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
