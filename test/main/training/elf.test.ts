// What a shared library asks for, read from files that are written here byte by byte, and from the one that is installed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { neededLibraries } from '../../../main/training/elf.ts';
import { sharedLibrary } from '../../helpers/shared-library.ts';

const folder = mkdtempSync(join(tmpdir(), 'tunesmith-elf-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const read = (content: Buffer) => {
  const file = join(folder, 'library.so');
  writeFileSync(file, content);
  return neededLibraries(file);
};

test('the libraries that a file asks for are read in its order', () => {
  expect(read(sharedLibrary(['libcudart.so.13', 'libc.so.6']))).toEqual(['libcudart.so.13', 'libc.so.6']);
  expect(read(sharedLibrary([]))).toEqual([]);
});

test.skipIf(process.platform !== 'linux' || process.arch !== 'x64')(
  'the binding asks for ONNX Runtime',
  () => {
    const entry = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
    const binding = join(dirname(entry), 'bin', 'napi-v6', 'linux', 'x64', 'onnxruntime_binding.node');
    expect(neededLibraries(binding)).toContain('libonnxruntime.so.1');
  },
);

test('a file that is no library, is cut or lies about its places gives nothing and throws nothing', () => {
  const whole = sharedLibrary(['libcudart.so.13']);
  const lying = (offset: number, value: bigint) => {
    const copy = Buffer.from(whole);
    copy.writeBigUInt64LE(value, offset);
    return copy;
  };
  expect(neededLibraries(join(folder, 'missing.so'))).toBeNull();
  expect(read(Buffer.from('not a library'))).toBeNull();
  for (const bytes of [0, 63, 64, 100, whole.length - 10]) expect(read(whole.subarray(0, bytes))).toBeNull();
  expect(read(lying(32, 2n ** 60n))).toBeNull(); // the table of segments
  expect(read(lying(64 + 56 + 8, 2n ** 40n))).toBeNull(); // the dynamic section
  expect(read(lying(64 + 56 + 32, 2n ** 40n))).toBeNull(); // and its length
});
