import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { defaultLimits } from '../../../main/documents/limits.ts';
import { createReaderPool } from '../../../main/documents/pool.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pool-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function task(name: string, content: string | Uint8Array) {
  const path = join(folder, name);
  writeFileSync(path, content);
  return { path, name, partsFile: `${path}.parts`, options: {} };
}

test('a file that takes too long is ended, and the next one is read', async () => {
  const pool = createReaderPool(1, { ...defaultLimits, seconds: 1 });
  // Two million elements take several seconds.
  const slow = task('slow.html', `<html><body>${'<i><b>x</i></b>'.repeat(1_000_000)}</body></html>`);
  const late = await pool.read(slow);
  expect(late).toMatchObject({ ok: false, error: { code: 'file-too-slow' } });
  expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  await pool.close();
  const calm = createReaderPool(1);
  expect(await calm.read(task('quick.txt', 'text'))).toMatchObject({ ok: true });
  await calm.close();
});

test('a file that needs too much memory fails alone', async () => {
  const pool = createReaderPool(1, { ...defaultLimits, memoryMb: 48 });
  const rows = `a,b\n${'"x",y\n'.repeat(2_000_000)}`;
  const big = await pool.read(task('big.csv', rows));
  expect(big).toMatchObject({ ok: false, error: { code: 'file-too-large' } });
  expect(big.ok ? '' : big.error.message).toContain('48 MB of memory');
  expect(await pool.read(task('small.txt', 'text'))).toMatchObject({ ok: true });
  await pool.close();
});

test('a file that is gone gets a sentence', async () => {
  const pool = createReaderPool(1);
  const gone = { ...task('a.txt', 'text'), path: join(folder, 'gone.txt') };
  expect(await pool.read(gone)).toMatchObject({ ok: false, error: { code: 'file-missing' } });
  await pool.close();
});

test('closing ends what is being read', async () => {
  const pool = createReaderPool(1);
  const reading = pool.read(task('slow.html', `<html><body>${'<i><b>x</i></b>'.repeat(500_000)}`));
  setTimeout(() => void pool.close(), 300);
  expect(await reading).toMatchObject({ ok: false, error: { code: 'stopped' } });
  expect(existsSync(join(folder, 'slow.html.parts'))).toBe(false);
});
