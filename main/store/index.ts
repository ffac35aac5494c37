// The whole store: the databases of the home folder and of each project, opened when first needed. The only part of
// Tunesmith that writes them. Does not know jobs, windows or engines.
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../errors.ts';
import { log } from '../log.ts';
import { closeWithCopy, copyDatabase, type Database, holdLock, keepCopy, openDatabase } from './database.ts';
import { datasetStore } from './datasets.ts';
import { documentStore } from './documents.ts';
import { evaluationStore } from './evaluations.ts';
import { exportStore } from './exports.ts';
import { jobStore } from './jobs.ts';
import { appMigrations, projectMigrations } from './migrations.ts';
import { modelStore } from './models.ts';
import { type ListedProject, type ProjectRow, projectList, projectRow } from './projects.ts';
import { newId } from './rows.ts';
import { runStore } from './runs.ts';
import { ledgerStore, settingStore } from './settings.ts';

/** Everything stored about one project. */
export type ProjectStore = ReturnType<typeof projectStore>;
export type Store = ReturnType<typeof openStore>;

const day = 24 * 3600 * 1000;
const subfolders = ['files', 'datasets', 'runs', 'evaluations', 'exports'];

/** Opens the store in `home`, which is made when it does not exist. */
export function openStore(home: string) {
  makeHome(home);
  const { db, notices } = openDatabase(join(home, 'app.db'), appMigrations, 'the data folder');
  for (const notice of notices) log('warn', 'home.notice', { home, notice });
  keepDailyCopy(db);
  const list = projectList(db);
  const open = new Map<string, ProjectStore>();
  const owner = newId();
  const freeLock = holdLock(join(home, 'owners', owner));

  /** The project's store. Throws when it is unknown, its folder is missing, or a newer version wrote it. */
  const project = (projectId: string): ProjectStore => {
    const known = open.get(projectId);
    if (known) return known;
    const listed = list.get(projectId);
    if (!listed)
      throw new AppError(
        'project-unknown',
        'This project is not in the list any more.',
        'Choose another project.',
      );
    const opened = openProject(listed);
    open.set(projectId, opened);
    return opened;
  };

  return {
    home,
    owner,
    projects: list,
    settings: settingStore(db),
    ledger: ledgerStore(db),
    models: modelStore(db),
    jobs: jobStore(db),
    project,
    /** Makes a project in a folder of its own below the home folder, or in `folder`. */
    createProject(
      row: Omit<ProjectRow, 'id' | 'createdAt' | 'changedAt' | 'draft' | 'chosenModelId'>,
    ): ProjectStore {
      const now = Date.now();
      const id = newId();
      const folder = freeFolder(join(home, 'projects'), row.name);
      const created = projectStore(folder, {
        ...row,
        id,
        createdAt: now,
        changedAt: now,
        draft: null,
        chosenModelId: null,
      });
      list.insert({
        id,
        folder,
        name: row.name,
        isSample: row.isSample,
        addedAt: now,
        archivedAt: null,
        deletedAt: null,
      });
      open.set(id, created);
      return created;
    },
    /** Adds an existing project folder to the list. The same project at a second place becomes one of its own. */
    adoptProject(folder: string): ProjectStore {
      if (!existsSync(join(folder, 'project.db')))
        throw new AppError(
          'not-a-project',
          `This folder is not a Tunesmith project: it has no file "project.db". (${folder})`,
          'Choose the folder that holds "project.db".',
        );
      const at = list.byFolder(folder);
      if (at) {
        if (at.deletedAt !== null) list.update(at.id, { deletedAt: null });
        return project(at.id);
      }
      let opened = projectStore(folder);
      const twin = list.get(opened.id);
      if (twin && existsSync(join(twin.folder, 'project.db'))) {
        opened.row.replaceId(newId());
        opened.close();
        opened = projectStore(folder);
      } else if (twin) list.remove(twin.id); // it was moved here
      const { id, name, isSample } = opened.row.find()!;
      list.insert({ id, folder, name, isSample, addedAt: Date.now(), archivedAt: null, deletedAt: null });
      open.set(id, opened);
      return opened;
    },
    /** A folder name that is free below `projects/`, made from a name in any script. */
    freeProjectFolder: (name: string): string => freeFolder(join(home, 'projects'), name),
    closeProject(projectId: string): void {
      open.get(projectId)?.close();
      open.delete(projectId);
    },
    /** Whether the backend that holds this lock still lives. */
    ownerLives(other: string): boolean {
      if (other === owner) return true;
      const file = join(home, 'owners', other);
      if (!existsSync(file)) return false;
      const free = holdLock(file);
      free?.();
      return free === null;
    },
    /** Refreshes the copies that damaged databases are restored from. */
    async keepCopies(): Promise<void> {
      await keepCopy(db);
      for (const opened of open.values()) await opened.keepCopy();
    },
    close(): void {
      for (const opened of open.values()) opened.close();
      open.clear();
      closeWithCopy(db);
      freeLock?.();
    },
  };
}

/**
 * Makes the data folder for its owner alone: it holds documents, and on some systems the secrets of a keychain.
 * @throws AppError `home-unwritable`
 */
export function makeHome(home: string): void {
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    mkdirSync(join(home, 'projects'), { recursive: true });
  } catch (cause) {
    throw new AppError(
      'home-unwritable',
      `The data folder "${home}" cannot be made or written to (${(cause as NodeJS.ErrnoException).code}).`,
      'Give yourself the right to write there, or set TUNESMITH_HOME to another folder.',
      { cause },
    );
  }
}

function openProject(listed: ListedProject): ProjectStore {
  if (!existsSync(join(listed.folder, 'project.db')))
    throw new AppError(
      'project-missing',
      `The folder of "${listed.name}" is not there: ${listed.folder}`,
      'Put it back or connect the drive, or open it from its new place.',
    );
  return projectStore(listed.folder);
}

/** Opens `project.db` in `folder`; `row` is given when the project is made. */
function projectStore(folder: string, row?: ProjectRow) {
  for (const name of subfolders) mkdirSync(join(folder, name), { recursive: true });
  const what = row ? `project "${row.name}"` : `the project in "${folder}"`;
  const { db, notices } = openDatabase(join(folder, 'project.db'), projectMigrations, what);
  for (const notice of notices) log('warn', 'project.notice', { folder, notice });
  const rows = projectRow(db);
  if (row) rows.insert(row);
  const found = rows.find();
  if (!found) {
    db.close();
    throw new AppError(
      'not-a-project',
      `The database in "${folder}" holds no project.`,
      'Choose another folder.',
    );
  }
  keepDailyCopy(db);
  return {
    id: found.id,
    folder,
    notices,
    row: rows,
    sources: documentStore(db, folder, found.id),
    datasets: datasetStore(db, folder, found.id),
    runs: runStore(db, folder, found.id),
    evaluations: evaluationStore(db, folder, found.id),
    exports: exportStore(db, folder, found.id),
    /** Writes the database as it is now into a file: for copies of the project. */
    copyDatabase: (target: string): Promise<void> => copyDatabase(db, target),
    keepCopy: (): Promise<void> => keepCopy(db),
    close: (): void => {
      closeWithCopy(db);
    },
  };
}

/** At most once a day, in the background, so that a damaged database can be restored. */
function keepDailyCopy(db: Database): void {
  const copy = statSync(`${db.name}.copy`, { throwIfNoEntry: false });
  if (copy && Date.now() - copy.mtimeMs < day) return;
  keepCopy(db).catch((error) => {
    if (db.open) log('warn', 'database.copy-failed', { file: db.name, error });
  });
}

/** `Müller & Söhne` becomes `muller-sohne`; a name without Latin letters or digits becomes `project`. */
function freeFolder(parent: string, name: string): string {
  const slug =
    name
      .normalize('NFKD')
      .replace(/\p{M}/gu, '')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 40) || 'project';
  const taken = new Set(existsSync(parent) ? readdirSync(parent) : []);
  let candidate = slug;
  for (let i = 2; taken.has(candidate); i++) candidate = `${slug}-${i}`;
  return join(parent, candidate);
}
