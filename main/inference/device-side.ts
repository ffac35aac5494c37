// What a decoder keeps on a device for all its graphs: the weights (once in a process), the adapter as it is at each prompt, and the
// caches. Its sessions are never given up for others, because arrays live in the memory of the session that made them.
import type { Provider } from '../compiler/lowering.ts';
import type { Model } from '../models/load.ts';
import { readTensor, type TensorInfo } from '../models/safetensors.ts';
import type { DeviceArray, Feeds } from '../training/session.ts';
import { createUploader, type Uploader } from './device-arrays.ts';
import { createCacheOperations, DeviceKvCache } from './device-kv-cache.ts';
import type { LiveWeights } from './weights.ts';

/** Weights on a device, for all decoders of a process that read the same model. */
interface SharedWeights {
  users: number;
  uploader: Uploader;
  arrays: Map<string, Promise<DeviceArray>>;
}

const shared = new Map<string, SharedWeights>();

function weightsOf(model: Model, provider: Provider) {
  const key = `${provider} ${model.weightsFolder} ${[...model.tensors].map(([name, { file, offset }]) => [name, file, offset])}`;
  const weights = shared.get(key) ?? { users: 0, uploader: createUploader(provider), arrays: new Map() };
  shared.set(key, weights);
  weights.users += 1;
  return {
    async feeds(names: readonly string[]): Promise<Feeds> {
      const { arrays, uploader } = weights;
      const missing = names.filter((name) => !arrays.has(name));
      const shapes = new Map(missing.map((name) => [name, (model.tensors.get(name) as TensorInfo).shape]));
      const coming = uploader.upload(shapes, (name) => readTensor(model.tensors.get(name) as TensorInfo));
      for (const name of missing)
        arrays.set(
          name,
          coming.then((uploaded) => uploaded[name]),
        );
      const entries = names.map(async (name) => [`w:${name}`, await arrays.get(name)] as const);
      return Object.fromEntries(await Promise.all(entries)) as Feeds;
    },
    async release(): Promise<void> {
      weights.users -= 1;
      if (weights.users > 0) return;
      shared.delete(key);
      await weights.uploader.release();
    },
  };
}

export type DeviceSide = ReturnType<typeof createDeviceSide>;

export function createDeviceSide(
  model: Model,
  weights: LiveWeights | undefined,
  replaced: ReadonlySet<string>,
  provider: Provider,
) {
  const base = weightsOf(model, provider);
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
      const arrays = weights.parameters.named('p');
      const shapes = new Map(Object.entries(arrays).map(([name, { length }]) => [name, [length]]));
      const fresh = await uploader.upload(shapes, (name) => arrays[name]);
      uploader.free(learned);
      learned = fresh;
    },
    /** What every run takes beside the tokens and the cache. */
    async feeds(): Promise<Feeds> {
      frozen ??= base.feeds(names);
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
