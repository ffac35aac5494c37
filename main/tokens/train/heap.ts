// A binary heap of (count, key): the largest count first, among equals the smallest key. Knows nothing of
// pairs or words.

export interface Heap {
  push(count: number, key: number): void;
  pop(): { count: number; key: number } | undefined;
}

export function createHeap(): Heap {
  const counts: number[] = [];
  const keys: number[] = [];
  const before = (countA: number, keyA: number, b: number): boolean =>
    countA > counts[b] || (countA === counts[b] && keyA < keys[b]);
  const put = (at: number, count: number, key: number): void => {
    counts[at] = count;
    keys[at] = key;
  };
  return {
    push(count, key) {
      let at = counts.length;
      put(at, count, key);
      while (at > 0) {
        const parent = (at - 1) >> 1;
        if (!before(count, key, parent)) break;
        put(at, counts[parent], keys[parent]);
        at = parent;
      }
      put(at, count, key);
    },
    pop() {
      if (counts.length === 0) return undefined;
      const top = { count: counts[0], key: keys[0] };
      const count = counts.pop()!;
      const key = keys.pop()!;
      const length = counts.length;
      if (length === 0) return top;
      let at = 0;
      for (;;) {
        let child = 2 * at + 1;
        if (child >= length) break;
        if (child + 1 < length && before(counts[child + 1], keys[child + 1], child)) child++;
        if (before(count, key, child)) break;
        put(at, counts[child], keys[child]);
        at = child;
      }
      put(at, count, key);
      return top;
    },
  };
}
