// Generation from token ids: one answer at a time, or many in a batch whose rows are filled again as soon
// as they are done. Chooses tokens and decides where an answer ends. Knows nothing of text or of
// conversations.
import { AppError } from '../errors.ts';
import type { BeamSettings } from './beam-search.ts';
import { type Cache, chunksOf, createDecoder, type DecoderOptions } from './decoder.ts';
import { createDrafter } from './draft.ts';
import { KvCache, placesFor } from './kv-cache.ts';
import { createSampler, likeliestId, type SamplerOptions } from './sample.ts';
import { searchUnsupported } from './search-settings.ts';

export interface GenerateOptions extends Partial<SamplerOptions> {
  /** Ids that end an answer; none of them is part of it. */
  eosIds: readonly number[];
  maxNewTokens: number;
  /** Guesses tokens from the text before and checks some at once, where that is faster; false = one token a step. */
  drafts?: boolean;
  /** Searches for the best whole answer; encoder-decoders only. */
  search?: BeamSettings;
}

export interface GenerateRequest {
  promptIds: readonly number[];
  options: GenerateOptions;
  signal?: AbortSignal;
  /** Called for each token; false ends the answer there (a stop string was found). */
  onToken?: (id: number, logprob: number) => boolean | undefined;
}

export interface Generated {
  ids: number[];
  /** Natural logarithm of the model's probability of each id; empty from batches. */
  logprobs: number[];
  finish: 'stop' | 'length' | 'cancelled';
  /** Ids that were guessed right, and so took no step of their own. */
  guessed?: number;
  promptTokens: number;
  /** Milliseconds of computing until the first token was there. */
  msToFirstToken: number;
  /** Of computing, from the first token on; 0 when there is at most one. */
  tokensPerSecond: number;
}

export interface BatchOptions extends GenerateOptions {
  signal?: AbortSignal;
  /** Rows computed at once; by default up to 48, fewer where the cache would take too much memory. */
  rows?: number;
  /** Called as soon as an answer is complete, in any order. */
  onDone?: (index: number, answer: Generated) => void;
}

export type Generator = ReturnType<typeof createGenerator>;

/** Answers that need no more new tokens than this never have their cache copied into a larger one. */
const roomAtOnce = 256;
/**
 * Tokens of a run that checks guesses, the chosen one included. The kernel of float32 products computes six rows at once:
 * their run takes little longer than one of a single token, which waits for the weights.
 */
const [checkedTokens, checkCost] = [6, 1.4];
/** Tokens that an answer may still have: a first check compiles a graph. */
const fewestLeft = 16;
/** Of the larger ones multiples of 6 or 4, which products compute at once. */
const rowSizes = [48, 32, 16, 8, 4, 2, 1];
/** A sixth of the memory that is free, and 512 MB in any case. */
const cacheBytesLimit = () => Math.max(512e6, process.availableMemory() / 6);

/**
 * Base and adapter share the mapped weights; a trainer as `weights` gives answers of what it has learned so
 * far.
 */
export function createGenerator(options: DecoderOptions) {
  const { model } = options;
  const decoder = createDecoder(options);
  const { contextLength, vocabularySize, reach } = model.shape;
  const checks = (options.provider ?? 'cpu') === 'cpu' && model.quantized === undefined;
  /** `turned`: how long the text was whose rotation its keys have, as `turnedAs` says. */
  let warm: { ids: readonly number[]; cache: Cache; turned: number } | undefined;

  /** Texts of lengths with the same number have their positions rotated alike. */
  const turnedAs = (length: number): number => {
    if (reach === undefined || length <= reach.beyond) return 0;
    return reach.changes === 'once' ? 1 : length;
  };
  /** Whether a text has just become so long that the keys of all its tokens have to be made anew. */
  const outgrown = (length: number): boolean => reach?.changes === 'once' && length === reach.beyond + 1;
  /** The length that a text may reach before that. */
  const roomBefore = (length: number): number =>
    reach?.changes === 'once' && length <= reach.beyond ? reach.beyond : Number.POSITIVE_INFINITY;

  /** Tokens that may follow a prompt. Throws when it leaves no room for one (field case E07). */
  const roomFor = (promptTokens: number, { maxNewTokens, search }: GenerateOptions): number => {
    if (search !== undefined && search.beams > 1) throw searchUnsupported(model.name, search.beams);
    if (promptTokens === 0)
      throw new AppError('prompt-empty', 'The prompt has no token.', 'Write something first.');
    if (promptTokens >= contextLength) {
      throw new AppError(
        'context-length-exceeded',
        `The prompt has ${promptTokens} tokens, but this model sees ${contextLength}, its answer included.`,
        'Shorten the prompt, or start a new conversation.',
      );
    }
    return Math.min(maxNewTokens, contextLength - promptTokens);
  };

  const keepWarm = (next: typeof warm): void => {
    if (warm !== undefined) decoder.free(warm.cache);
    warm = next;
  };

  /** A cache for the prompt, and how many of its chunks it holds already from the prompt before. */
  const cacheFor = (ids: readonly number[], places: number): { cache: Cache; first: number } => {
    if (warm === undefined || warm.cache.places !== places || warm.turned !== turnedAs(ids.length)) {
      keepWarm(undefined);
      return { cache: decoder.newCache(1, places), first: 0 };
    }
    const before = warm.ids;
    const old = chunksOf(before.length);
    const chunks = chunksOf(ids.length);
    const same = ({ start, tokens }: { start: number; tokens: number }, i: number) =>
      old[i]?.tokens === tokens &&
      start + tokens <= Math.min(before.length, ids.length - 1) &&
      ids.slice(start, start + tokens).every((id, k) => id === before[start + k]);
    const differs = chunks.findIndex((chunk, i) => !same(chunk, i));
    return { cache: warm.cache, first: differs };
  };

  const generate = async ({
    promptIds,
    options: wanted,
    signal,
    onToken,
  }: GenerateRequest): Promise<Generated> => {
    const limit = roomFor(promptIds.length, wanted);
    const { cache: prepared, first } = cacheFor(
      promptIds,
      placesFor(promptIds.length + Math.min(limit, roomAtOnce)),
    );
    let [cache, turned] = [prepared, turnedAs(promptIds.length)];
    warm = undefined; // in use: a second answer at the same time gets a cache of its own
    const sampler = createSampler({ vocabularySize, ...wanted });
    const drafts = checks && (wanted.drafts ?? true);
    const all = [...promptIds];
    const answer = emptyAnswer(promptIds.length);
    const began = decoder.busySeconds();
    let logits = await decoder.prefill(cache, promptIds, { first, signal });
    if (logits === undefined) {
      decoder.free(cache);
      return answer;
    }
    const firstAt = decoder.busySeconds();
    answer.msToFirstToken = (firstAt - began) * 1000;
    const drafter = drafts ? createDrafter(checkCost) : undefined;
    let [guesses, right]: [readonly number[], number] = [[], 0]; // logits has a row behind each guess
    try {
      while (!signal?.aborted) {
        const width = logits.length / (guesses.length === 0 ? 1 : checkedTokens);
        const { id, logprob } = sampler.next(logits.subarray(right * width, (right + 1) * width), all);
        if (wanted.eosIds.includes(id)) return finish(answer, 'stop', firstAt);
        all.push(id);
        answer.ids.push(id);
        answer.logprobs.push(logprob);
        if (onToken?.(id, logprob) === false) return finish(answer, 'stop', firstAt);
        if (answer.ids.length === limit) return finish(answer, 'length', firstAt);
        drafter?.observe(all);
        if (id === guesses[right]) {
          right += 1;
          answer.guessed = (answer.guessed ?? 0) + 1;
          continue;
        }
        if (all.length > cache.places) cache = await decoder.grown(cache, placesFor(all.length));
        const past = all.length - 1;
        const fits = past + checkedTokens <= Math.min(cache.places, contextLength, roomBefore(past));
        const worthIt = fits && limit - answer.ids.length >= fewestLeft;
        guesses = worthIt ? (drafter?.propose(all, checkedTokens - 1) ?? []) : [];
        right = 0;
        if (outgrown(all.length)) {
          logits = (await decoder.prefill(cache, all)) as Float32Array;
          turned = turnedAs(all.length);
        } else if (guesses.length === 0) {
          logits = await decoder.step(cache, Int32Array.of(id), Int32Array.of(past));
        } else {
          const ids = new Int32Array(checkedTokens);
          ids.set([id, ...guesses]);
          logits = await decoder.check(cache, ids, past);
        }
      }
      return finish(answer, 'cancelled', firstAt);
    } finally {
      keepWarm({ ids: promptIds, cache, turned });
    }
  };

  const finish = (answer: Generated, how: Generated['finish'], firstAt: number): Generated => {
    const seconds = decoder.busySeconds() - firstAt;
    answer.finish = how;
    answer.tokensPerSecond = answer.ids.length > 1 && seconds > 0 ? (answer.ids.length - 1) / seconds : 0;
    return answer;
  };

  interface Row {
    index: number;
    limit: number;
    all: number[];
    answer: Generated;
    choose(logits: Float32Array): number;
    firstAt: number;
  }

  /**
   * Answers all prompts; the result has their order. Aborting gives `cancelled` for those that were not
   * done.
   */
  const generateBatch = async (
    prompts: readonly (readonly number[])[],
    { signal, rows: wantedRows, onDone, ...wanted }: BatchOptions,
  ): Promise<Generated[]> => {
    const limits = prompts.map((ids) => roomFor(ids.length, wanted));
    const places = prompts.map((ids, i) => placesFor(ids.length + limits[i]));
    const answers = prompts.map((ids) => emptyAnswer(ids.length));

    /** Takes what the logits say; false when the row is done. */
    const advance = (row: Row, logits: Float32Array): boolean => {
      const id = row.choose(logits);
      const ended = wanted.eosIds.includes(id);
      if (!ended) {
        row.answer.ids.push(id);
        row.all.push(id);
      }
      if (!ended && row.answer.ids.length < row.limit) return true;
      finish(row.answer, ended ? 'stop' : 'length', row.firstAt);
      onDone?.(row.index, row.answer);
      return false;
    };

    for (const size of [...new Set(places)].sort((a, b) => a - b)) {
      const waiting = prompts.flatMap((_, i) => (places[i] === size ? [i] : []));
      const count = rowsFor(size, waiting.length, wantedRows);
      const cache = decoder.newCache(count, size);
      const live: (Row | undefined)[] = new Array(count).fill(undefined);

      const fill = async (place: number): Promise<void> => {
        for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
          const began = decoder.busySeconds();
          const first = await decoder.prefillRow(cache, place, prompts[index], signal);
          if (first === undefined) return;
          const firstAt = decoder.busySeconds();
          const answer = answers[index];
          answer.msToFirstToken = (firstAt - began) * 1000;
          const all = [...prompts[index]];
          const choose = chooser({ vocabularySize, ...wanted }, all);
          const row: Row = { index, limit: limits[index], all, answer, choose, firstAt };
          if (advance(row, first)) {
            live[place] = row;
            return;
          }
        }
      };
      for (let place = 0; place < count; place++) await fill(place);
      while (live.some((row) => row !== undefined) && !signal?.aborted) {
        // a row that is done goes on with token 0 at place 0, which the next prompt overwrites
        const ids = Int32Array.from(live, (row) => row?.all.at(-1) ?? 0);
        const past = Int32Array.from(live, (row) => (row === undefined ? 0 : row.all.length - 1));
        const logits = await decoder.step(cache, ids, past);
        for (const [place, row] of live.entries()) {
          if (row === undefined) continue;
          const own = outgrown(row.all.length)
            ? await decoder.prefillRow(cache, place, row.all)
            : logits.subarray(place * vocabularySize, (place + 1) * vocabularySize);
          if (advance(row, own as Float32Array)) continue;
          live[place] = undefined;
          await fill(place);
        }
      }
      decoder.free(cache);
    }
    return answers;
  };

  const rowsFor = (places: number, prompts: number, wanted: number | undefined): number => {
    const most = Math.min(
      wanted ?? rowSizes[0],
      Math.max(1, Math.floor(cacheBytesLimit() / KvCache.bytes(model.shape, 1, places))),
    );
    const enough = rowSizes.filter((size) => size <= most);
    return enough.findLast((size) => size >= prompts) ?? enough[0] ?? 1;
  };

  return {
    model,
    generate,
    generateBatch,
    async release(): Promise<void> {
      warm = undefined;
      await decoder.release();
    },
  };
}

const emptyAnswer = (promptTokens: number): Generated => ({
  ids: [],
  logprobs: [],
  finish: 'cancelled',
  promptTokens,
  msToFirstToken: 0,
  tokensPerSecond: 0,
});

/** A sampler for one row; plain greedy choice needs no probabilities. */
function chooser(
  options: GenerateOptions & { vocabularySize: number },
  all: readonly number[],
): (logits: Float32Array) => number {
  const plain = (options.temperature ?? 0) === 0 && (options.repetitionPenalty ?? 1) === 1;
  const sampler = createSampler(options);
  return (logits) => {
    const likeliest = plain ? likeliestId(logits, options.vocabularySize) : undefined;
    return likeliest ?? sampler.next(logits, all).id;
  };
}
