// Projects through the calls that windows make: trash, duplicate, and one file out and in again.
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ZipFile } from 'yazl';
import type { Backend } from '../../../main/backend.ts';
import type { Job } from '../../../main/contract/jobs.ts';
import { safeFileName, unpack } from '../../../main/handlers/work/project-file.ts';
import { openTestBackend, temporaryFolder } from '../../helpers/home.ts';

const home = temporaryFolder("ø 漢字 #1 %20 o'Brien");
let backend: Backend;
let call: Backend['call'];

beforeAll(() => {
  backend = openTestBackend(home.folder, { shell: { kind: 'browser' } });
  call = backend.call;
});
afterAll(async () => {
  await backend.close();
  home.remove();
});

const finished = async (jobId: string): Promise<Job> => {
  await backend.services.queue.wait(jobId);
  return call('jobs.get', { jobId });
};
const issue = (path: string, name = 'file') => backend.services.files.issue({ path, name, temporary: false });

describe('the trash', () => {
  test('a deleted project leaves the list, can come back, and is purged only by its name', async () => {
    const { id } = await call('projects.create', { name: 'Old goal' });
    await call('projects.delete', { projectId: id });
    expect((await call('projects.list', {})).map((one) => one.id)).not.toContain(id);
    expect((await call('projects.list', { trash: true })).map((one) => one.id)).toContain(id);
    await call('projects.restore', { projectId: id });
    await expect(call('projects.purge', { projectId: id, confirmName: 'Old goal' })).rejects.toMatchObject({
      code: 'not-in-trash',
    });
    const { folder } = await call('projects.delete', { projectId: id });
    await expect(call('projects.purge', { projectId: id, confirmName: 'old goal' })).rejects.toMatchObject({
      code: 'name-differs',
    });
    expect(existsSync(folder)).toBe(true);
    await call('projects.purge', { projectId: id, confirmName: 'Old goal' });
    expect(existsSync(folder)).toBe(false);
  });

  test('a name of blanks is refused with the sentence of the contract', async () => {
    await expect(call('projects.create', { name: '   ' })).rejects.toMatchObject({
      code: 'input',
      message: 'name: A project needs a name.',
    });
  });
});

describe('one file', () => {
  test('a project comes out as one file and in again with all that it holds', async () => {
    const { id, folder } = await call('projects.create', { name: 'Ärger: "A/B"?', description: 'kept' });
    mkdirSync(join(folder, 'runs', '1'), { recursive: true });
    writeFileSync(join(folder, 'runs', '1', '漢字 %20.txt'), 'weights');
    const job = await finished((await call('projects.exportFile', { projectId: id })).jobId);
    expect(job.error).toBeNull();
    const { download, fileName } = job.result as { download: string; fileName: string };
    expect(fileName).toBe('Ärger A B.tunesmith');
    const { path } = backend.services.files.download(download)!;

    const imported = await finished(
      (await call('projects.importFile', { token: issue(path, fileName) })).jobId,
    );
    expect(imported.error).toBeNull();
    const { projectId } = imported.result as { projectId: string };
    expect(projectId).not.toBe(id); // the first one is still here
    const copy = await call('projects.get', { projectId });
    expect(copy).toMatchObject({ name: 'Ärger: "A/B"?', description: 'kept', problem: null });
    expect(readFileSync(join(copy.folder, 'runs', '1', '漢字 %20.txt'), 'utf8')).toBe('weights');
  });

  const zipOf = async (entries: Record<string, string>): Promise<string> => {
    const zip = new ZipFile();
    for (const [name, text] of Object.entries(entries)) zip.addBuffer(Buffer.from(text), name);
    zip.end();
    const pieces: Buffer[] = [];
    for await (const piece of zip.outputStream as AsyncIterable<Buffer>) pieces.push(piece);
    const path = join(home.folder, `${Object.keys(entries)[0].replace(/\W/g, '')}.tunesmith`);
    writeFileSync(path, Buffer.concat(pieces));
    return path;
  };

  test('a zip that is no project, and a file that is no zip, are refused and leave nothing behind', async () => {
    const before = await call('projects.list', {});
    const noProject = await finished(
      (await call('projects.importFile', { token: issue(await zipOf({ 'notes.txt': 'hello' })) })).jobId,
    );
    expect(noProject.error).toMatchObject({ code: 'not-a-project-file' });
    const text = join(home.folder, 'text.tunesmith');
    writeFileSync(text, 'hello');
    const noZip = await finished((await call('projects.importFile', { token: issue(text) })).jobId);
    expect(noZip.error).toMatchObject({ code: 'project-file-damaged' });
    expect(await call('projects.list', {})).toHaveLength(before.length);
  });

  test('a zip that unpacks to far more than its size is given up before it fills the disk', async () => {
    const path = await zipOf({ 'files/zeros.txt': '0'.repeat(3_000_000) });
    const folder = join(home.folder, 'bomb');
    mkdirSync(folder);
    const context = { signal: new AbortController().signal, progress: () => undefined };
    await expect(unpack(path, folder, context, { times: 100, bytes: 1e6 })).rejects.toMatchObject({
      code: 'project-file-too-dense',
    });
    expect(statSync(join(folder, 'files', 'zeros.txt')).size).toBeLessThan(2_000_000);
    const more = join(home.folder, 'dense');
    mkdirSync(more);
    await unpack(path, more, context); // text that is only dense is read
    expect(statSync(join(more, 'files', 'zeros.txt')).size).toBe(3_000_000);
  });

  test('a zip whose names lead out of its folder writes nothing there', async () => {
    const path = await zipOf({ 'aa/escaped.txt': 'x' });
    const bytes = readFileSync(path);
    // The same length, so that the rest of the zip stays right.
    const evil = Buffer.from(
      bytes.toString('latin1').replaceAll('aa/escaped.txt', '../escaped.txt'.slice(0, 14)),
      'latin1',
    );
    writeFileSync(path, evil);
    const job = await finished((await call('projects.importFile', { token: issue(path) })).jobId);
    expect(job.error).toMatchObject({ code: 'project-file-damaged' });
    expect(existsSync(join(home.folder, 'projects', 'escaped.txt'))).toBe(false);
    expect(existsSync(join(home.folder, 'escaped.txt'))).toBe(false);
  });
});

test('a duplicate has its own folder and id, and the original stays as it is', async () => {
  const { id } = await call('projects.create', { name: 'First' });
  const copy = await call('projects.duplicate', { projectId: id, name: 'Second' });
  expect(copy.id).not.toBe(id);
  await call('projects.rename', { projectId: copy.id, name: 'Third' });
  expect((await call('projects.get', { projectId: id })).name).toBe('First');
  expect(statSync(join(copy.folder, 'project.db')).size).toBeGreaterThan(0);
});

test('a fresh project says what comes first, and every step has one fact', async () => {
  const { nextStep, steps } = await call('projects.create', { name: 'Fresh' });
  expect(nextStep).toBe('documents');
  expect(steps.map((step) => step.state)).toEqual(Array(6).fill('open'));
  for (const step of steps) expect(step.fact).not.toBe('');
});

test('file names hold nothing that a file system refuses', () => {
  expect(safeFileName('a/b\\c:d*?"<>|e\u0000f.')).toBe('a b c d e f');
  expect(safeFileName('...')).toBe('project');
  expect(safeFileName('漢'.repeat(200))).toBe('漢'.repeat(80));
});
