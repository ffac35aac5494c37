// Memory that this process takes: what is its own, and the pages of files that it maps, each counted once. Several sessions
// map the same weights, and the kernel counts them in the resident size once for each. Other processes that run the same
// program change nothing.
import { readFileSync } from 'node:fs';

export interface ProcessMemory {
  /** Bytes now. */
  bytes: number;
  /** Most bytes so far. */
  peakBytes: number;
}

/** Most that was seen, and most that the resident size counted more than once. */
const seen = { bytes: 0, repeated: 0 };

/** Takes some milliseconds for each thousand mapped tensors on Linux. Elsewhere the resident size is what can be had. */
export function processMemory(): ProcessMemory {
  const resident = process.memoryUsage.rss();
  const bytes = ownBytes() ?? resident;
  seen.bytes = Math.max(seen.bytes, bytes);
  seen.repeated = Math.max(seen.repeated, resident - bytes);
  // between two looks only the resident size was noted; at its peak no more was counted twice than ever was
  const peak = process.resourceUsage().maxRSS * 1024 - seen.repeated;
  return { bytes, peakBytes: Math.max(seen.bytes, peak) };
}

let sampled = { at: Number.NEGATIVE_INFINITY, bytes: 0, waitMs: 0 };

/** Bytes now, or as they were at most two seconds ago; longer where looking would take more than a hundredth of the time. */
export function recentMemory(): number {
  const at = performance.now();
  if (at - sampled.at > sampled.waitMs) {
    const { bytes } = processMemory();
    sampled = { at, bytes, waitMs: Math.max(2000, 100 * (performance.now() - at)) };
  }
  return sampled.bytes;
}

const mapping = /^[0-9a-f]+-[0-9a-f]+ \S+ ([0-9a-f]+) (\S+) (\d+)/;
const field = /^(Rss|Anonymous): +(\d+) kB/;

function ownBytes(): number | undefined {
  let maps: string;
  try {
    maps = readFileSync('/proc/self/smaps', 'utf8');
  } catch {
    return undefined; // not Linux, or not allowed to be read
  }
  const filePages = new Map<string, number>(); // by part of a file
  let [own, resident, part] = [0, 0, ''];
  for (const line of maps.split('\n')) {
    const begin = mapping.exec(line);
    if (begin !== null) {
      const [, offset, device, inode] = begin;
      part = inode === '0' ? '' : `${device} ${inode} ${offset}`;
      continue;
    }
    const [, name, kilobytes] = field.exec(line) ?? [];
    if (name === 'Rss') resident = Number(kilobytes);
    if (name !== 'Anonymous') continue;
    own += Number(kilobytes);
    const shared = resident - Number(kilobytes);
    if (part === '') own += shared;
    else filePages.set(part, Math.max(filePages.get(part) ?? 0, shared));
  }
  return 1024 * (own + [...filePages.values()].reduce((sum, size) => sum + size, 0));
}
