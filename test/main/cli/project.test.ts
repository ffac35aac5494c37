// Projects on the command line: named, put into the trash and back, saved as one file and opened again elsewhere.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandLineIn } from '../../helpers/command-line.ts';
import { temporaryFolder } from '../../helpers/home.ts';

const home = temporaryFolder();
const other = temporaryFolder('other');
const { tunesmith, json } = commandLineIn(home.folder);
const elsewhere = commandLineIn(other.folder);

beforeAll(async () => {
  mkdirSync(home.folder, { recursive: true });
  writeFileSync(join(home.folder, 'a.txt'), 'Shoes cost 30.');
  await json('project', 'create', 'Shop');
  await json('documents', 'import', 'Shop', join(home.folder, 'a.txt'));
});
afterAll(() => {
  home.remove();
  other.remove();
});

test('a renamed project is found by its new name, and by its folder as before', async () => {
  expect(await json('project', 'rename', 'Shop', 'Läden')).toMatchObject({ name: 'Läden', documents: 1 });
  for (const name of ['Läden', 'shop'])
    expect((await tunesmith('documents', 'list', name)).out).toContain('a.txt');
});

test('a deleted project says how it comes back, and does', async () => {
  const deleted = await tunesmith('project', 'delete', 'shop');
  const restore = /tunesmith (project restore \S+)$/.exec(deleted.out)?.[1].split(' ') ?? [];
  expect((await tunesmith('project', 'list')).out).not.toContain('Läden');
  expect((await tunesmith('project', 'list', '--trash')).out).toContain('Läden');
  expect(await tunesmith('project', 'restore', 'Shop 7')).toMatchObject({
    code: 1,
    err: 'There is no project "Shop 7" in the trash.\nList them: tunesmith project list --trash',
  });
  expect((await tunesmith(...restore)).code).toBe(0);
  expect((await tunesmith('project', 'list')).out).toContain('Läden');
});

test('a project saved as one file is opened in another data folder with all that it holds', async () => {
  const file = join(home.folder, 'shop.tunesmith');
  expect(await json('project', 'save', 'shop', '--to', file)).toMatchObject({ file });
  expect(existsSync(file)).toBe(true);
  expect(await tunesmith('project', 'save', 'shop', '--to', file)).toMatchObject({ code: 1 }); // never written over
  expect(await elsewhere.json('project', 'open', file)).toMatchObject({ name: 'Läden', documents: 1 });
  expect((await elsewhere.tunesmith('documents', 'list', 'Läden')).out).toContain('a.txt');
  expect(await elsewhere.tunesmith('project', 'open', join(home.folder, 'a.txt'))).toMatchObject({
    code: 1,
    err: expect.stringContaining('"a.txt" cannot be read'),
  });
}, 60_000);
