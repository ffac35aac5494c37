// The numbered SQL of both databases, forward only. An entry is never edited after a release: append another.
// Times are milliseconds since 1970 UTC; columns named in the stores as JSON hold JSON text.
import type { Migrations } from './database.ts';

/** `app.db` in the home folder: what belongs to this computer rather than to one project. */
export const appMigrations: Migrations = [
  `
  CREATE TABLE projects (
    id TEXT PRIMARY KEY, folder TEXT NOT NULL UNIQUE, name TEXT NOT NULL, is_sample INTEGER NOT NULL,
    added_at INTEGER NOT NULL, archived_at INTEGER, deleted_at INTEGER
  ) STRICT;
  CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE models (
    id TEXT PRIMARY KEY, folder TEXT NOT NULL UNIQUE, added_at INTEGER NOT NULL, model TEXT NOT NULL
  ) STRICT;
  CREATE TABLE jobs (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, project_id TEXT, subject_id TEXT, title TEXT NOT NULL,
    state TEXT NOT NULL, progress REAL, position TEXT NOT NULL, rate TEXT NOT NULL, seconds_left REAL,
    can_pause INTEGER NOT NULL, cancel_label TEXT NOT NULL, result TEXT, error TEXT,
    dismissed INTEGER NOT NULL, created_at INTEGER NOT NULL, started_at INTEGER, ended_at INTEGER,
    spec TEXT NOT NULL, owner TEXT NOT NULL, engine_pid INTEGER
  ) STRICT;
  CREATE INDEX jobs_by_state ON jobs (state, created_at);
  CREATE TABLE ledger (
    id INTEGER PRIMARY KEY, time INTEGER NOT NULL, host TEXT NOT NULL, why TEXT NOT NULL,
    bytes_out INTEGER NOT NULL, bytes_in INTEGER NOT NULL
  ) STRICT;
  `,
];

/** `project.db` in each project folder: complete alone, so that a copied folder is a copied project. */
export const projectMigrations: Migrations = [
  `
  CREATE TABLE project (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, description TEXT NOT NULL, is_sample INTEGER NOT NULL,
    created_at INTEGER NOT NULL, changed_at INTEGER NOT NULL, draft TEXT, chosen_model_id TEXT
  ) STRICT;
  CREATE TABLE sources (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, format TEXT, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL,
    state TEXT NOT NULL, failure TEXT, characters INTEGER NOT NULL, words INTEGER NOT NULL, rows INTEGER,
    columns TEXT NOT NULL, language TEXT, coverage TEXT, rights TEXT, options TEXT NOT NULL,
    added_at INTEGER NOT NULL, removed_at INTEGER
  ) STRICT;
  CREATE INDEX sources_by_content ON sources (sha256);
  CREATE TABLE datasets (
    id TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE, name TEXT NOT NULL, hash TEXT NOT NULL,
    recipe TEXT NOT NULL, report TEXT NOT NULL, record_type TEXT NOT NULL, created_at INTEGER NOT NULL,
    deleted_at INTEGER
  ) STRICT;
  CREATE TABLE records (
    version_id TEXT NOT NULL, ordinal INTEGER NOT NULL, id TEXT NOT NULL, split TEXT NOT NULL,
    byte_offset INTEGER NOT NULL, byte_length INTEGER NOT NULL, PRIMARY KEY (version_id, ordinal)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX records_by_id ON records (version_id, id);
  CREATE TABLE runs (
    id TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE, name TEXT NOT NULL, recipe TEXT NOT NULL,
    state TEXT NOT NULL, job_id TEXT, plan TEXT, step INTEGER NOT NULL, steps INTEGER NOT NULL,
    train_loss REAL, validation_loss REAL, best_step INTEGER, checkpoint_step INTEGER,
    seconds REAL NOT NULL, peak_bytes INTEGER NOT NULL, tokens_per_second REAL, lineage TEXT NOT NULL,
    error TEXT, messages TEXT NOT NULL, created_at INTEGER NOT NULL, started_at INTEGER, ended_at INTEGER,
    deleted_at INTEGER
  ) STRICT;
  CREATE TABLE train_points (
    run_id TEXT NOT NULL, step INTEGER NOT NULL, epoch REAL NOT NULL, loss REAL NOT NULL,
    learning_rate REAL NOT NULL, grad_norm REAL NOT NULL, tokens_per_second REAL NOT NULL,
    resident_bytes REAL NOT NULL, seconds_left REAL, time INTEGER NOT NULL, PRIMARY KEY (run_id, step)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE validation_points (
    run_id TEXT NOT NULL, step INTEGER NOT NULL, loss REAL NOT NULL, tokens INTEGER NOT NULL,
    best INTEGER NOT NULL, PRIMARY KEY (run_id, step)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE sample_points (
    run_id TEXT NOT NULL, step INTEGER NOT NULL, prompt TEXT NOT NULL, output TEXT NOT NULL,
    reference TEXT, PRIMARY KEY (run_id, step, prompt)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE evaluations (
    id TEXT PRIMARY KEY, run_id TEXT NOT NULL, version_id TEXT NOT NULL, split TEXT NOT NULL,
    state TEXT NOT NULL, job_id TEXT, records INTEGER NOT NULL, done INTEGER NOT NULL,
    results TEXT NOT NULL, verdict TEXT, leaks INTEGER NOT NULL, settings TEXT NOT NULL,
    seconds REAL NOT NULL, error TEXT, created_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE exports (
    id TEXT PRIMARY KEY, run_id TEXT NOT NULL, format TEXT NOT NULL, options TEXT NOT NULL,
    state TEXT NOT NULL, job_id TEXT, folder TEXT NOT NULL, files TEXT NOT NULL, bytes INTEGER NOT NULL,
    parity TEXT, error TEXT, created_at INTEGER NOT NULL
  ) STRICT;
  `,
  'ALTER TABLE runs ADD COLUMN quantized_base TEXT',
  'ALTER TABLE validation_points ADD COLUMN score REAL',
  `
  ALTER TABLE runs ADD COLUMN validation_score REAL;
  UPDATE runs SET validation_score =
    (SELECT score FROM validation_points WHERE run_id = runs.id AND step = runs.best_step);
  `,
];
