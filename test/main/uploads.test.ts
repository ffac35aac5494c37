// Uploads as they break: a source that ends early, a disk that is full, and names as headers carry them.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createFileTokens } from '../../main/files.ts';
import { storeUpload } from '../../main/uploads.ts';
import { temporaryFolder } from '../helpers/tiny-model.ts';

const headers = (name: string) => (header: string) => (header === 'x-file-name' ? name : undefined);

async function* pieces(count: number, then?: Error): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) yield new Uint8Array(100_000).fill(i);
  if (then) throw then;
}

test('what arrived is stored whole under a name of our own, whatever the page calls it', async () => {
  const temporary = temporaryFolder();
  const files = createFileTokens();
  const stored = await storeUpload(pieces(3), headers('..%2F..%2Fetc%2Fpasswd'), { temporary, files });
  expect(stored?.name).toBe('../../etc/passwd');
  const { path } = files.redeem(stored!.token);
  expect(readdirSync(temporary)).toEqual([path.slice(temporary.length + 1)]);
  const hash = createHash('sha256');
  for await (const piece of pieces(3)) hash.update(piece);
  expect(createHash('sha256').update(readFileSync(path)).digest('hex')).toBe(hash.digest('hex'));
});

test('a page that breaks off leaves nothing', async () => {
  const temporary = temporaryFolder();
  const broken = storeUpload(pieces(2, new Error('gone')), headers('a.txt'), {
    temporary,
    files: createFileTokens(),
  });
  await expect(broken).rejects.toThrow('gone');
  expect(readdirSync(temporary)).toEqual([]);
});

test('a name that is no percent-encoding, or none, is refused', async () => {
  const temporary = temporaryFolder();
  for (const name of ['%', ''])
    expect(await storeUpload(pieces(1), headers(name), { temporary, files: createFileTokens() })).toBeNull();
});

test.skipIf(process.platform !== 'linux')(
  'a full disk is said in a sentence, and leaves nothing',
  async () => {
    // /dev/full answers every write as a full disk does; the file is made there by a link of the folder.
    const temporary = join(temporaryFolder(), 'full');
    mkdirSync(temporary);
    const files = createFileTokens();
    const open = storeUpload(pieces(1), headers('big.txt'), {
      temporary,
      files,
      nameOf: () => {
        symlinkSync('/dev/full', join(temporary, 'upload'));
        return 'upload';
      },
    });
    await expect(open).rejects.toMatchObject({
      code: 'disk-full',
      message: 'The disk became full while "big.txt" was taken in. Nothing of it was kept.',
    });
    expect(readdirSync(temporary)).toEqual([]);
  },
);
