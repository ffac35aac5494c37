// Documents on the command line: the right to use them, how they are read, and which of them count.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandLineIn } from '../../helpers/command-line.ts';
import { temporaryFolder } from '../../helpers/home.ts';
import { makePdf } from '../documents/packages.ts';

const home = temporaryFolder();
const { tunesmith, json } = commandLineIn(home.folder);
const file = (name: string, content: string | Buffer): string => {
  mkdirSync(home.folder, { recursive: true });
  writeFileSync(join(home.folder, name), content);
  return join(home.folder, name);
};
const byName = async (name: string) =>
  (await json('documents', 'list', 'Shop')).sources.find((one: { name: string }) => one.name === name);

beforeAll(async () => void (await json('project', 'create', 'Shop')));
afterAll(() => home.remove());

test('a dataset without rights says which command records them, and the second import records them', async () => {
  const table = file('orders.csv', 'question,answer\nwhere is it?,on its way\nwhen?,on Monday\n');
  const first = await tunesmith('documents', 'import', 'Shop', table);
  expect(first.out).toContain('tunesmith documents rights Shop --rights own-work --who <name>');
  const refused = await tunesmith('dataset', 'build', 'Shop');
  expect(refused.code).toBe(1);
  expect(refused.err).toContain('have no rights record');
  expect(refused.err).toContain('tunesmith documents rights Shop');
  const second = await json('documents', 'import', 'Shop', table, '--rights', 'licensed', '--who', 'Ada');
  expect(second).toMatchObject({ read: 0, skipped: ['orders.csv'], withoutRights: 0 });
  expect(await byName('orders.csv')).toMatchObject({ rights: { basis: 'licensed', who: 'Ada' } });
  expect(await json('dataset', 'build', 'Shop')).toMatchObject({ number: 1 });
}, 60_000);

test('rights are recorded for named documents, or for all that have no record, and never by half', async () => {
  await json('documents', 'import', 'Shop', file('a.txt', 'Shoes cost 30.'), file('b.txt', 'Hats cost 20.'));
  const given = ['--rights', 'own-work', '--who', 'Ida', '--note', 'by hand'];
  const [named] = await json('documents', 'rights', 'Shop', 'b.txt', ...given);
  expect(named).toMatchObject({ name: 'b.txt', rights: { basis: 'own-work', note: 'by hand' } });
  const rest = await json('documents', 'rights', 'Shop', '--rights', 'consent', '--who', 'Ida');
  expect(rest.map((one: { name: string }) => one.name)).toEqual(['a.txt']);
  expect(await tunesmith('documents', 'rights', 'Shop', '--rights', 'consent', '--who', 'Ida')).toMatchObject(
    {
      code: 0,
      out: 'Every document has a rights record already.',
    },
  );
  expect(await tunesmith('documents', 'rights', 'Shop', '--rights', 'mine', '--who', 'Ida')).toMatchObject({
    code: 2,
    err: expect.stringContaining('own-work'),
  });
  expect((await tunesmith('documents', 'rights', 'Shop', '--rights', 'consent')).code).toBe(2);
  expect(await tunesmith('documents', 'rights', 'Shop', 'c.txt', ...given)).toMatchObject({
    code: 1,
    err: expect.stringContaining('no document "c.txt"'),
  });
}, 60_000);

test('what was read is shown in parts or written whole, and encoding and delimiter can be chosen', async () => {
  const odd = file('odd.csv', Buffer.from('name|city\nJos\xe9|K\xf6ln\nIda|Rom\n', 'latin1'));
  await json('documents', 'import', 'Shop', odd);
  const read = await json(
    'documents',
    'reread',
    'Shop',
    'odd.csv',
    '--encoding',
    'cp437',
    '--delimiter',
    ',',
  );
  expect(read).toMatchObject({ columns: ['name|city'], coverage: { delimiter: ',', encoding: 'cp437' } });
  const again = ['--encoding', 'windows-1252', '--delimiter', '|'];
  expect((await tunesmith('documents', 'reread', 'Shop', 'odd.csv', ...again)).out).toContain(
    'encoding windows-1252',
  );
  const shown = await json('documents', 'show', 'Shop', 'odd.csv', '--parts', '1');
  expect(shown.parts).toMatchObject([{ cells: { name: 'José', city: 'Köln' } }]);
  const text = join(home.folder, 'odd.txt');
  await json('documents', 'show', 'Shop', 'odd.csv', '--to', text);
  expect(readFileSync(text, 'utf8')).toMatch(/Köln[\s\S]*Rom/);
  expect(await tunesmith('documents', 'show', 'Shop', 'odd.csv', '--to', text)).toMatchObject({
    code: 1,
    err: expect.stringContaining('exists already'),
  });
  const wrong = await tunesmith('documents', 'reread', 'Shop', 'odd.csv', '--encoding', 'klingon');
  expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('klingon') });
}, 60_000);

test('a web page is read whole when that is asked for', async () => {
  const menu = '<nav>Home Shop Contact and many other places to go</nav>';
  const page = `<html><body>${menu}<main><p>Parcels arrive within three days.</p></main></body></html>`;
  await json('documents', 'import', 'Shop', file('page.html', page));
  const texts = async () =>
    (await json('documents', 'show', 'Shop', 'page.html')).parts.map((part: { text: string }) => part.text);
  expect((await texts()).join(' ')).not.toContain('Contact');
  await json('documents', 'reread', 'Shop', 'page.html', '--whole-page');
  expect((await texts()).join(' ')).toContain('Contact');
}, 60_000);

test('a document is left out and used again, removed and brought back', async () => {
  await json('documents', 'leave-out', 'Shop', 'a.txt', 'b.txt');
  expect(await byName('a.txt')).toMatchObject({ state: 'left-out' });
  await json('documents', 'leave-out', 'Shop', 'a.txt', '--undo');
  expect(await byName('a.txt')).toMatchObject({ state: 'read' });
  expect(await byName('b.txt')).toMatchObject({ state: 'left-out' });
  const { out } = await tunesmith('documents', 'remove', 'Shop', 'a.txt');
  expect(await byName('a.txt')).toBeUndefined();
  const id = out.split(' ').at(-1)!;
  expect(await json('documents', 'restore', 'Shop', id)).toMatchObject([{ name: 'a.txt' }]);
  expect(await byName('a.txt')).toMatchObject({ rights: { basis: 'consent' } });
  expect((await tunesmith('documents', 'restore', 'Shop', 'nothing')).code).toBe(1);
}, 60_000);

test('a file that needs a password is named with the command that takes it', async () => {
  const locked = { userPassword: 'geheim', ownerPassword: 'owner', pdfVersion: '1.7' as const };
  const path = file('my contract.pdf', await makePdf((pdf) => pdf.text('A secret contract.'), locked));
  const { out, code } = await tunesmith('documents', 'import', 'Shop', path, file('c.txt', 'Socks cost 5.'));
  expect(code).toBe(0);
  expect(out).toContain('tunesmith documents reread Shop "my contract.pdf" --password <password>');
  const read = await tunesmith('documents', 'reread', 'Shop', 'my contract.pdf', '--password', 'geheim');
  expect(read).toMatchObject({ code: 0 });
}, 60_000);
