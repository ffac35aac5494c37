// Numbers of a chart before it is drawn: thinning, smoothing, axis ticks and CSV. Knows nothing of React or colours.
// A live chart is drawn by recharts, which takes 36-60 ms for 1,000 points; so no series is longer than MAX_POINTS.

export const MAX_POINTS = 1000;

/** A point of a line; `null` is a gap, never a zero. */
export interface Point {
  x: number;
  y: number | null;
}

/**
 * At most `limit` points, in order of `x`. Each bucket keeps its minimum and its maximum, so that spikes survive;
 * the first and the last point always survive.
 */
export function bucketMinMax<T>(points: readonly T[], limit: number, y: (point: T) => number): T[] {
  if (points.length <= limit) return [...points];
  const inner = Math.floor((limit - 2) / 2);
  const first = points[0]!;
  const last = points[points.length - 1]!;
  const kept: T[] = [first];
  const count = points.length - 2;
  for (let bucket = 0; bucket < inner; bucket++) {
    const from = 1 + Math.floor((bucket * count) / inner);
    const to = 1 + Math.floor(((bucket + 1) * count) / inner);
    let low = from;
    let high = from;
    for (let i = from; i < to; i++) {
      if (y(points[i]!) < y(points[low]!)) low = i;
      if (y(points[i]!) > y(points[high]!)) high = i;
    }
    if (to <= from) continue;
    kept.push(points[Math.min(low, high)]!);
    if (low !== high) kept.push(points[Math.max(low, high)]!);
  }
  kept.push(last);
  return kept;
}

/**
 * Mean of the points within the last `window` of x (itself included), so it never looks into the future.
 * Points that are not finite are left out of the mean; where none is left, the value is a gap.
 */
export function trailingMean(points: readonly Point[], window: number): Point[] {
  const result: Point[] = [];
  let start = 0;
  let sum = 0;
  let count = 0;
  for (const point of points) {
    if (isNumber(point.y)) {
      sum += point.y;
      count++;
    }
    while (points[start]!.x <= point.x - window) {
      const old = points[start]!.y;
      if (isNumber(old)) {
        sum -= old;
        count--;
      }
      start++;
    }
    result.push({ x: point.x, y: count > 0 ? sum / count : null });
  }
  return result;
}

/** Steps that the smoothing window covers: 20, or 1/50 of a long run, so that the line stays calm. */
export function smoothingWindow(steps: number): number {
  return Math.max(20, Math.round(steps / 50));
}

function isNumber(value: number | null): value is number {
  return value !== null && Number.isFinite(value);
}

/** Lowest and highest finite y of all series, or null when there is none. */
export function extent(series: readonly (readonly Point[])[]): [number, number] | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const points of series) {
    for (const { y } of points) {
      if (!isNumber(y)) continue;
      if (y < low) low = y;
      if (y > high) high = y;
    }
  }
  return low <= high ? [low, high] : null;
}

/** Round tick values (1, 2 or 5 times a power of ten) inside [low, high], about `count` of them. */
export function linearTicks(low: number, high: number, count: number): number[] {
  const span = high - low;
  if (!(span > 0)) return Number.isFinite(low) ? [low] : [];
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  // The factor that is nearest by ratio; the borders are the geometric means of neighbours.
  const factor = [10, 5, 2, 1].find((_, i) => rough / power >= [50, 10, 2, 0][i]! ** 0.5)!;
  const step = power * factor;
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++)
    ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

/** Ticks of a logarithmic axis: 1, 2 and 5 times powers of ten, or linear ticks where fewer than three fit. */
export function logTicks(low: number, high: number): number[] {
  if (!(low > 0) || !(high > low)) return linearTicks(low, high, 5);
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const factor of [1, 2, 5]) {
      const tick = Number((factor * 10 ** power).toPrecision(12));
      if (tick >= low && tick <= high) ticks.push(tick);
    }
  }
  return ticks.length >= 3 ? ticks : linearTicks(low, high, 5);
}

/** Axis limits around the data, with 5 % of room; a flat line gets room on both sides. */
export function paddedDomain([low, high]: [number, number], scale: 'linear' | 'log'): [number, number] {
  if (scale === 'log' && low > 0) {
    const room = high > low ? (high / low) ** 0.05 : 1.1;
    return [low / room, high * room];
  }
  const room = high > low ? (high - low) * 0.05 : Math.max(Math.abs(high) * 0.1, 0.1);
  return [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
}

/** The point whose x is nearest; null for an empty list. Points are in order of x. */
export function nearest<T extends { x: number }>(points: readonly T[], x: number): T | null {
  if (points.length === 0) return null;
  let low = 0;
  let high = points.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (points[middle]!.x <= x) low = middle;
    else high = middle;
  }
  const left = points[low]!;
  const right = points[high]!;
  return Math.abs(left.x - x) <= Math.abs(right.x - x) ? left : right;
}

/** The newest point at or before x; null when there is none. */
export function lastAtOrBefore<T extends { x: number }>(points: readonly T[], x: number): T | null {
  let found: T | null = null;
  for (const point of points) {
    if (point.x > x) break;
    found = point;
  }
  return found;
}

/** Comma-separated values as RFC 4180 writes them: quotes doubled, lines end with CRLF, missing is empty. */
export function toCsv(
  heads: readonly string[],
  rows: readonly (readonly (string | number | null)[])[],
): string {
  const cell = (value: string | number | null): string => {
    const text =
      value === null || (typeof value === 'number' && !Number.isFinite(value)) ? '' : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [heads, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}
