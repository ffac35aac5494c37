// Runs the graphs of generation: reads a prompt in chunks, then one token at a time for some rows at once. Holds the
// sessions. Knows nothing of sampling, of ends of answers or of text.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Provider } from '../compiler/lowering.ts';
import type { Model } from '../models/load.ts';
import { createSession, type Numbers, type Session } from '../training/session.ts';
import { compileDecode, type DecodeShape, KvCache } from './kv-cache.ts';
import { type LiveWeights, widenedWeights } from './weights.ts';

export interface DecoderOptions {
  model: Model;
  weights?: LiveWeights;
  provider?: Provider;
  /** 0 = onnxruntime's choice. */
  threads?: number;
  /** Sessions that are kept. */
  maxSessions?: number;
}

/** A stretch of a prompt that one run reads. */
export interface Chunk {
  start: number;
  tokens: number;
}

export type Decoder = ReturnType<typeof createDecoder>;

const [smallChunk, largeChunk] = [64, 256];

/** Chunks of 256 where most of one is used, else of 64. Padding of the last one stays inside the cache. */
export function chunksOf(length: number, places: number): Chunk[] {
  const chunks: Chunk[] = [];
  for (let start = 0; start < length; ) {
    const fits = start + largeChunk <= places;
    const tokens = fits && length - start > largeChunk - smallChunk ? largeChunk : smallChunk;
    chunks.push({ start, tokens });
    start += tokens;
  }
  return chunks;
}

export function createDecoder({ model, weights, provider = 'cpu', threads = 0, maxSessions = 8 }: DecoderOptions) {
  const { contextLength, vocabularySize } = model.shape;
  const replaced = new Set((weights?.pages ?? []).flatMap(({ entries }) => entries.map(({ name }) => name)));
  const wide = new Map([...widenedWeights(model)].filter(([name]) => !replaced.has(name)));
  const constant: Record<string, Numbers> = {
    ...weights?.parameters.named('p'),
    ...Object.fromEntries([...wide].map(([name, array]) => [`w:${name}`, array])),
  };
  const sessions = new Map<string, Session>();
  let busySeconds = 0;

  const sessionFor = async (shape: DecodeShape): Promise<Session> => {
    const key = `${shape.rows} ${shape.tokens} ${shape.places}`;
    const known = sessions.get(key);
    if (known !== undefined) {
      sessions.delete(key); // to the end: the least recently used is first
      sessions.set(key, known);
      return known;
    }
    for (const [oldest, session] of sessions) {
      if (sessions.size < maxSessions) break;
      sessions.delete(oldest);
      await session.release();
    }
    const program = compileDecode(shape, {
      model,
      pages: weights?.pages ?? [],
      sites: weights?.sites ?? [],
      widened: new Set(wide.keys()),
      provider,
    });
    const session = await createSession(program, { threads, weightsFolder: model.weightsFolder });
    sessions.set(key, session);
    return session;
  };

  /** Logits [rows, vocabulary] after the given ids [rows, tokens]; writes their keys and values into the cache. */
  const run = async (
    cache: KvCache,
    ids: Int32Array,
    positions: Int32Array,
    last: Int32Array,
    logits: Float32Array,
  ): Promise<Float32Array> => {
    const done = await takeTurn();
    const start = performance.now();
    try {
      const tokens = ids.length / cache.rows;
      const session = await sessionFor({ rows: cache.rows, tokens, places: cache.places });
      const feeds = {
        ids,
        positions: positions.map((position) => Math.min(position, contextLength - 1)), // of padding only
        slots: cache.slots(positions, tokens),
        last,
        ...constant,
        ...cache.feeds(),
      };
      await session.run(feeds, { logits, ...cache.fetches() });
      return logits;
    } finally {
      busySeconds += (performance.now() - start) / 1000;
      done();
    }
  };

  return {
    model,
    /** An empty cache. Places must be a multiple of 128. */
    newCache: (rows: number, places: number) => new KvCache(model.shape, rows, places),
    /**
     * Reads a prompt into a cache of one row, from `chunks[first]` on, and gives the logits [vocabulary] that follow it;
     * undefined when `signal` was aborted on the way.
     */
    async prefill(
      cache: KvCache,
      ids: readonly number[],
      { first = 0, signal }: { first?: number; signal?: AbortSignal } = {},
    ): Promise<Float32Array | undefined> {
      const logits = new Float32Array(vocabularySize);
      for (const { start, tokens } of chunksOf(ids.length, cache.places).slice(first)) {
        if (signal?.aborted) return undefined;
        const chunk = new Int32Array(tokens);
        chunk.set(ids.slice(start, start + tokens));
        const positions = Int32Array.from({ length: tokens }, (_, i) => start + i);
        const last = Int32Array.of(Math.min(tokens, ids.length - start) - 1);
        await run(cache, chunk, positions, last, logits);
      }
      return logits;
    },
    /** One token a row: ids and positions [rows]. The logits [rows, vocabulary] are written into `logits`. */
    step: (cache: KvCache, ids: Int32Array, positions: Int32Array, logits: Float32Array): Promise<Float32Array> =>
      run(cache, ids, positions, Int32Array.from(ids, (_, row) => row), logits),
    /** Seconds of computing so far, without those spent waiting for other decoders of this process. */
    busySeconds: () => busySeconds,
    async release(): Promise<void> {
      for (const session of sessions.values()) await session.release();
      sessions.clear();
    },
  };
}

let lastTurn: Promise<void> = Promise.resolve();

/**
 * Decoders of a process compute one at a time, in turns, so that two answers stream side by side and each knows its own
 * time. The event loop turns once in between: a frame that cancels an answer is seen before the next token.
 */
async function takeTurn(): Promise<() => void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const before = lastTurn;
  lastTurn = promise;
  await before;
  await nextTurn();
  return resolve;
}
