// How much one file may cost. Limits count what comes out (inflated bytes, characters, pages, levels),
// never what a file claims. Time and memory are held from outside, by `pool.ts`.
import { AppError } from '../errors.ts';

export interface Limits {
  /** Wall-clock time for one file, in seconds. */
  seconds: number;
  /** JavaScript heap for one file, in MB. */
  memoryMb: number;
  /** Size of the file itself. */
  fileBytes: number;
  /** Text that comes out, in UTF-16 units. */
  characters: number;
  pages: number;
  /** Levels of arrays, objects or elements. */
  nesting: number;
  /** Bytes of all entries of a zip after inflating. */
  inflatedBytes: number;
  zipEntries: number;
}

export const defaultLimits: Limits = {
  seconds: 180,
  memoryMb: 2048,
  fileBytes: 400_000_000,
  characters: 200_000_000,
  pages: 20_000,
  nesting: 512,
  inflatedBytes: 400_000_000,
  zipEntries: 20_000,
};

/** Throws when `value` is above `limit`; `what` reads as in "pages". */
export function holdLimit(name: string, value: number, limit: number, what: string): void {
  if (value <= limit) return;
  throw new AppError(
    'file-over-limit',
    `"${name}" has more than ${count(limit)} ${what}, which is the limit for one file.`,
    'Split the file into smaller ones, or leave it out.',
  );
}

/** A number as sentences print it: 21,384. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** "1 page", "3 pages". */
export function plural(value: number, singular: string, many = `${singular}s`): string {
  return `${count(value)} ${value === 1 ? singular : many}`;
}
