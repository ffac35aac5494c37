// The cache of keys and values on a device: each run gives all of it back as new arrays, which the next one reads there.
// (On the processor the cache lies in memory and only what is new comes back: kv-cache.ts.) Knows nothing of tokens.
import { Graph } from '../compiler/graph.ts';
import { lower, type Provider } from '../compiler/lowering.ts';
import { sizeOf } from '../compiler/shape.ts';
import type { ModelShape } from '../models/architecture.ts';
import { createSession, type DeviceArray, type Feeds, type Session } from '../training/session.ts';
import { cacheNames } from './kv-cache.ts';

/** Keys and values of all layers for some rows, each array [rows, kvHeads, places, headDim]. */
export class DeviceKvCache {
  readonly shape: ModelShape;
  readonly rows: number;
  readonly places: number;
  private arrays = new Map<string, DeviceArray>();

  constructor(shape: ModelShape, rows: number, places: number) {
    this.shape = shape;
    this.rows = rows;
    this.places = places;
  }

  get dimensions(): readonly number[] {
    return [this.rows, this.shape.kvHeads, this.places, this.shape.headDim];
  }

  /** By `key.0`, `value.0`, ..; zeros where nothing was written yet. */
  feeds(prefix = ''): Feeds {
    const zeros = this.arrays.size === 0 ? new Float32Array(sizeOf(this.dimensions)) : undefined;
    return Object.fromEntries(
      cacheNames(this.shape).map((name) => [prefix + name, zeros ?? (this.arrays.get(name) as DeviceArray)]),
    );
  }

  /** Puts the outputs `key.0.next`, .. of a run in the place of what was there. */
  take(kept: Readonly<Record<string, DeviceArray>>): void {
    for (const name of cacheNames(this.shape)) {
      this.arrays.get(name)?.dispose();
      this.arrays.set(name, kept[`${name}.next`]);
    }
  }

  free(): void {
    for (const array of this.arrays.values()) array.dispose();
    this.arrays.clear();
  }
}

/** Changes of whole caches, as small graphs on the device. */
export function createCacheOperations(provider: Provider, shape: ModelShape) {
  const sessions = new Map<string, Session>();
  const names = cacheNames(shape);
  const sessionFor = async (key: string, build: (g: Graph) => void): Promise<Session> => {
    const known = sessions.get(key);
    if (known !== undefined) return known;
    const g = new Graph();
    build(g);
    const keep = names.map((name) => `${name}.next`);
    const session = await createSession(lower(g, provider), { threads: 1, keep });
    sessions.set(key, session);
    return session;
  };

  return {
    /** Puts a cache of one row in the place of row `row` of another with as many places. */
    async insert(cache: DeviceKvCache, row: number, single: DeviceKvCache): Promise<void> {
      const session = await sessionFor(`insert ${cache.dimensions}`, (g) => {
        const rows = g.constant(
          Int32Array.from({ length: cache.rows }, (_, i) => i),
          [cache.rows, 1, 1, 1],
        );
        const chosen = g.equal(rows, g.reshape(g.input('row', [1], 'int32'), [1, 1, 1, 1]));
        for (const name of names) {
          const [whole, part] = [g.input(name, cache.dimensions), g.input(`one.${name}`, single.dimensions)];
          g.output(`${name}.next`, g.where(chosen, part, whole));
        }
      });
      const feeds = { row: Int32Array.of(row), ...cache.feeds(), ...single.feeds('one.') };
      cache.take((await session.runKeeping(feeds)).kept);
    },
    /** Takes what a cache holds into another with more places, and frees it. */
    async move(from: DeviceKvCache, to: DeviceKvCache): Promise<void> {
      const session = await sessionFor(`move ${from.dimensions} ${to.places}`, (g) => {
        const [rows, heads, places, width] = from.dimensions;
        const empty = [rows, heads, to.places - places, width];
        const zeros = g.expand(g.scalar(0), empty);
        for (const name of names)
          g.output(`${name}.next`, g.concat([g.input(name, from.dimensions), zeros], 2));
      });
      to.take((await session.runKeeping(from.feeds())).kept);
      from.free();
    },
    async release(): Promise<void> {
      for (const session of sessions.values()) await session.release();
      sessions.clear();
    },
  };
}
