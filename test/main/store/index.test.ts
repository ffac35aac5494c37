// The store of a home folder: projects in folders of any name, copied and moved projects, records by index, owners.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Job } from '../../../main/contract/jobs.ts';
import { openDatabase } from '../../../main/store/database.ts';
import { openStore, type Store } from '../../../main/store/index.ts';
import { projectMigrations } from '../../../main/store/migrations.ts';
import { crashSettings } from '../../crash/scenario.ts';
import { temporaryFolder } from '../../helpers/home.ts';

let home: ReturnType<typeof temporaryFolder>;
let store: Store;

beforeEach(() => {
  home = temporaryFolder("o'Brien ø 漢字 #1 %20");
  store = openStore(home.folder);
});
afterEach(() => {
  store.close();
  home.remove();
});
const create = (name: string) => store.createProject({ name, description: '', isSample: false });

describe('projects', () => {
  test('a project keeps its name in any script, and its folder has a plain one', () => {
    const folders = ['Müller & Söhne', '漢字', 'Müller & Söhne', '../../etc'].map((name) =>
      basename(create(name).folder),
    );
    expect(folders).toEqual(['muller-sohne', 'project', 'muller-sohne-2', 'etc']);
    expect(store.projects.list(false).map((one) => one.name)).toContain('漢字');
  });

  test('everything is there after closing and opening again', () => {
    const { id } = create('Kept');
    store.project(id).row.update({ description: 'a goal' });
    store.settings.set({ theme: 'dark', attester: 'Ada' });
    store.close();
    store = openStore(home.folder);
    expect(store.project(id).row.find()).toMatchObject({ name: 'Kept', description: 'a goal' });
    expect(store.settings.get()).toMatchObject({ theme: 'dark', attester: 'Ada', memoryShare: 0.8 });
  });

  test('a copied project folder becomes a project of its own', () => {
    const original = create('Original');
    store.closeProject(original.id);
    const copy = join(home.folder, 'a copy');
    cpSync(original.folder, copy, { recursive: true });
    const adopted = store.adoptProject(copy);
    expect(adopted.id).not.toBe(original.id);
    expect(store.projects.list(false)).toHaveLength(2);
    expect(store.project(original.id).row.find()?.name).toBe('Original');
  });

  test('a moved project folder keeps its identity', () => {
    const original = create('Moved');
    store.closeProject(original.id);
    const place = join(home.folder, 'elsewhere');
    renameSync(original.folder, place);
    expect(() => store.project(original.id)).toThrow(expect.objectContaining({ code: 'project-missing' }));
    expect(store.adoptProject(place).id).toBe(original.id);
    expect(store.projects.list(false)).toHaveLength(1);
  });

  test('a folder that is no project is refused, and nothing is written into it', () => {
    const folder = join(home.folder, 'photos');
    mkdirSync(folder);
    expect(() => store.adoptProject(folder)).toThrow(expect.objectContaining({ code: 'not-a-project' }));
    expect(existsSync(join(folder, 'project.db'))).toBe(false);
  });
});

describe('the data folder', () => {
  test('its database has a copy from the first day on, and is restored from it when it is damaged', () => {
    const { id } = create('Kept');
    store.close();
    const file = join(home.folder, 'app.db');
    expect(existsSync(`${file}.copy`)).toBe(true);
    writeFileSync(file, 'no database any more'.repeat(1000));
    store = openStore(home.folder);
    expect(store.projects.get(id)?.name).toBe('Kept');
    expect(readdirSync(home.folder).some((name) => name.startsWith('app.db.damaged-'))).toBe(true);
  });

  test('a place that cannot be written to is named with what to do', () => {
    const file = join(home.folder, 'a file');
    writeFileSync(file, '');
    expect(() => openStore(join(file, 'home'))).toThrow(
      expect.objectContaining({ code: 'home-unwritable', remedy: expect.stringContaining('TUNESMITH_HOME') }),
    );
  });

  test.skipIf(process.platform === 'win32')('a new one is for its owner alone', () => {
    const folder = join(home.folder, 'new');
    openStore(folder).close();
    expect(statSync(folder).mode & 0o077).toBe(0);
  });
});

test('a project of the first format keeps its run and its curve through all migrations', () => {
  const { folder } = create('Old');
  store.close();
  for (const name of readdirSync(folder)) if (name.startsWith('project.db')) rmSync(join(folder, name));
  const { db } = openDatabase(join(folder, 'project.db'), projectMigrations.slice(0, 1), 'the test');
  const recipe = { projectId: 'p', name: 'n', versionId: 'v', modelId: 'm', settings: crashSettings };
  db.exec("INSERT INTO project VALUES ('old', 'Old', '', 0, 1, 1, NULL, NULL)");
  db.prepare(
    `INSERT INTO runs (id, number, name, recipe, state, step, steps, seconds, peak_bytes, lineage, messages, created_at)
     VALUES ('r', 1, 'First', ?, 'finished', 4, 4, 1, 1, '{}', '[]', 1)`,
  ).run(JSON.stringify({ ...recipe, thenEvaluate: false }));
  db.exec("INSERT INTO train_points VALUES ('r', 1, 0.5, 2.5, 0.001, 1, 100, 1, NULL, 1)");
  db.exec("INSERT INTO validation_points VALUES ('r', 1, 2.25, 10, 1)");
  db.close();
  store = openStore(home.folder);
  for (const listed of store.projects.list(false)) store.projects.remove(listed.id);
  const { runs } = store.adoptProject(folder);
  expect(runs.list(false)).toMatchObject([
    { number: 1, name: 'First', state: 'finished', quantizedBase: null },
  ]);
  const curves = runs.metrics.read('r', -1, 100);
  expect(curves.train).toMatchObject([{ step: 1, loss: 2.5 }]);
  expect(curves.validation).toMatchObject([{ step: 1, loss: 2.25, best: true }]);
  expect(existsSync(join(folder, 'project.db.version-1'))).toBe(true);
});

describe('a project that was changed by hand to name files elsewhere', () => {
  const parity = null;
  test('lists, reads and deletes nothing outside of its folder', () => {
    const project = create('Hostile');
    const row = { runId: 'r', format: 'f', options: {}, state: 'finished' as const, jobId: null, files: [] };
    for (const [id, folder] of [
      ['up', '../../../precious'],
      ['here', '.'],
      ['absolute', join(home.folder, 'precious')],
    ]) {
      project.exports.insert({ ...row, id, folder, bytes: 0, parity, error: null, createdAt: 1 });
      expect(() => project.exports.get(id)).toThrow(expect.objectContaining({ code: 'name-outside' }));
    }
    for (const name of ['../../x', '..', 'a/b', 'a\\b', '']) {
      const places = [
        () => project.sources.originalFile(name),
        () => project.evaluations.predictionsFile(`../${name}`),
        () => project.datasets.recordsFile(`../${name}`),
        () => project.sources.partsFile(`../${name}`),
      ];
      for (const place of places) expect(place).toThrow(expect.objectContaining({ code: 'name-outside' }));
    }
    expect(project.datasets.recordsFile('abc')).toBe(join(project.folder, 'datasets', 'abc.jsonl'));
  });
});

describe('documents', () => {
  const source = (id: string, change = {}) => ({
    id,
    name: `${id}.txt`,
    format: 'text',
    bytes: 10,
    sha256: id.repeat(8),
    state: 'read' as const,
    failure: null,
    characters: 10,
    words: 2,
    rows: null,
    columns: [],
    language: 'en',
    coverage: null,
    rights: null,
    options: {},
    addedAt: 1,
    removedAt: null,
    ...change,
  });

  test('removed documents leave the list and its counts, and come back when restored', () => {
    const { sources } = create('Docs');
    sources.insert(source('a'));
    sources.insert(source('b', { removedAt: 5 }));
    sources.insert(source('c', { state: 'failed', failure: { code: 'x', message: 'm', remedy: 'r' } }));
    expect(sources.list('all', 0, 10).sources.map((one) => one.id)).toEqual(['a', 'c']);
    expect(sources.counts()).toMatchObject({ all: 2, read: 1, failed: 1, noRights: 1, characters: 20 });
    sources.update('b', { removedAt: null });
    expect(sources.list('no-rights', 0, 10)).toMatchObject({ total: 2 });
    expect(sources.list('failed', 0, 10).sources[0].failure).toEqual({
      code: 'x',
      message: 'm',
      remedy: 'r',
    });
  });

  test('content is found by its hash while it is not removed', () => {
    const { sources } = create('Docs');
    sources.insert(source('a'));
    expect(sources.byContent('aaaaaaaa')?.id).toBe('a');
    sources.update('a', { removedAt: 1 });
    expect(sources.byContent('aaaaaaaa')).toBeUndefined();
  });
});

describe('owners', () => {
  const job: Job = {
    id: 'j',
    kind: 'train',
    projectId: null,
    subjectId: null,
    title: 'Train',
    state: 'running',
    progress: 0.25,
    position: '',
    rate: '',
    secondsLeft: null,
    canPause: true,
    cancelLabel: 'Cancel',
    result: { nested: [1, { a: null }] },
    error: null,
    dismissed: false,
    createdAt: 1,
    startedAt: 2,
    endedAt: null,
  };

  test('a job comes back as it was saved, with its spec and its owner', () => {
    const stored = {
      ...job,
      spec: { runId: 'r', deep: { list: [1, 2] } },
      owner: store.owner,
      enginePid: 17,
    };
    store.jobs.save(stored);
    store.jobs.save({ ...stored, position: 'step 2' });
    expect(store.jobs.active()).toEqual([{ ...stored, position: 'step 2' }]);
  });

  test('an open backend lives, a closed or unknown one does not', () => {
    const second = openStore(home.folder);
    const { owner } = second;
    expect(store.ownerLives(owner)).toBe(true);
    expect(store.ownerLives(store.owner)).toBe(true);
    second.close();
    expect(store.ownerLives(owner)).toBe(false);
    expect(store.ownerLives('unknown')).toBe(false);
  });

  test('the lock file of a backend that was killed counts as free and is removed', () => {
    writeFileSync(join(home.folder, 'owners', 'killed'), '');
    expect(store.ownerLives('killed')).toBe(false);
    expect(existsSync(join(home.folder, 'owners', 'killed'))).toBe(false);
  });
});

test('settings that were written by another version fall back to the defaults one by one', () => {
  store.settings.set({ threads: 3 });
  store.settings.set({ theme: 'purple' as never });
  expect(store.settings.get()).toMatchObject({ threads: 3, theme: 'auto' });
});

test('a model whose folder is gone stays in the list with the reason', () => {
  const folder = join(home.folder, 'model');
  mkdirSync(folder);
  const model = {
    id: 'm',
    name: 'Tiny',
    origin: 'folder' as const,
    folder,
    architecture: 'llama',
    task: 'causal' as const,
    parameters: 1,
    bytes: 1,
    dtype: 'F32',
    contextLength: 64,
    vocabularySize: 10,
    layers: 1,
    hiddenSize: 8,
    licence: null,
    hasChatTemplate: true,
    addedAt: 1,
    problem: null,
    warnings: [],
  };
  store.models.save(model);
  expect(store.models.get('m')).toEqual(model);
  rmSync(folder, { recursive: true });
  expect(store.models.list()[0].problem).toMatchObject({ code: 'model-folder-missing' });
});
