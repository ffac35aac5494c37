import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type GgufValue, writeGguf } from '../../../../main/exporters/gguf/format.ts';
import { readGguf, readGgufBytes } from '../../../../main/exporters/gguf/reader.ts';
import { temporaryFolder } from '../../../helpers/tiny-model.ts';

const stored = join(import.meta.dirname, '../../../reference/gguf/quantized.gguf');

function changed(edit: (bytes: Buffer) => Buffer): string {
  const file = join(temporaryFolder(), 'changed.gguf');
  writeFileSync(file, edit(readFileSync(stored)));
  return file;
}

test('a file that is read and written again is the same byte for byte', async () => {
  const found = readGguf(stored);
  const copy = join(temporaryFolder(), 'copy.gguf');
  const tensors = [...found.tensors.values()].map((info) => ({
    ...info,
    bytes: () => readGgufBytes(found, info),
  }));
  await writeGguf(copy, found.metadata, tensors);
  expect(readFileSync(copy).equals(readFileSync(stored))).toBe(true);
});

test('every type of value survives', async () => {
  const metadata = new Map<string, GgufValue>([
    ['a', { type: 'UINT8', value: 255 }],
    ['b', { type: 'INT8', value: -128 }],
    ['c', { type: 'UINT16', value: 65535 }],
    ['d', { type: 'INT16', value: -32768 }],
    ['e', { type: 'FLOAT32', value: 0.5 }],
    ['f', { type: 'UINT64', value: 2n ** 64n - 1n }],
    ['g', { type: 'ARRAY', of: 'BOOL', value: [true, false] }],
    ['h', { type: 'STRING', value: '' }],
  ]);
  const file = join(temporaryFolder(), 'values.gguf');
  await writeGguf(file, metadata, []);
  expect(readGguf(file).metadata).toEqual(metadata);
});

test.each([
  [
    'another beginning',
    (bytes: Buffer) => Buffer.concat([Buffer.from('GGML'), bytes.subarray(4)]),
    /does not begin/,
  ],
  ['nothing', () => Buffer.alloc(0), /does not begin/],
  ['a cut header', (bytes: Buffer) => bytes.subarray(0, 300), /does not fit into the file|more than fit/],
  ['a cut tensor', (bytes: Buffer) => bytes.subarray(0, 20000), /% complete/],
  ['too many tensors', (bytes: Buffer) => patched(bytes, 8, 2n ** 40n), /claims 1099511627776 tensors/],
  ['too much metadata', (bytes: Buffer) => patched(bytes, 16, 5000n), /claims 5000 metadata entries/],
  ['a key without end', (bytes: Buffer) => patched(bytes, 24, 2n ** 63n), /speaks of 9223372036854775808/],
])('%s is refused with the reason', (_, edit, reason) => {
  expect(() => readGguf(changed(edit))).toThrow(reason);
});

test('a version of the future is refused by its number', () => {
  const file = changed((bytes) => {
    bytes.writeUInt32LE(9, 4);
    return bytes;
  });
  expect(() => readGguf(file)).toThrow(/version 9/);
});

function patched(bytes: Buffer, at: number, value: bigint): Buffer {
  bytes.writeBigUInt64LE(value, at);
  return bytes;
}
