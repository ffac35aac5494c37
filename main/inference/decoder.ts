// Runs the graphs of generation: reads a prompt in chunks, then one token at a time for some rows at once.
// Holds the sessions. Knows nothing of sampling, of ends of answers or of text.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Provider } from '../compiler/lowering.ts';
import type { Model } from '../models/load.ts';
import { replacedTensor } from '../models/lora.ts';
import { outputTable, packedProductsOf } from '../models/packed-weights.ts';
import { createSession, type Numbers, type Session } from '../training/session.ts';
import { createSessionCache } from '../training/session-cache.ts';
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

/** Chunks of 256 where most of one is used, else of 64. */
export function chunksOf(length: number): Chunk[] {
  const chunks: Chunk[] = [];
  for (let start = 0; start < length; ) {
    const tokens = length - start > largeChunk - smallChunk ? largeChunk : smallChunk;
    chunks.push({ start, tokens });
    start += tokens;
  }
  return chunks;
}

export function createDecoder({
  model,
  weights,
  provider = 'cpu',
  threads = 0,
  maxSessions = 8,
}: DecoderOptions) {
  const { contextLength } = model.shape;
  const trained = (weights?.pages ?? []).flatMap(({ entries }) => entries.map(({ name }) => name));
  const replaced = new Set(trained.map((name) => replacedTensor(name) ?? name));
  const packs = provider === 'cpu' && model.quantized !== undefined;
  const packed = packs ? packedProductsOf(model) : undefined;
  const table = packs ? outputTable(model)?.name : undefined; // its product reads it packed
  const wide = widenedWeights(model, table === undefined ? replaced : new Set([...replaced, table]));
  const constant: Record<string, Numbers> = {
    ...weights?.parameters.named('p'),
    ...Object.fromEntries([...wide].map(([name, array]) => [`w:${name}`, array])),
  };
  const sessions = createSessionCache(packs ? packedSessions(model, maxSessions) : maxSessions);
  let busySeconds = 0;

  const make = async (shape: DecodeShape): Promise<Session> => {
    const options = {
      model,
      pages: weights?.pages ?? [],
      sites: weights?.sites ?? [],
      widened: new Set(wide.keys()),
      provider,
      packed: await packed,
    };
    const program = compileDecode(shape, options);
    // packed weights make products of a few rows up to twice as fast, at the price of a copy of them
    const few = shape.tokens === 1 && shape.rows >= 4;
    const prepack =
      options.packed !== undefined || (few && model.parameters * 4 < process.availableMemory() / 4);
    return createSession(program, { threads, prepack, weightsFolder: model.weightsFolder });
  };
  const sessionFor = (shape: DecodeShape) => sessions.get(JSON.stringify(shape), () => make(shape));

  /**
   * Logits [rows, vocabulary] after the new tokens `ids` [rows, T], of which `counts[row]` are real.
   * `past[row]` keys are in the cache already; the new ones are added to it.
   */
  const run = async (
    cache: KvCache,
    ids: Int32Array,
    past: Int32Array,
    counts: Int32Array,
  ): Promise<Float32Array> => {
    const done = await takeTurn();
    const start = performance.now();
    try {
      const tokens = ids.length / cache.rows;
      const places = past.every((length) => length === 0) ? 0 : cache.places;
      const most = Math.min(contextLength, cache.places);
      const session = await sessionFor({ rows: cache.rows, tokens, places, positions: most });
      // padding may lie behind the last position that the tables know
      const positions = ids.map((_, i) => Math.min(past[Math.floor(i / tokens)] + (i % tokens), most - 1));
      const outputs = await session.run({
        ids,
        positions,
        last: counts.map((count, row) => row * tokens + count - 1),
        ...constant,
        ...(places === 0 ? {} : { past, ...cache.feeds() }),
      });
      cache.take(outputs as Record<string, Float32Array>, past, counts);
      return outputs.logits as Float32Array;
    } finally {
      busySeconds += (performance.now() - start) / 1000;
      done();
    }
  };

  return {
    model,
    /** An empty cache. */
    newCache: (rows: number, places: number) => new KvCache(model.shape, rows, places),
    /**
     * Reads a prompt into a cache of one row, from `chunks[first]` on, and gives the logits [vocabulary]
     * that follow it; undefined when `signal` was aborted on the way.
     */
    async prefill(
      cache: KvCache,
      ids: readonly number[],
      { first = 0, signal }: { first?: number; signal?: AbortSignal } = {},
    ): Promise<Float32Array | undefined> {
      let logits: Float32Array | undefined;
      for (const { start, tokens } of chunksOf(ids.length).slice(first)) {
        if (signal?.aborted) return undefined;
        const part = ids.slice(start, start + tokens);
        const chunk = new Int32Array(tokens);
        chunk.set(part);
        logits = await run(cache, chunk, Int32Array.of(start), Int32Array.of(part.length));
      }
      return logits;
    },
    /** One token a row [rows], behind `past[row]` others: logits [rows, vocabulary]. */
    step: (cache: KvCache, ids: Int32Array, past: Int32Array): Promise<Float32Array> =>
      run(cache, ids, past, new Int32Array(ids.length).fill(1)),
    /** Seconds of computing so far, without those spent waiting for other decoders of this process. */
    busySeconds: () => busySeconds,
    async release(): Promise<void> {
      await sessions.release();
    },
  };
}

/** Each session has a copy of the packed weights in the order of its products: as many as a quarter of memory holds. */
function packedSessions({ bytes }: Model, most: number): number {
  return Math.max(2, Math.min(most, Math.floor(process.availableMemory() / 4 / bytes)));
}

let lastTurn: Promise<void> = Promise.resolve();

/**
 * Decoders of a process compute one at a time, in turns, so that two answers stream side by side and each
 * knows its own time. The event loop turns once in between: a frame that cancels an answer is seen before
 * the next token.
 */
async function takeTurn(): Promise<() => void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const before = lastTurn;
  lastTurn = promise;
  await before;
  await nextTurn();
  return resolve;
}
