// Opening databases: journal, migrations with a backup, newer formats, damage, locks. Real files.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { closeWithCopy, holdLock, keepCopy, openDatabase } from '../../../main/store/database.ts';
import { findHazard, type Hazard } from '../../../main/store/hazards.ts';
import { root, temporaryFolder } from '../../helpers/home.ts';

const one = ['CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT'];
const two = [...one, "ALTER TABLE notes ADD COLUMN language TEXT NOT NULL DEFAULT 'en'"];
let cleanups: (() => void)[] = [];
const fresh = (): string => {
  const { folder, remove } = temporaryFolder('a folder with spaces, 文 and %20');
  mkdirSync(folder, { recursive: true });
  cleanups.push(remove);
  return join(folder, 'notes.db');
};

afterEach(() => {
  for (const cleanup of cleanups) cleanup();
  cleanups = [];
});

describe('opening', () => {
  test('a new database uses the write-ahead log, and its tables refuse values of another type', () => {
    const { db, notices } = openDatabase(fresh(), one, 'the test');
    expect(notices).toEqual([]);
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(() => db.exec("INSERT INTO notes (id, text) VALUES ('x', 'y')")).toThrow(/datatype mismatch/);
    db.close();
  });

  test('migrations run once each, forward, and the old file is kept beside it', () => {
    const file = fresh();
    const first = openDatabase(file, one, 'the test').db;
    first.exec("INSERT INTO notes (text) VALUES ('kept')");
    first.close();
    const { db } = openDatabase(file, two, 'the test');
    expect(db.prepare('SELECT text, language FROM notes').all()).toEqual([{ text: 'kept', language: 'en' }]);
    db.close();
    const old = openDatabase(`${file}.version-1`, one, 'the backup').db;
    expect(old.prepare('SELECT text FROM notes').pluck().all()).toEqual(['kept']);
    old.close();
  });

  test('a file of a newer version is refused with both numbers, and is not changed', () => {
    const file = fresh();
    openDatabase(file, two, 'the test').db.close();
    const before = readFileSync(file);
    expect(() => openDatabase(file, one, 'project "A"')).toThrow(
      expect.objectContaining({
        code: 'newer-format',
        message: expect.stringContaining('format 2; this one knows 1'),
      }),
    );
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test('a new database that another program is about to write into is waited for', async () => {
    const file = fresh();
    const code = `
      import Sqlite from 'better-sqlite3';
      const db = new Sqlite(${JSON.stringify(file)});
      db.exec('CREATE TABLE notes (a); BEGIN IMMEDIATE'); // SQLite itself does not wait for this one to change the journal
      process.stdout.write('held');
      setTimeout(() => db.close(), 400);`;
    const args = ['--input-type=module', '--eval', code];
    const holder = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(holder, 'exit');
    await once(holder.stdout, 'data');
    const { db } = openDatabase(file, [], 'the test');
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
    db.close();
    await ended;
  });

  test('programs that open a new database at the same moment all succeed', async () => {
    for (let round = 0; round < 3; round++) {
      const file = fresh();
      const code = `
        import { openDatabase } from ${JSON.stringify(join(root, 'main/store/database.ts'))};
        import { appMigrations } from ${JSON.stringify(join(root, 'main/store/migrations.ts'))};
        while (Date.now() < Number(process.argv[1]));
        openDatabase(${JSON.stringify(file)}, appMigrations, 'the test').db.close();`;
      const at = String(Date.now() + 1500);
      const ended = Array.from({ length: 4 }, () => {
        const args = ['--input-type=module-typescript', '--eval', code, at];
        const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
        let said = '';
        child.stderr.on('data', (piece) => {
          said += String(piece);
        });
        return new Promise((resolve) => child.on('exit', (exit) => resolve(exit === 0 ? 'well' : said)));
      });
      expect(await Promise.all(ended)).toEqual(['well', 'well', 'well', 'well']);
    }
  });

  test('a failed migration leaves the version as it was', () => {
    const file = fresh();
    openDatabase(file, one, 'the test').db.close();
    expect(() =>
      openDatabase(file, [...one, 'CREATE TABLE more (a INTEGER); CREATE TABLE notes (b)'], 'x'),
    ).toThrow();
    const { db } = openDatabase(file, one, 'the test');
    expect(db.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'more'").pluck().get()).toBe(0);
    db.close();
  });
});

describe('on a network file system (F06)', () => {
  const onNfs = (folder: string): Hazard => ({
    kind: 'network',
    name: 'NFS',
    sentence: `"${folder}" is on a network file system (NFS).`,
  });

  test('a new database has the rollback journal, and the user is told', () => {
    const file = fresh();
    const { db, notices } = openDatabase(file, one, 'the test', onNfs);
    expect(notices).toEqual([`"${dirname(file)}" is on a network file system (NFS).`]);
    expect(db.pragma('journal_mode', { simple: true })).toBe('delete');
    expect(db.pragma('synchronous', { simple: true })).toBe(2); // FULL
    db.close();
  });

  test('a database that was made on this computer leaves the write-ahead log, and keeps what is in it', () => {
    const file = fresh();
    const local = openDatabase(file, one, 'the test').db;
    local.exec("INSERT INTO notes (text) VALUES ('kept')");
    local.close();
    const { db, notices } = openDatabase(file, one, 'the test', onNfs);
    expect(notices).toHaveLength(1);
    expect(db.pragma('journal_mode', { simple: true })).toBe('delete');
    db.exec("INSERT INTO notes (text) VALUES ('added')");
    expect(db.prepare('SELECT text FROM notes ORDER BY id').pluck().all()).toEqual(['kept', 'added']);
    expect(readdirSync(dirname(file)).filter((name) => /-(wal|shm)$/.test(name))).toEqual([]);
    db.close();
  });

  test('in a folder that a program syncs, the log stays, and the user is told', () => {
    const synced = () => ({ kind: 'sync', name: 'Dropbox', sentence: 'Dropbox syncs this.' }) as const;
    const { db, notices } = openDatabase(fresh(), one, 'the test', synced);
    expect(notices).toEqual(['Dropbox syncs this.']);
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
    db.close();
  });
});

describe('damage', () => {
  const damagedFile = (): string => {
    const file = fresh();
    const { db } = openDatabase(file, one, 'the test');
    const insert = db.prepare('INSERT INTO notes (text) VALUES (?)');
    for (let i = 0; i < 500; i++) insert.run('x'.repeat(200));
    closeWithCopy(db);
    return file;
  };
  const overwrite = (file: string) => {
    const bytes = readFileSync(file);
    bytes.fill(0xff, 8192, 24_576);
    writeFileSync(file, bytes);
    writeFileSync(`${file}-wal`, 'left by a kill'); // what makes the next open check the file
  };

  test('after an unclean end a damaged file is replaced by its copy, kept aside, and said', () => {
    const file = damagedFile();
    overwrite(file);
    const { db, notices } = openDatabase(file, one, 'project "A"');
    expect(db.prepare('SELECT count(*) FROM notes').pluck().get()).toBe(500);
    expect(notices[0]).toMatch(/The database of project "A" was damaged, so the copy of .* was restored/);
    expect(readdirSync(join(file, '..')).some((name) => name.startsWith('notes.db.damaged-'))).toBe(true);
    db.close();
  });

  test('damage that comes to light in use does not replace the good copy, and is mended at the next start', () => {
    const file = damagedFile();
    const good = readFileSync(`${file}.copy`);
    overwrite(file);
    rmSync(`${file}-wal`); // ended cleanly: nothing says that the file is damaged
    const first = openDatabase(file, one, 'the test').db;
    closeWithCopy(first);
    expect(readFileSync(`${file}.copy`).equals(good)).toBe(true);
    const { db, notices } = openDatabase(file, one, 'project "A"');
    expect(db.prepare('SELECT count(*) FROM notes').pluck().get()).toBe(500);
    expect(notices[0]).toMatch(/was damaged, so the copy of .* was restored/);
    closeWithCopy(db);
    const again = openDatabase(file, one, 'project "A"');
    expect(again.notices).toEqual([]);
    again.db.close();
  });

  test('a copy made while the database is open is checked too', async () => {
    const file = damagedFile();
    const good = readFileSync(`${file}.copy`);
    overwrite(file);
    rmSync(`${file}-wal`);
    const { db } = openDatabase(file, one, 'the test');
    await keepCopy(db);
    expect(readFileSync(`${file}.copy`).equals(good)).toBe(true);
    db.close();
  });

  test('closing while a copy is made leaves a copy with everything in it', async () => {
    for (let round = 0; round < 5; round++) {
      const file = damagedFile();
      const { db } = openDatabase(file, one, 'the test');
      db.exec("INSERT INTO notes (text) VALUES ('the last')");
      const copying = keepCopy(db).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, round));
      closeWithCopy(db);
      await copying;
      const copy = openDatabase(`${file}.copy`, one, 'the copy').db;
      expect(copy.prepare('SELECT count(*) FROM notes').pluck().get()).toBe(501);
      copy.close();
    }
  });

  test('without a copy the error names the file, and nothing is deleted', () => {
    const file = damagedFile();
    overwrite(file);
    rmSync(`${file}.copy`);
    const before = readFileSync(file);
    expect(() => openDatabase(file, one, 'project "A"')).toThrow(
      expect.objectContaining({ code: 'database-damaged', message: expect.stringContaining(file) }),
    );
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test('a file that is no database at all is refused by name', () => {
    const file = fresh();
    writeFileSync(
      file,
      'this is text and not a database, and it is longer than a header of one hundred bytes would be',
    );
    expect(() => openDatabase(file, one, 'project "A"')).toThrow(
      expect.objectContaining({ code: 'database-damaged', message: expect.stringContaining(file) }),
    );
    expect(readFileSync(file, 'utf8')).toContain('this is text');
  });
});

test('a lock is held against a second holder, and is free after it was given back', () => {
  const file = fresh();
  const free = holdLock(file);
  expect(free).not.toBeNull();
  expect(holdLock(file)).toBeNull();
  free?.();
  const again = holdLock(file);
  expect(again).not.toBeNull();
  again?.();
});

test('folders of sync programs are recognised by name, others are not', () => {
  expect(findHazard('/home/a/Dropbox/projects')).toMatchObject({ kind: 'sync', name: 'Dropbox' });
  expect(findHazard('/Users/a/Library/Mobile Documents/x')).toMatchObject({ name: 'iCloud Drive' });
  expect(findHazard('/home/a/OneDrive - Company/x')).toMatchObject({ name: 'OneDrive' });
  expect(findHazard('/home/a/dropboxes/x')).toBeNull();
});
