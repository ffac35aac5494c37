// Opens a SQLite file the safe way: write-ahead log (verified), busy timeout, a check after an unclean end or damage that
// came to light in use, the last good copy when the file is damaged, and migrations with a backup. A copy is checked
// before it replaces an older one. Knows no table. The only import of better-sqlite3.
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import Sqlite from 'better-sqlite3';
import { AppError } from '../errors.ts';
import { log } from '../log.ts';
import { findHazard, type Hazard } from './hazards.ts';

export type Database = Sqlite.Database;

/** Numbered SQL: entry 0 makes version 1. Entries are never changed, only appended. */
export type Migrations = readonly string[];

export interface Opened {
  db: Database;
  /** What the user should know, such as a restored copy or a network folder; empty when all is well. */
  notices: string[];
}

const busyTimeoutMs = 5000;

/**
 * Opens or creates `file`. Throws an AppError when it was written by a newer version, or is damaged without a copy.
 * @param what how sentences name it, such as `project "Billing help"`
 * @param hazardOf what is risky about a folder (field case F06)
 */
export function openDatabase(
  file: string,
  migrations: Migrations,
  what: string,
  hazardOf: (folder: string) => Hazard | null = findHazard,
): Opened {
  mkdirSync(dirname(file), { recursive: true });
  const notices: string[] = [];
  const unclean = sizeOf(`${file}-wal`) > 0 || existsSync(suspectMark(file));
  let db = tryOpen(file, unclean);
  if (db === undefined) {
    notices.push(restoreCopy(file, what));
    db = tryOpen(file, true);
    if (db === undefined) throw damaged(file, what);
  }
  rmSync(suspectMark(file), { force: true });
  try {
    setJournal(db, file, hazardOf(dirname(file)), notices);
    migrate(db, file, migrations, what);
  } catch (error) {
    db.close();
    throw explainDatabaseError(error);
  }
  return { db, notices };
}

/** Copies the open database to `file.copy` while it is in use; the copy is what a damaged file is restored from. */
export async function keepCopy(db: Database): Promise<void> {
  const copy = newCopy(db.name);
  await db.backup(copy);
  acceptCopy(db.name, copy);
}

/**
 * Closes the database and keeps a copy of it as it was then, also where other programs have it open. A copy that
 * cannot be written is only logged.
 */
export function closeWithCopy(db: Database): void {
  const file = db.name;
  if (!db.open) return;
  const copy = newCopy(file);
  try {
    rmSync(copy, { force: true });
    db.prepare('VACUUM INTO ?').run(copy);
    acceptCopy(file, copy);
  } catch (error) {
    log('warn', 'database.copy-failed', { file, error });
    if (isDamage(error)) markSuspect(file);
    rmSync(copy, { force: true });
  }
  try {
    db.pragma('wal_checkpoint(TRUNCATE)');
  } catch (error) {
    log('warn', 'database.checkpoint-failed', { file, error });
  } finally {
    db.close();
  }
}

/** Another program may make a copy of the same database at this moment. */
const newCopy = (file: string): string => `${file}.copy.${process.pid}.tmp`;

/** Where a file says that the next start has to check the database. */
const suspectMark = (file: string): string => `${file}.suspect`;

function markSuspect(file: string): void {
  try {
    writeFileSync(suspectMark(file), '');
  } catch (error) {
    log('warn', 'database.mark-failed', { file, error });
  }
}

const isDamage = (error: unknown): boolean =>
  error instanceof Sqlite.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(error.code);

/** Gives a new copy its name, unless it is damaged: then the older one stays, and the next start checks the database. */
function acceptCopy(file: string, copy: string): void {
  if (sizeOf(copy) === 0) return; // taken away meanwhile, as by closing; opening it would make an empty database
  const opened = tryOpen(copy, true);
  opened?.close();
  for (const suffix of ['-wal', '-shm']) rmSync(copy + suffix, { force: true });
  if (opened) {
    renameSync(copy, `${file}.copy`);
    return;
  }
  rmSync(copy, { force: true });
  markSuspect(file);
}

/** Writes the current state of an open database, log included, into a new file. */
export async function copyDatabase(db: Database, target: string): Promise<void> {
  await db.backup(target);
}

/**
 * Holds a lock that the system frees when this process ends, however it ends.
 * Returns a function that frees it, or null when another process holds it.
 */
export function holdLock(file: string): (() => void) | null {
  mkdirSync(dirname(file), { recursive: true });
  let db: Database | undefined;
  try {
    db = new Sqlite(file, { timeout: 0 });
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db?.close();
    if (error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_BUSY')) return null;
    throw explainDatabaseError(error);
  }
  const held = db;
  return () => {
    held.close();
    rmSync(file, { force: true });
  };
}

/** SQLite's own errors as sentences; everything else stays as it is. */
export function explainDatabaseError(thrown: unknown): unknown {
  if (!(thrown instanceof Sqlite.SqliteError)) return thrown;
  const rule = Object.entries(explanations).find(([prefix]) => thrown.code.startsWith(prefix));
  return rule ? new AppError(...rule[1], { cause: thrown }) : thrown;
}

const explanations: Record<string, [code: string, message: string, remedy: string]> = {
  SQLITE_FULL: [
    'disk-full',
    'The disk is full, so the change was not saved.',
    'Free some space and try again.',
  ],
  SQLITE_IOERR: [
    'disk-error',
    'The disk answered with an error, so the change was not saved.',
    'Look whether the drive is connected and has space, then try again.',
  ],
  SQLITE_BUSY: [
    'database-busy',
    'Another program kept the project locked for 5 seconds.',
    'Close other windows of Tunesmith or the program that syncs the folder, then try again.',
  ],
  SQLITE_CANTOPEN: [
    'database-closed',
    'A database of Tunesmith cannot be opened or made, most often because its folder may not be written to.',
    'Give yourself the right to write in the folder, or set TUNESMITH_HOME to another one.',
  ],
  SQLITE_READONLY: [
    'read-only',
    'The project folder cannot be written to.',
    'Give yourself the right to write in it, or copy the project elsewhere.',
  ],
  SQLITE_CORRUPT: [
    'database-damaged',
    'The project database is damaged.',
    'Close the project and open it again: Tunesmith then restores the last good copy.',
  ],
};

function tryOpen(file: string, check: boolean): Database | undefined {
  let db: Database | undefined;
  try {
    db = new Sqlite(file, { timeout: busyTimeoutMs });
    db.pragma('user_version'); // reads the header: a file that is no database fails here
    if (check && db.pragma('quick_check', { simple: true }) !== 'ok')
      throw new Error('quick_check found faults');
    return db;
  } catch (error) {
    db?.close();
    const code = error instanceof Sqlite.SqliteError ? error.code : '';
    if (code === 'SQLITE_CANTOPEN' || code.startsWith('SQLITE_BUSY')) throw explainDatabaseError(error);
    log('error', 'database.damaged', { file, error });
    return undefined;
  }
}

function restoreCopy(file: string, what: string): string {
  const copy = `${file}.copy`;
  if (sizeOf(copy) === 0) throw damaged(file, what);
  const aside = `${file}.damaged-${new Date().toISOString().replace(/[:.]/g, '-')}`;
  renameSync(file, aside);
  for (const suffix of ['-wal', '-shm'])
    if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
  const when = statSync(copy).mtime.toISOString().slice(0, 16).replace('T', ' ');
  copyFileSync(copy, file);
  return (
    `The database of ${what} was damaged, so the copy of ${when} UTC was restored. ` +
    `The damaged file is kept as "${basename(aside)}".`
  );
}

function damaged(file: string, what: string): AppError {
  return new AppError(
    'database-damaged',
    `The database of ${what} is damaged, and no copy was found: ${file}`,
    'Restore the folder from your own backup. Documents and runs in it are not touched.',
  );
}

/**
 * Tries again while another program has the file. SQLite does not wait by itself where a reader wants to write, as a change
 * of the journal does, since two of them would wait for each other.
 */
function patiently<Result>(work: () => Result): Result {
  const end = Date.now() + busyTimeoutMs;
  for (;;) {
    try {
      return work();
    } catch (error) {
      const busy = error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_BUSY');
      if (!busy || Date.now() > end) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}

/** WAL on local disks; on network folders, where WAL corrupts, the rollback journal. */
function setJournal(db: Database, file: string, hazard: Hazard | null, notices: string[]): void {
  if (hazard) notices.push(hazard.sentence);
  const wanted = hazard?.kind === 'network' ? 'delete' : 'wal';
  const actual = patiently(() => db.pragma(`journal_mode = ${wanted}`, { simple: true }));
  if (actual !== wanted) {
    log('warn', 'database.journal', { file, wanted, actual });
    notices.push(
      `The folder does not allow the safe journal (${wanted}); it uses "${String(actual)}" instead.`,
    );
  }
  db.pragma(`synchronous = ${wanted === 'wal' ? 'NORMAL' : 'FULL'}`);
  db.pragma('foreign_keys = ON');
  db.pragma('trusted_schema = OFF'); // a project may come from somebody else
}

function migrate(db: Database, file: string, migrations: Migrations, what: string): void {
  const versionNow = (): number => Number(db.pragma('user_version', { simple: true }));
  const version = versionNow();
  if (version > migrations.length)
    throw new AppError(
      'newer-format',
      `A newer Tunesmith wrote ${what} (format ${version}; this one knows ${migrations.length}).`,
      'Install the newer version to open it. Nothing in it was changed.',
    );
  if (version === migrations.length) return;
  if (version > 0) {
    const backup = `${file}.version-${version}`;
    const own = `${backup}.${process.pid}.tmp`; // another program may do the same at this moment
    rmSync(own, { force: true });
    db.prepare('VACUUM INTO ?').run(own);
    renameSync(own, backup);
  }
  db.transaction(() => {
    // Read again behind the lock: another program that started at the same moment may have been first.
    for (const sql of migrations.slice(versionNow())) db.exec(sql);
    db.pragma(`user_version = ${migrations.length}`);
  }).immediate();
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
