// All SQL about dataset versions of one project, and the index of their records: each version is one file of JSON
// lines, and the index says where each record lies, so that any page is read without reading the rest.
import type { z } from 'zod';
import { DatasetVersion, type Split } from '../contract/datasets.ts';
import { Time } from '../contract/wire.ts';
import type { Database } from './database.ts';
import { fileInside, table } from './rows.ts';

const VersionRow = DatasetVersion.omit({ projectId: true }).extend({ deletedAt: Time.nullable() });
export type VersionRow = z.infer<typeof VersionRow>;

/** Where one record lies in the version's file, in bytes. */
export interface RecordPlace {
  ordinal: number;
  id: string;
  split: Split;
  offset: number;
  length: number;
}

const placeColumns = 'ordinal, id, split, byte_offset AS offset, byte_length AS length';

export function datasetStore(db: Database, folder: string, projectId: string) {
  const rows = table(db, 'datasets', VersionRow, {
    id: 'plain',
    number: 'plain',
    name: 'plain',
    hash: 'plain',
    recipe: 'json',
    report: 'json',
    recordType: 'plain',
    createdAt: 'plain',
    deletedAt: 'plain',
  });
  const outward = ({ deletedAt: _, ...version }: VersionRow): DatasetVersion => ({ projectId, ...version });
  const insertPlace = db.prepare(
    'INSERT OR REPLACE INTO records (version_id, ordinal, id, split, byte_offset, byte_length) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const page = db.prepare(
    `SELECT ${placeColumns} FROM records WHERE version_id = ? AND (? IS NULL OR split = ?) ORDER BY ordinal LIMIT ? OFFSET ?`,
  );
  const total = db
    .prepare('SELECT count(*) FROM records WHERE version_id = ? AND (? IS NULL OR split = ?)')
    .pluck();
  const byId = db.prepare(`SELECT ${placeColumns} FROM records WHERE version_id = ? AND id = ?`);
  return {
    recordsFile: (versionId: string): string => fileInside(folder, 'datasets', `${versionId}.jsonl`),
    list: (): DatasetVersion[] => rows.where('deleted_at IS NULL ORDER BY number DESC').map(outward),
    get(id: string): DatasetVersion | undefined {
      const row = rows.get(id);
      return row && row.deletedAt === null ? outward(row) : undefined;
    },
    /** Freezes a version under the next number; numbers of deleted versions are not used again. */
    freeze(version: Omit<VersionRow, 'number' | 'deletedAt'>, places: Iterable<RecordPlace>): DatasetVersion {
      return db.transaction(() => {
        const number = (db.prepare('SELECT max(number) FROM datasets').pluck().get() as number | null) ?? 0;
        const row: VersionRow = { ...version, number: number + 1, deletedAt: null };
        rows.insert(row);
        for (const place of places)
          insertPlace.run(row.id, place.ordinal, place.id, place.split, place.offset, place.length);
        return outward(row);
      })();
    },
    remove(id: string): void {
      db.transaction(() => {
        rows.update(id, { deletedAt: Date.now() });
        db.prepare('DELETE FROM records WHERE version_id = ?').run(id);
      })();
    },
    places(versionId: string, split: Split | null, offset: number, limit: number): RecordPlace[] {
      return page.all(versionId, split, split, limit, offset) as RecordPlace[];
    },
    countRecords: (versionId: string, split: Split | null): number =>
      total.get(versionId, split, split) as number,
    place: (versionId: string, recordId: string): RecordPlace | undefined =>
      byId.get(versionId, recordId) as RecordPlace | undefined,
  };
}
