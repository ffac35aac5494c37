// The sample project goes through the same jobs as anybody's files, and gives exactly the records that it promises.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Backend } from '../../../main/backend.ts';
import { sample } from '../../../resources/sample/sample.ts';
import { openTestBackend, temporaryFolder } from '../../helpers/home.ts';

const home = temporaryFolder();
let backend: Backend;

beforeAll(async () => {
  backend = openTestBackend(home.folder, { shell: { kind: 'browser' }, makeSample: true });
  await backend.recovered;
});
afterAll(async () => {
  await backend.close();
  home.remove();
});

const quiet = async () => {
  for (;;) {
    const [next] = backend.services.queue.active();
    if (!next) return;
    await backend.services.queue.wait(next.id);
  }
};

test('the first start makes it: every document is read with its rights, and both datasets are built', async () => {
  await quiet();
  const [project] = await backend.call('projects.list', {});
  expect(project).toMatchObject({
    name: sample.name,
    isSample: true,
    documents: sample.files.length,
    problem: null,
  });
  const { sources, counts } = await backend.call('documents.list', { projectId: project.id });
  expect(counts).toMatchObject({ read: sample.files.length, failed: 0, noRights: 0 });
  expect(sources.map((one) => one.name).sort()).toEqual(sample.files.map((one) => one.name).sort());
  const versions = await backend.call('datasets.list', { projectId: project.id });
  for (const dataset of sample.datasets) {
    const version = versions.find((one) => one.name === dataset.name);
    expect(version?.report.records).toEqual(dataset.records);
    expect(version?.report).toMatchObject({ leaks: 0, problems: [] });
  }
  expect((await backend.call('datasets.draft', { projectId: project.id }))?.name).toBe(
    sample.datasets[0].name,
  );
});

test('a second start makes no second one; asked for, another is made', async () => {
  await backend.close();
  backend = openTestBackend(home.folder, { shell: { kind: 'browser' }, makeSample: true });
  await backend.recovered;
  expect(await backend.call('projects.list', {})).toHaveLength(1);
  await backend.call('projects.createSample', {});
  expect(await backend.call('projects.list', {})).toHaveLength(2);
});
