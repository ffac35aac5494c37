import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DocumentPart } from '../../../main/contract/documents.ts';
import { createPartsWriter, readParts } from '../../../main/documents/parts.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parts #1 é-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('parts come back as they were written, whatever characters they hold', async () => {
  const file = join(folder, 'parts.jsonl');
  const parts: DocumentPart[] = Array.from({ length: 500 }, (_, at) => ({
    place: `row ${at + 1}`,
    start: at,
    text: `a\u2028b\u0085c\n"${'長い'.repeat(at * 3)}`,
    cells: { id: `00${at}` },
  }));
  const writer = createPartsWriter(file);
  for (const part of parts) writer.add(part);
  expect(existsSync(file)).toBe(false);
  writer.finish();
  const read: DocumentPart[] = [];
  for await (const part of readParts(file)) read.push(part);
  expect(read).toEqual(parts);
  const some: DocumentPart[] = [];
  for await (const part of readParts(file, 3)) some.push(part);
  expect(some).toEqual(parts.slice(0, 3));
});

test('what is discarded leaves nothing behind', () => {
  const file = join(folder, 'parts.jsonl');
  const writer = createPartsWriter(file);
  writer.add({ place: '', start: 0, text: 'x' });
  writer.discard();
  expect([existsSync(file), existsSync(`${file}.part`)]).toEqual([false, false]);
});
