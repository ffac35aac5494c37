// Packs a DOCX file again with fixed dates, so that the same content gives the same bytes.

import { buffer } from 'node:stream/consumers';
import yauzl from 'yauzl';
import yazl from 'yazl';

const fixedDate = new Date('2024-07-01T12:00:00Z');

/** The archive with its entries in alphabetical order, one fixed time for all, and fixed dates in its properties. */
export async function repack(archive: Buffer): Promise<Buffer> {
  const entries = await readEntries(archive);
  const zip = new yazl.ZipFile();
  for (const [name, content] of [...entries].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const fixed = name.endsWith('.xml')
      ? Buffer.from(
          content
            .toString('utf8')
            .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, fixedDate.toISOString()),
        )
      : content;
    zip.addBuffer(fixed, name, { mtime: fixedDate, mode: 0o100644, forceDosTimestamp: true });
  }
  zip.end();
  return buffer(zip.outputStream as NodeJS.ReadableStream);
}

async function readEntries(archive: Buffer): Promise<Map<string, Buffer>> {
  const zip = await yauzl.fromBufferPromise(archive);
  const entries = new Map<string, Buffer>();
  for await (const entry of zip.eachEntry()) {
    if (entry.fileName.endsWith('/')) continue;
    entries.set(entry.fileName, await buffer(await zip.openReadStreamPromise(entry)));
  }
  return entries;
}
