// What generation keeps on the device beside the sessions: weights, which all graphs of a decoder then share, and the
// cache of keys and values. Does not know what the arrays mean.
import { Graph } from '../compiler/graph.ts';
import { lower, type Provider } from '../compiler/lowering.ts';
import { createSession, type DeviceArray, type Session } from '../training/session.ts';

export interface HostArray {
  shape: readonly number[];
  data: Float32Array;
}

/** Numbers of one upload: 256 MB, which are twice on the device meanwhile. */
const numbersAtOnce = 1 << 26;

export type Uploader = ReturnType<typeof createUploader>;

/** Its arrays are gone when it is released: they live in the memory of its sessions. */
export function createUploader(provider: Provider) {
  const sessions = new Map<string, Session>();
  const uploaded = new Set<DeviceArray>();

  const sessionFor = async (shapes: readonly (readonly number[])[]): Promise<Session> => {
    const key = shapes.join(';');
    const known = sessions.get(key);
    if (known !== undefined) return known;
    const g = new Graph();
    for (const [i, shape] of shapes.entries()) g.output(`y${i}`, g.input(`x${i}`, shape));
    const keep = shapes.map((_, i) => `y${i}`);
    const session = await createSession(lower(g, provider), { threads: 1, keep });
    sessions.set(key, session);
    return session;
  };

  return {
    /** Copies of the arrays on the device, by the same names. `read` is called for some names at a time. */
    async upload(
      shapes: ReadonlyMap<string, readonly number[]>,
      read: (name: string) => Float32Array,
    ): Promise<Record<string, DeviceArray>> {
      const result: Record<string, DeviceArray> = {};
      for (const group of groupsOf([...shapes])) {
        const session = await sessionFor(group.map(([, shape]) => shape));
        const feeds = Object.fromEntries(group.map(([name], i) => [`x${i}`, read(name)]));
        const { kept } = await session.runKeeping(feeds);
        for (const [i, [name]] of group.entries()) {
          result[name] = kept[`y${i}`];
          uploaded.add(kept[`y${i}`]);
        }
      }
      return result;
    },
    free(arrays: Readonly<Record<string, DeviceArray>>): void {
      for (const array of Object.values(arrays)) if (uploaded.delete(array)) array.dispose();
    },
    async release(): Promise<void> {
      for (const array of uploaded) array.dispose();
      uploaded.clear();
      for (const session of sessions.values()) await session.release();
      sessions.clear();
    },
  };
}

/** In their order, each group with no more numbers than are copied at once, or a single array. */
function groupsOf<Item extends [string, readonly number[]]>(items: readonly Item[]): Item[][] {
  const groups: Item[][] = [];
  let room = 0;
  for (const item of items) {
    const numbers = item[1].reduce((product, size) => product * size, 1);
    if (groups.length === 0 || numbers > room) {
      groups.push([]);
      room = numbersAtOnce;
    }
    groups[groups.length - 1].push(item);
    room -= numbers;
  }
  return groups;
}
