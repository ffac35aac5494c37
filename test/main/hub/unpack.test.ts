// What is taken out of an archive, and the archives that are refused: none of them leaves a file outside of the folder.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type UnpackOptions, unpackInto } from '../../../main/hub/unpack.ts';
import { archiveOf, renamed } from '../../helpers/package-server.ts';

let root: string;
let folder: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tunesmith-unpack-'));
  folder = join(root, 'inside', 'package');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function unpack(archive: Buffer, options: Partial<UnpackOptions> = {}): Promise<string[]> {
  const file = join(root, 'archive.zip');
  writeFileSync(file, archive);
  const { signal } = new AbortController();
  return unpackInto(file, folder, { name: 'some-package', keeps: /\.so$/, signal, ...options });
}
const refused = (why: string) => ({
  code: 'archive-damaged',
  message: expect.stringMatching(new RegExp(`^"some-package" cannot be unpacked: .*${why}.*\\.$`)),
});

test('wanted entries land side by side, whatever folder they were in', async () => {
  const archive = await archiveOf({ 'a/b/one.so': 'one', 'two.so': 'two', 'a/readme.txt': 'text' });
  expect(await unpack(archive)).toEqual(['one.so', 'two.so']);
  expect(readdirSync(folder).sort()).toEqual(['one.so', 'two.so']);
  expect(readFileSync(join(folder, 'one.so'), 'utf8')).toBe('one');
});

test('a name that leaves the archive is refused, wanted or not', async () => {
  const archive = await archiveOf({ 'aa/evil.so': 'evil' });
  for (const name of ['../evil.so', '/./evil.so', 'C:/evil.so'])
    await expect(unpack(renamed(archive, 'aa/evil.so', name.padEnd(10, 'o')))).rejects.toMatchObject(
      refused(''),
    );
  expect(existsSync(join(root, 'inside', 'evil.so'))).toBe(false);
  expect(readdirSync(folder)).toEqual([]);
});

test('a link is refused', async () => {
  const archive = await archiveOf({ 'a/link.so': '/etc/passwd' }, 0o120777);
  await expect(unpack(archive)).rejects.toMatchObject(refused('"a/link.so" is a link'));
  expect(readdirSync(folder)).toEqual([]);
});

test('two entries of one name are refused', async () => {
  const archive = await archiveOf({ 'a/one.so': '1', 'b/one.so': '2' });
  await expect(unpack(archive)).rejects.toMatchObject(refused('two entries are named "one.so"'));
});

test('a damaged archive, and one that is none, end in one sentence', async () => {
  const archive = await archiveOf({ 'a/one.so': 'x'.repeat(5000) });
  await expect(unpack(archive.subarray(0, archive.length - 30))).rejects.toMatchObject(refused(''));
  const torn = Buffer.from(archive).fill(0xff, 40, 60);
  await expect(unpack(torn)).rejects.toMatchObject(refused(''));
  await expect(unpack(Buffer.from('no zip'))).rejects.toMatchObject(refused(''));
});

test('what does not fit on the disk is not begun', async () => {
  const archive = await archiveOf({ 'a/one.so': 'x'.repeat(5000) });
  await expect(unpack(archive, { freeBytes: () => 1000 })).rejects.toMatchObject({ code: 'disk-full' });
  expect(readdirSync(folder)).toEqual([]);
});

test('stopping ends it with the reason of the signal', async () => {
  const stop = new AbortController();
  stop.abort(new Error('stopped'));
  await expect(unpack(await archiveOf({ 'one.so': '1' }), { signal: stop.signal })).rejects.toThrow(
    'stopped',
  );
});
