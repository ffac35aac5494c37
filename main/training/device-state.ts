// Arrays of a run that stay on the device between steps: parameters, optimizer state and gradients. The
// arrays in memory are as old as the last `download`. Does not know what the arrays mean, or which graphs
// read them.
import { Graph } from '../compiler/graph.ts';
import { lower, type Provider } from '../compiler/lowering.ts';
import type { PageArray, PagedArrays } from './parameters.ts';
import { createSession, type DeviceArray, type Feeds, type Session } from './session.ts';

type Arrays = PagedArrays<PageArray>;

export interface DeviceState {
  /**
   * Feeds of a set of arrays by `prefix` and page: those on the device, or else those in memory, which
   * count then.
   */
  feeds(arrays: Arrays, prefix: string): Feeds;
  /** Puts arrays of memory on the device, where they are not there yet. */
  upload(arrays: Arrays): Promise<void>;
  /** Puts outputs named `prefix`, page, `suffix` in the place of the arrays, and frees what was there. */
  take(arrays: Arrays, prefix: string, kept: Readonly<Record<string, DeviceArray>>, suffix?: string): void;
  /** Adds outputs to the arrays, on the device, and frees them. */
  add(arrays: Arrays, prefix: string, kept: Readonly<Record<string, DeviceArray>>): Promise<void>;
  /**
   * Brings everything into memory. What is written there afterwards counts, until the next `take` or
   * `upload`.
   */
  download(): Promise<void>;
  release(): Promise<void>;
}

export function createDeviceState(provider: Provider): DeviceState {
  const held = new Map<Arrays, Map<number, DeviceArray>>();
  const adders = new Map<Arrays, Session>();
  const copiers = new Map<Arrays, Session>();
  const uploaders = new Map<Arrays, Session>();

  const pagesOf = (arrays: Arrays) => [...arrays.arrays.entries()].filter(([, { length }]) => length > 0);
  const put = (arrays: Arrays, page: number, array: DeviceArray) => {
    const pages = held.get(arrays) ?? new Map<number, DeviceArray>();
    held.set(arrays, pages);
    pages.get(page)?.dispose();
    pages.set(page, array);
  };

  /** y = a + b for each page, left on the device. */
  const adderOf = async (arrays: Arrays): Promise<Session> => {
    const known = adders.get(arrays);
    if (known !== undefined) return known;
    const g = new Graph();
    const pages = pagesOf(arrays);
    for (const [page, { length }] of pages)
      g.output(`y${page}`, g.add(g.input(`a${page}`, [length]), g.input(`b${page}`, [length])));
    const keep = pages.map(([page]) => `y${page}`);
    const session = await createSession(lower(g, provider), { threads: 1, keep });
    adders.set(arrays, session);
    return session;
  };

  /** y = x for each page, into memory or onto the device. */
  const copierOf = async (arrays: Arrays, to: 'memory' | 'device'): Promise<Session> => {
    const sessions = to === 'memory' ? copiers : uploaders;
    const known = sessions.get(arrays);
    if (known !== undefined) return known;
    const g = new Graph();
    for (const [page, { length }] of pagesOf(arrays)) g.output(`y${page}`, g.input(`x${page}`, [length]));
    const keep = to === 'memory' ? [] : pagesOf(arrays).map(([page]) => `y${page}`);
    const session = await createSession(lower(g, provider), { threads: 1, keep });
    sessions.set(arrays, session);
    return session;
  };

  const state: DeviceState = {
    feeds: (arrays, prefix) =>
      Object.fromEntries(
        pagesOf(arrays).map(([page, array]) => [`${prefix}${page}`, held.get(arrays)?.get(page) ?? array]),
      ),
    take: (arrays, prefix, kept, suffix = '') => {
      for (const [page] of pagesOf(arrays)) put(arrays, page, kept[`${prefix}${page}${suffix}`]);
    },
    upload: async (arrays) => {
      if (held.has(arrays) || pagesOf(arrays).length === 0) return;
      const { kept } = await (await copierOf(arrays, 'device')).runKeeping(arrays.named('x'));
      state.take(arrays, 'y', kept);
    },
    add: async (arrays, prefix, kept) => {
      const adder = await adderOf(arrays);
      const addends = Object.fromEntries(
        pagesOf(arrays).map(([page]) => [`b${page}`, kept[`${prefix}${page}`]]),
      );
      const sums = await adder.runKeeping({ ...state.feeds(arrays, 'a'), ...addends });
      state.take(arrays, 'y', sums.kept);
      for (const addend of Object.values(addends)) addend.dispose();
    },
    download: async () => {
      for (const [arrays, pages] of held) {
        const copier = await copierOf(arrays, 'memory');
        await copier.run(state.feeds(arrays, 'x'), arrays.named('y'));
        for (const array of pages.values()) array.dispose();
        held.delete(arrays);
      }
    },
    release: async () => {
      for (const pages of held.values()) for (const array of pages.values()) array.dispose();
      held.clear();
      for (const sessions of [adders, copiers, uploaders]) {
        for (const session of sessions.values()) await session.release();
        sessions.clear();
      }
    },
  };
  return state;
}
