// Reads pages of files of JSON lines without holding them: a stream for a part of the lines, a direct read where the
// place is known. Lines end at byte 0x0A only. Knows nothing of what a line holds.
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';

/** The lines of a file, as bytes without the line end; an empty last line is left out. Missing file: no lines. */
async function* lines(file: string): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  const stream = createReadStream(file, { highWaterMark: 256 * 1024 });
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) {
      let from = 0;
      for (let at = piece.indexOf(10); at !== -1; at = piece.indexOf(10, from)) {
        yield rest.length === 0
          ? piece.subarray(from, at)
          : Buffer.concat([...rest, piece.subarray(from, at)]);
        rest = [];
        from = at + 1;
      }
      if (from < piece.length) rest.push(piece.subarray(from));
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  if (rest.length > 0) yield Buffer.concat(rest);
}

export const jsonLines = {
  lines,
  /** Values `offset` to `offset + limit`, and how many there are in all. */
  async page<T>(file: string, offset: number, limit: number): Promise<{ parts: T[]; total: number }> {
    const parts: T[] = [];
    let total = 0;
    for await (const line of lines(file)) {
      if (total >= offset && parts.length < limit) parts.push(JSON.parse(line.toString('utf8')) as T);
      total += 1;
    }
    return { parts, total };
  },
  /** All values; for files that are known to be small. */
  async all<T>(file: string): Promise<T[]> {
    const values: T[] = [];
    for await (const line of lines(file)) values.push(JSON.parse(line.toString('utf8')) as T);
    return values;
  },
  /** The values at these places, in their order. */
  async at<T>(file: string, places: readonly { offset: number; length: number }[]): Promise<T[]> {
    if (places.length === 0) return [];
    const handle = await open(file);
    try {
      const values: T[] = [];
      for (const { offset, length } of places) {
        const bytes = Buffer.alloc(length);
        await handle.read(bytes, 0, length, offset);
        values.push(JSON.parse(bytes.toString('utf8')) as T);
      }
      return values;
    } finally {
      await handle.close();
    }
  },
};
