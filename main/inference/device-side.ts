// What a decoder keeps on a device for all its graphs: the weights (once in a process), the adapter as it is at each prompt, and the
// caches. Its sessions are never given up for others, because arrays live in the memory of the session that made them.
import type { Provider } from '../compiler/lowering.ts';
import type { Model } from '../models/load.ts';
import { createUploader, weightsOnDevice } from '../training/device-weights.ts';
import type { DeviceArray, Feeds } from '../training/session.ts';
import { createCacheOperations, DeviceKvCache } from './device-kv-cache.ts';
import type { LiveWeights } from './weights.ts';

export type DeviceSide = ReturnType<typeof createDeviceSide>;

export function createDeviceSide(
  model: Model,
  weights: LiveWeights | undefined,
  replaced: ReadonlySet<string>,
  provider: Provider,
) {
  const base = weightsOnDevice(model, provider);
  const uploader = createUploader(provider);
  const operations = createCacheOperations(provider, model.shape);
  const caches = new Set<DeviceKvCache>();
  const names = model.specs
    .map(({ name }) => name)
    .filter((name) => model.tensors.has(name) && !replaced.has(name) && !model.quantized?.weights.has(name));
  let frozen: Promise<Feeds> | undefined;
  let learned: Record<string, DeviceArray> = {};

  const newCache = (rows: number, places: number): DeviceKvCache => {
    const cache = new DeviceKvCache(model.shape, rows, places);
    caches.add(cache);
    return cache;
  };
  const free = (cache: DeviceKvCache): void => {
    cache.free();
    caches.delete(cache);
  };

  return {
    /** Tensors that the graphs take as inputs `w:NAME`. */
    names,
    newCache,
    free,
    /** Reads what a trainer has learned so far; to be called before each prompt. */
    async refresh(): Promise<void> {
      if (weights === undefined) return;
      const pages = Object.entries(weights.parameters.named('p'));
      const fresh = await uploader.upload(
        new Map(
          pages.map(([name, page]) => [name, { shape: [page.length], dtype: 'float32', read: () => page }]),
        ),
      );
      uploader.free(learned);
      learned = fresh;
    },
    /** What every run takes beside the tokens and the cache. */
    async feeds(): Promise<Feeds> {
      frozen ??= base.feeds(new Map(names.map((name) => [name, 'float32'])));
      return { ...(await frozen), ...learned };
    },
    /** Puts a cache of one row into row `row` of another, and frees it. */
    async insert(cache: DeviceKvCache, row: number, single: DeviceKvCache): Promise<void> {
      await operations.insert(cache, row, single);
      free(single);
    },
    /** The cache with more places; the old one is freed. */
    async grown(cache: DeviceKvCache, places: number): Promise<DeviceKvCache> {
      const larger = newCache(cache.rows, places);
      await operations.move(cache, larger);
      free(cache);
      return larger;
    },
    /** Before the sessions of the decoder are released. */
    async freeCaches(): Promise<void> {
      for (const cache of [...caches]) free(cache);
    },
    async release(): Promise<void> {
      await operations.release();
      await uploader.release();
      await base.release();
    },
  };
}
