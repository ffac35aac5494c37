// Documents through the calls that windows make: folders, duplicates, files that fail alone, undo, and reading again.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Backend } from '../../../main/backend.ts';
import { openTestBackend, temporaryFolder } from '../../helpers/home.ts';

const home = temporaryFolder();
let backend: Backend;
let call: Backend['call'];
let projectId: string;
let folder: string;

beforeAll(async () => {
  backend = openTestBackend(home.folder, { shell: { kind: 'browser' } });
  call = backend.call;
  projectId = (await call('projects.create', { name: 'Files' })).id;
  folder = join(home.folder, 'Ordner');
  mkdirSync(join(folder, 'sub'), { recursive: true });
  writeFileSync(join(folder, 'one.txt'), 'First text of the folder.');
  writeFileSync(join(folder, 'sub', `${'ü'.repeat(120)}.txt`), 'Second text.'); // a name of 244 bytes
  writeFileSync(join(folder, '.hidden.txt'), 'not meant');
  writeFileSync(join(folder, 'broken.pdf'), '%PDF-1.4 and then nothing of a PDF');
  symlinkSync(folder, join(folder, 'loop'));
});
afterAll(async () => {
  await backend.close();
  home.remove();
});

const importPath = async (path: string) => {
  const { token } = await call('files.fromPath', { path });
  const { jobId } = await call('documents.import', { projectId, tokens: [token] });
  await backend.services.queue.wait(jobId);
  return call('jobs.get', { jobId });
};
const list = async () => (await call('documents.list', { projectId })).sources;

test('a folder is read with its subfolders; hidden files and loops are left out; a bad file fails alone', async () => {
  expect(await importPath(folder)).toMatchObject({ state: 'finished', result: { read: 2, failed: 1 } });
  const sources = await list();
  expect(sources.map((one) => [one.name, one.state]).sort()).toEqual([
    ['Ordner/broken.pdf', 'failed'],
    ['Ordner/one.txt', 'read'],
    [`Ordner/sub/${'ü'.repeat(120)}.txt`, 'read'],
  ]);
  const failure = sources.find((one) => one.state === 'failed')?.failure;
  expect(failure?.message).toContain('broken.pdf');
  expect(failure?.remedy).not.toBe('');
});

test('a rights record is told to the navigation, which warned of its lack', async () => {
  const stateOf = async () =>
    (await call('projects.get', { projectId })).steps.find(({ step }) => step === 'documents')?.state;
  expect(await stateOf()).toBe('attention');
  const told: string[] = [];
  const stop = backend.listen((event) => told.push(event));
  const sourceIds = (await list()).map(({ id }) => id);
  await call('documents.setRights', { projectId, sourceIds, rights: { basis: 'own-work', who: 'Ada' } });
  stop();
  expect(told).toEqual(expect.arrayContaining(['documents.changed', 'projects.changed']));
});

test('the same folder again adds nothing and says what was known', async () => {
  const { result } = await importPath(folder);
  expect(result).toMatchObject({ read: 0, skipped: expect.arrayContaining(['Ordner/one.txt']) });
  expect(await list()).toHaveLength(3);
});

test('an empty folder is refused with a sentence', async () => {
  const empty = join(home.folder, 'empty');
  mkdirSync(empty);
  expect(await importPath(empty)).toMatchObject({ state: 'failed', error: { code: 'nothing-to-import' } });
});

test('removing can be undone, and leaving out keeps the document in the list', async () => {
  const one = (await list()).find((source) => source.name === 'Ordner/one.txt')!;
  await call('documents.remove', { projectId, sourceIds: [one.id] });
  expect((await list()).map((source) => source.id)).not.toContain(one.id);
  await expect(call('documents.preview', { projectId, sourceId: one.id })).rejects.toMatchObject({
    code: 'source-unknown',
  });
  await call('documents.restore', { projectId, sourceIds: [one.id] });
  const [left] = await call('documents.leaveOut', { projectId, sourceIds: [one.id], leftOut: true });
  expect(left.state).toBe('left-out');
  const [back] = await call('documents.leaveOut', { projectId, sourceIds: [one.id], leftOut: false });
  expect(back.state).toBe('read');
  expect((await call('documents.preview', { projectId, sourceId: one.id })).parts[0].text).toContain(
    'First text',
  );
});

test('a file is read again in the encoding that the user chooses, and replaced by another one', async () => {
  const file = join(home.folder, 'umlaute.txt');
  writeFileSync(file, Buffer.from('Gr\xfc\xdfe aus K\xf6ln, sch\xf6ne Tage', 'latin1'));
  await importPath(file);
  const source = (await list()).find((one) => one.name === 'umlaute.txt')!;
  const reread = await call('documents.reread', {
    projectId,
    sourceId: source.id,
    options: { encoding: 'cp437' },
  });
  await backend.services.queue.wait(reread.jobId);
  const text = async () =>
    (await call('documents.preview', { projectId, sourceId: source.id })).parts[0].text;
  expect(await text()).not.toContain('Grüße');
  expect((await list()).find((one) => one.id === source.id)?.coverage?.encoding).toMatch(/437/);

  writeFileSync(file, 'Neuer Inhalt');
  const { token } = await call('files.fromPath', { path: file });
  const replaced = await call('documents.replace', { projectId, sourceId: source.id, token });
  await backend.services.queue.wait(replaced.jobId);
  expect(await text()).toContain('Neuer Inhalt');
  expect((await list()).filter((one) => one.name === 'umlaute.txt')).toHaveLength(1);
});
