// The file of extracted parts: one `DocumentPart` as JSON a line, ended by byte 0x0A, written under a
// temporary name. Does not know what the parts mean.
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { DocumentPart } from '../contract/documents.ts';

const bufferCharacters = 1_000_000;

export interface PartsWriter {
  add(part: DocumentPart): void;
  /** Gives the file its final name. */
  finish(): void;
  /** Removes what was written. */
  discard(): void;
}

/** Writes lines of JSON to `file` (through `file.part`), with few system calls. */
export function createPartsWriter(file: string): PartsWriter {
  const temporary = `${file}.part`;
  const handle = openSync(temporary, 'w');
  let waiting: string[] = [];
  let characters = 0;
  const flush = () => {
    if (waiting.length > 0) writeAll(handle, Buffer.from(waiting.join(''), 'utf8'));
    waiting = [];
    characters = 0;
  };
  return {
    add(part) {
      const line = `${JSON.stringify(part)}\n`;
      waiting.push(line);
      characters += line.length;
      if (characters > bufferCharacters) flush();
    },
    finish() {
      flush();
      fsyncSync(handle);
      closeSync(handle);
      renameSync(temporary, file);
    },
    discard() {
      closeSync(handle);
      rmSync(temporary, { force: true });
    },
  };
}

/** `writeSync` may write less than asked for. */
function writeAll(handle: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at);
}

/** Reads the parts of one source in order; `limit` stops early. */
export async function* readParts(file: string, limit = Infinity): AsyncGenerator<DocumentPart> {
  const handle = await open(file, 'r');
  try {
    let rest = Buffer.alloc(0);
    let given = 0;
    const block = Buffer.alloc(1 << 18);
    for (;;) {
      const { bytesRead } = await handle.read(block, 0, block.length, null);
      const bytes = Buffer.concat([rest, block.subarray(0, bytesRead)]);
      let from = 0;
      // A read that does not finish a line is kept for the next one.
      for (let end = bytes.indexOf(10, from); end >= 0; end = bytes.indexOf(10, from)) {
        if (given++ >= limit) return;
        yield JSON.parse(bytes.toString('utf8', from, end)) as DocumentPart;
        from = end + 1;
      }
      rest = bytes.subarray(from);
      if (bytesRead === 0) return;
    }
  } finally {
    await handle.close();
  }
}
