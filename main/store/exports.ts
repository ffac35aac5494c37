// All SQL about exports of one project. The files lie in `exports/<name>/`; the database keeps the name only, so that
// a moved or copied project still finds them.
import { Export } from '../contract/exports.ts';
import type { Database } from './database.ts';
import { fileInside, table } from './rows.ts';

const ExportRow = Export.omit({ projectId: true });

export function exportStore(db: Database, folder: string, projectId: string) {
  const rows = table(db, 'exports', ExportRow, {
    id: 'plain',
    runId: 'plain',
    format: 'plain',
    options: 'json',
    state: 'plain',
    jobId: 'plain',
    folder: 'plain',
    files: 'json',
    bytes: 'plain',
    parity: 'json',
    error: 'json',
    createdAt: 'plain',
  });
  const outward = (row: Omit<Export, 'projectId'>): Export => ({
    projectId,
    ...row,
    folder: fileInside(folder, 'exports', row.folder),
  });
  return {
    list: (runId: string | null): Export[] =>
      rows.where('(? IS NULL OR run_id = ?) ORDER BY created_at DESC, id', runId, runId).map(outward),
    get(id: string): Export | undefined {
      const row = rows.get(id);
      return row && outward(row);
    },
    /** `folder` is a name inside the project's `exports/`, not a path. */
    insert: (row: Omit<Export, 'projectId'>): void => rows.insert(row),
    update(id: string, change: Partial<Omit<Export, 'id' | 'projectId' | 'folder'>>): Export | undefined {
      const row = rows.update(id, change);
      return row && outward(row);
    },
    remove: rows.remove,
  };
}
