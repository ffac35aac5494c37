// Counts that fit into memory: the rarest entries go where there are too many (lossy counting, Manku & Motwani 2002). A Map
// holds 16.7 million entries at most, and memory ends before that.

export interface Counts {
  counts: Map<string, number>;
  add(name: string, count: number): void;
}

/** Keeps between half of `most` and `most` entries; where all are equally rare, the earliest. */
export function createCounts(most: number): Counts {
  const counts = new Map<string, number>();
  return {
    counts,
    add(name, count) {
      counts.set(name, (counts.get(name) ?? 0) + count);
      if (counts.size > most) dropRarest(counts, most >> 1);
    },
  };
}

/** How rare an entry must be to go is found by counting counts, without sorting millions of entries. */
function dropRarest(counts: Map<string, number>, kept: number): void {
  const byCount = new Map<number, number>();
  for (const count of counts.values()) byCount.set(count, (byCount.get(count) ?? 0) + 1);
  let excess = counts.size - kept;
  let most = 0; // the highest count that goes, and how many with it stay
  let spared = 0;
  for (const [count, entries] of [...byCount].sort(([a], [b]) => a - b)) {
    if (excess <= 0) break;
    most = count;
    spared = Math.max(0, entries - excess);
    excess -= entries;
  }
  for (const [name, count] of counts) {
    if (count > most) continue;
    if (count === most && spared > 0) spared -= 1;
    else counts.delete(name);
  }
}

/** The most frequent entries that weigh at most `limit` together; all of them in their order where they do. */
export function mostFrequent(
  counts: ReadonlyMap<string, number>,
  weightOf: (name: string) => number,
  limit: number,
): Map<string, number> {
  let all = 0;
  for (const name of counts.keys()) all += weightOf(name);
  if (all <= limit) return new Map(counts);
  const kept = new Map<string, number>();
  let sum = 0;
  for (const [name, count] of [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))) {
    sum += weightOf(name);
    if (sum > limit) break;
    kept.set(name, count);
  }
  return kept;
}
