// Runs the graphs of generation: reads a prompt in chunks, then one token at a time for some rows at once.
// Holds the sessions. Knows nothing of sampling, of ends of answers or of text.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { derivedFeeds, type Provider } from '../compiler/lowering.ts';
import type { Model } from '../models/load.ts';
import { replacedTensor } from '../models/lora.ts';
import { outputTable, packedProductsOf } from '../models/packed-weights.ts';
import { createSession, keepsOnDevice, type Numbers, type Session } from '../training/session.ts';
import { createSessionCache } from '../training/session-cache.ts';
import { DeviceKvCache } from './device-kv-cache.ts';
import { createDeviceSide, type DeviceSide } from './device-side.ts';
import { cacheNames, compileDecode, type DecodeShape, KvCache } from './kv-cache.ts';
import { type LiveWeights, widenedWeights } from './weights.ts';

export interface DecoderOptions {
  model: Model;
  weights?: LiveWeights;
  provider?: Provider;
  /** 0 = onnxruntime's choice. */
  threads?: number;
  /** Sessions that are kept. */
  maxSessions?: number;
  /** Little memory rather than little time: no copies of the weights, neither packed nor in float32. */
  lean?: boolean;
}

/** A stretch of a prompt that one run reads. */
export interface Chunk {
  start: number;
  tokens: number;
}

/** Keys and values of the tokens so far: in memory, or on the device. */
export type Cache = KvCache | DeviceKvCache;

export type Decoder = ReturnType<typeof createDecoder>;

/** Where answers of a model are written: on the device where the cache can stay there, else on the processor. */
export function decodesOn({ architecture, objective }: Model, provider: Provider): Provider {
  const writes = architecture.task === 'causal' && objective === 'causal-lm';
  return writes && keepsOnDevice(provider) ? provider : 'cpu';
}

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
  lean = false,
}: DecoderOptions) {
  const { contextLength } = model.shape;
  const trained = (weights?.pages ?? []).flatMap(({ entries }) => entries.map(({ name }) => name));
  const replaced = new Set(trained.map((name) => replacedTensor(name) ?? name));
  const device = keepsOnDevice(provider) ? createDeviceSide(model, weights, replaced, provider) : undefined;
  const packs = provider === 'cpu' && model.quantized !== undefined;
  const packed = packs ? packedProductsOf(model) : undefined;
  const constant: Record<string, Numbers> = {};
  const widened = new Set(device?.names);
  if (device === undefined) {
    const table = packs ? outputTable(model)?.name : undefined; // its product reads it packed
    const except = table === undefined ? replaced : new Set([...replaced, table]);
    const wide = lean && !packs ? new Map<string, Float32Array>() : widenedWeights(model, except);
    Object.assign(constant, weights?.parameters.named('p'));
    for (const [name, array] of wide) {
      constant[`w:${name}`] = array;
      widened.add(name);
    }
  }
  const most = device !== undefined ? Number.POSITIVE_INFINITY : maxSessions;
  const sessions = createSessionCache(packs ? packedSessions(model, most) : most);
  let busySeconds = 0;

  const make = async (shape: DecodeShape): Promise<Session> => {
    const options = {
      model,
      pages: weights?.pages ?? [],
      sites: weights?.sites ?? [],
      widened,
      provider,
      packed: await packed,
    };
    const program = compileDecode(shape, options);
    // packed weights make products of a few rows up to twice as fast, at the price of a copy of them
    const few = (shape.tokens === 1 && shape.rows >= 4) || shape.every;
    const room = !lean && model.parameters * 4 < process.availableMemory() / 8;
    const prepack = options.packed !== undefined || (provider === 'cpu' && few === true && room);
    const keep = shape.whole === undefined ? [] : cacheNames(model.shape).map((name) => `${name}.next`);
    return createSession(program, { threads, prepack, keep, weightsFolder: model.weightsFolder });
  };
  const sessionFor = (shape: DecodeShape) => sessions.get(JSON.stringify(shape), () => make(shape));

  /**
   * Logits [rows, vocabulary] after the new tokens `ids` [rows, T], of which `counts[row]` are real.
   * `past[row]` keys are in the cache already; the new ones are added to it. With `every`, logits [T, vocabulary].
   * `length`: tokens of the whole text, where those that come later are known already.
   */
  const run = async (
    cache: Cache,
    ids: Int32Array,
    past: Int32Array,
    counts: Int32Array,
    { every, length }: { every?: true; length?: number } = {},
  ): Promise<Float32Array> => {
    const done = await takeTurn();
    const start = performance.now();
    try {
      const tokens = ids.length / cache.rows;
      const places = past.every((length) => length === 0) ? 0 : cache.places;
      const most = Math.min(contextLength, cache.places);
      const whole = cache instanceof DeviceKvCache ? cache.places : undefined;
      const session = await sessionFor({ rows: cache.rows, tokens, places, positions: most, whole, every });
      // padding may lie behind the last position that the tables know
      const positions = ids.map((_, i) => Math.min(past[Math.floor(i / tokens)] + (i % tokens), most - 1));
      const lengths = () => positions.map((position) => length ?? position + 1);
      const { numbers, kept } = await session.runKeeping({
        ids,
        positions,
        ...derivedFeeds(session.program, positions, lengths),
        last: every ? ids.map((_, i) => i) : counts.map((count, row) => row * tokens + count - 1),
        ...constant,
        ...(await device?.feeds()),
        ...(places === 0 ? {} : { past, ...cache.feeds() }),
        ...(whole === undefined || tokens === 1 ? {} : { source: sourcesOf(whole, tokens, past[0]) }),
      });
      if (cache instanceof DeviceKvCache) cache.take(kept);
      else cache.take(numbers as Record<string, Float32Array>, past, counts);
      return numbers.logits as Float32Array;
    } finally {
      busySeconds += (performance.now() - start) / 1000;
      done();
    }
  };

  const newCache = (rows: number, places: number): Cache =>
    device?.newCache(rows, places) ?? new KvCache(model.shape, rows, places);
  const free = (cache: Cache): void => {
    if (cache instanceof DeviceKvCache) device?.free(cache);
  };

  /**
   * Reads a prompt into a cache of one row, from `chunks[first]` on, and gives the logits [vocabulary]
   * that follow it; undefined when `signal` was aborted on the way.
   */
  const prefill = async (
    cache: Cache,
    ids: readonly number[],
    { first = 0, signal }: { first?: number; signal?: AbortSignal } = {},
  ): Promise<Float32Array | undefined> => {
    if (device !== undefined) {
      const done = await takeTurn(); // no run reads what is given up
      await device.refresh().finally(done);
    }
    let logits: Float32Array | undefined;
    for (const { start, tokens } of chunksOf(ids.length).slice(first)) {
      if (signal?.aborted) return undefined;
      const part = ids.slice(start, start + tokens);
      const chunk = new Int32Array(tokens);
      chunk.set(part);
      const counts = Int32Array.of(part.length);
      logits = await run(cache, chunk, Int32Array.of(start), counts, { length: ids.length });
    }
    return logits;
  };

  return {
    model,
    /** An empty cache. */
    newCache,
    /** Of a cache that is not read again. */
    free,
    prefill,
    /** As `prefill`, into row `row` of a cache of many. */
    async prefillRow(
      cache: Cache,
      row: number,
      ids: readonly number[],
      signal?: AbortSignal,
    ): Promise<Float32Array | undefined> {
      if (!(cache instanceof DeviceKvCache)) return prefill(cache.row(row), ids, { signal });
      const single = newCache(1, cache.places) as DeviceKvCache;
      const logits = await prefill(single, ids, { signal });
      await device?.insert(cache, row, single);
      return logits;
    },
    /** The cache with more places; the one given is not read again. */
    grown: async (cache: Cache, places: number): Promise<Cache> =>
      cache instanceof DeviceKvCache ? (device as DeviceSide).grown(cache, places) : cache.grown(places),
    /** One token a row [rows], behind `past[row]` others: logits [rows, vocabulary]. */
    step: (cache: Cache, ids: Int32Array, past: Int32Array): Promise<Float32Array> =>
      run(cache, ids, past, new Int32Array(ids.length).fill(1)),
    /**
     * Tokens that may follow `past` others, of one row, in one run: logits [T, vocabulary] behind each. What is kept of
     * them in the cache is overwritten by whatever comes at their places.
     */
    check: (cache: Cache, ids: Int32Array, past: number): Promise<Float32Array> =>
      run(cache, ids, Int32Array.of(past), Int32Array.of(ids.length), { every: true }),
    /** Seconds of computing so far, without those spent waiting for other decoders of this process. */
    busySeconds: () => busySeconds,
    async release(): Promise<void> {
      await device?.freeCaches();
      await sessions.release();
      await device?.release();
    },
  };
}

/** Which of the new tokens each place gets that holds none of the `past` earlier ones. */
const sourcesOf = (places: number, tokens: number, past: number): Int32Array =>
  Int32Array.from({ length: places }, (_, place) => Math.max(0, Math.min(place - past, tokens - 1)));

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
