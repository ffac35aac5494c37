// Memory that this process takes. Several sessions map the same weights, and the kernel counts their pages in the
// resident size once for each; its proportional size counts a page once.
import { readFileSync } from 'node:fs';

export interface ProcessMemory {
  /** Bytes now. */
  bytes: number;
  /** Most bytes so far. */
  peakBytes: number;
}

/** Takes up to 30 ms a gigabyte on Linux. Elsewhere the resident size is what can be had. */
export function processMemory(): ProcessMemory {
  const resident = process.memoryUsage.rss();
  const bytes = proportionalBytes() ?? resident;
  // what is counted several times now was so at the peak
  const peak = process.resourceUsage().maxRSS * 1024 - Math.max(0, resident - bytes);
  return { bytes, peakBytes: Math.max(bytes, peak) };
}

let sampled = { at: Number.NEGATIVE_INFINITY, bytes: 0 };

/** Bytes now, as they were at most two seconds ago. */
export function recentMemory(): number {
  const at = performance.now();
  if (at - sampled.at > 2000) sampled = { at, bytes: processMemory().bytes };
  return sampled.bytes;
}

function proportionalBytes(): number | undefined {
  try {
    const [, kilobytes] = /^Pss:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/smaps_rollup', 'utf8')) ?? [];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined; // not Linux, or not allowed to be read
  }
}
