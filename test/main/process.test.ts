// The whole backend as a process: what a page sees over its socket, and what a kill leaves behind.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/home.ts';
import { connectTo, startServer, type TestServer } from '../helpers/server.ts';

const home = temporaryFolder('home of Zoë 漢字');
let server: TestServer;

beforeAll(async () => {
  server = await startServer(home.folder);
});
afterAll(async () => {
  await server.stop();
  home.remove();
});

test('a text file goes in by upload, is read, and everything is there after the backend was killed', async () => {
  const page = await connectTo(server.url);
  const { id: projectId } = await page.call('projects.create', { name: 'Contracts' });
  const token = await page.upload(
    'Vertrag über Äpfel.txt',
    'The notice period is 60 days.\n\nThe price is 12 euros.\n',
  );
  const { jobId } = await page.call('documents.import', { projectId, tokens: [token] });
  expect(await page.job(jobId)).toMatchObject({
    state: 'finished',
    result: { read: 1, failed: 0, skipped: [] },
  });
  const { sources } = await page.call('documents.list', { projectId });
  expect(sources).toMatchObject([
    { name: 'Vertrag über Äpfel.txt', state: 'read', format: 'text', rights: null },
  ]);
  const rights = { basis: 'own-work' as const, who: 'Ada', note: '' };
  await page.call('documents.setRights', { projectId, sourceIds: [sources[0].id], rights });
  const { parts } = await page.call('documents.preview', { projectId, sourceId: sources[0].id });
  expect(parts.map((part) => part.text).join('\n')).toContain('60 days');
  expect(page.events.map(({ event }) => event)).toContain('documents.changed');

  await server.kill();
  server = await startServer(home.folder);
  const after = await connectTo(server.url);
  expect((await after.call('projects.list', {})).map((one) => one.name)).toEqual(['Contracts']);
  const again = await after.call('documents.list', { projectId });
  expect(again.sources).toMatchObject([
    { name: 'Vertrag über Äpfel.txt', state: 'read', rights: { who: 'Ada' } },
  ]);
  expect((await after.call('documents.preview', { projectId, sourceId: sources[0].id })).parts).toEqual(
    parts,
  );
  after.close();
});

test('the address of a killed backend opens nothing in the next one', async () => {
  const old = new URL(server.url);
  await server.kill();
  server = await startServer(home.folder);
  const withOldToken = new URL(`http://${server.url.host}/?token=${old.searchParams.get('token')}`);
  const reply = await fetch(withOldToken);
  expect([reply.status, await reply.text()]).toEqual([401, '']);
  await expect(connectTo(withOldToken)).rejects.toThrow('401');
});

test('an import that was under way when the backend was killed goes on at the next start', async () => {
  const page = await connectTo(server.url);
  const { id: projectId } = await page.call('projects.create', { name: 'Many' });
  const tokens = await Promise.all(
    Array.from({ length: 30 }, (_, i) => page.upload(`note ${i}.txt`, `Note number ${i}. `.repeat(2000))),
  );
  const { jobId } = await page.call('documents.import', { projectId, tokens });
  while ((await page.call('documents.list', { projectId })).counts.all < 3)
    await new Promise((wait) => setTimeout(wait, 5));
  await server.kill();
  server = await startServer(home.folder);
  const after = await connectTo(server.url);
  expect(await after.job(jobId)).toMatchObject({ state: 'finished', result: { read: 30, failed: 0 } });
  expect((await after.call('documents.list', { projectId })).counts).toMatchObject({ all: 30, read: 30 });
  after.close();
}, 90_000);
