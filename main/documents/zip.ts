// Zip packages in memory: reads chosen entries with limits on what comes out, writes small packages without
// compression. The only import of yauzl and yazl under documents/; nothing is ever unpacked to disk.
import { type Entry, fromBuffer, type ZipFile } from 'yauzl';
import yazl from 'yazl';
import { holdLimit, type Limits } from './limits.ts';

/**
 * Inflates the entries whose names are wanted. Sizes are counted while inflating, whatever the zip claims.
 * @throws AppError `file-over-limit`; other errors are yauzl's own sentences about a broken zip.
 */
export async function readZip(
  name: string,
  bytes: Uint8Array,
  limits: Limits,
  isWanted: (entryName: string) => boolean,
): Promise<Map<string, Uint8Array>> {
  const zip = await open(bytes);
  const found = new Map<string, Uint8Array>();
  let inflated = 0;
  holdLimit(name, zip.entryCount, limits.zipEntries, 'entries');
  try {
    for await (const entry of entriesOf(zip)) {
      if (!isWanted(entry.fileName)) continue;
      holdLimit(name, inflated + entry.uncompressedSize, limits.inflatedBytes, 'bytes after unpacking');
      const chunks: Uint8Array[] = [];
      for await (const chunk of await streamOf(zip, entry)) {
        inflated += (chunk as Uint8Array).length;
        holdLimit(name, inflated, limits.inflatedBytes, 'bytes after unpacking');
        chunks.push(chunk as Uint8Array);
      }
      found.set(entry.fileName, Buffer.concat(chunks));
    }
  } finally {
    zip.close();
  }
  return found;
}

function open(bytes: Uint8Array): Promise<ZipFile> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return new Promise((resolve, reject) => {
    fromBuffer(buffer, { lazyEntries: true, autoClose: false }, (error, zip) =>
      error ? reject(error) : resolve(zip),
    );
  });
}

/** The entries of an open zip, one at a time. */
export async function* entriesOf(zip: ZipFile): AsyncGenerator<Entry> {
  for (;;) {
    const entry = await new Promise<Entry | null>((resolve, reject) => {
      const settle = (result: Entry | null, error?: Error) => {
        zip.removeAllListeners();
        if (error === undefined) resolve(result);
        else reject(error);
      };
      zip.once('entry', (found: Entry) => settle(found));
      zip.once('end', () => settle(null));
      zip.once('error', (error: Error) => settle(null, error));
      zip.readEntry();
    });
    if (entry === null) return;
    yield entry;
  }
}

/** The inflated content of an entry. */
export function streamOf(zip: ZipFile, entry: Entry): Promise<NodeJS.ReadableStream> {
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => (error ? reject(error) : resolve(stream)));
  });
}

/** A zip of these entries. */
export async function writeZip(entries: Record<string, string>): Promise<Buffer> {
  const zip = new yazl.ZipFile();
  for (const [name, content] of Object.entries(entries)) {
    zip.addBuffer(Buffer.from(content, 'utf8'), name, { compress: false });
  }
  zip.end();
  const chunks: Uint8Array[] = [];
  for await (const chunk of zip.outputStream) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}
