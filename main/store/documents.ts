// All SQL about documents (sources) of one project, and where their files lie. Originals are stored once by content;
// the text parts of a source are one file of JSON lines.
import { z } from 'zod';
import { Source } from '../contract/documents.ts';
import { Time } from '../contract/wire.ts';
import type { Database } from './database.ts';
import { fileInside, table } from './rows.ts';

export const ReadOptions = z.object({
  encoding: z.string().optional(),
  delimiter: z.string().optional(),
  wholePage: z.boolean().optional(),
});
export type ReadOptions = z.infer<typeof ReadOptions>;

const SourceRow = Source.omit({ projectId: true }).extend({
  /** Choices of the user that hold for each reading. A password is never stored. */
  options: ReadOptions,
  removedAt: Time.nullable(),
});
export type SourceRow = z.infer<typeof SourceRow>;
export type SourceFilter = 'all' | 'failed' | 'no-rights' | 'left-out';

const conditions: Record<SourceFilter, string> = {
  all: '1',
  failed: "state = 'failed'",
  'no-rights': "rights IS NULL AND state = 'read'",
  'left-out': "state = 'left-out'",
};

export function documentStore(db: Database, folder: string, projectId: string) {
  const rows = table(db, 'sources', SourceRow, {
    id: 'plain',
    name: 'plain',
    format: 'plain',
    bytes: 'plain',
    sha256: 'plain',
    state: 'plain',
    failure: 'json',
    characters: 'plain',
    words: 'plain',
    rows: 'plain',
    columns: 'json',
    language: 'plain',
    coverage: 'json',
    rights: 'json',
    options: 'json',
    addedAt: 'plain',
    removedAt: 'plain',
  });
  const outward = ({ options: _, removedAt: __, ...source }: SourceRow): Source => ({ projectId, ...source });
  const counts = db.prepare(`
    SELECT count(*) AS "all", coalesce(sum(state = 'read'), 0) AS read,
      coalesce(sum(state = 'failed'), 0) AS failed,
      coalesce(sum(state = 'read' AND rights IS NULL), 0) AS noRights,
      coalesce(sum(state = 'left-out'), 0) AS leftOut, coalesce(sum(bytes), 0) AS bytes,
      coalesce(sum(characters), 0) AS characters,
      coalesce(sum(coalesce(coverage ->> 'pages', 0)), 0) AS pages
    FROM sources WHERE removed_at IS NULL`);
  return {
    outward,
    insert: rows.insert,
    update: rows.update,
    get: rows.get,
    list(filter: SourceFilter, offset: number, limit: number): { sources: Source[]; total: number } {
      const condition = `removed_at IS NULL AND ${conditions[filter]}`;
      return {
        sources: rows
          .where(`${condition} ORDER BY added_at, name, id LIMIT ? OFFSET ?`, limit, offset)
          .map(outward),
        total: rows.count(condition),
      };
    },
    counts: () => counts.get() as Record<keyof SourceCounts, number>,
    /** Read and not left out: what can enter a dataset, rights aside. */
    usable: (): SourceRow[] =>
      rows.where("removed_at IS NULL AND state = 'read' ORDER BY added_at, name, id"),
    /** Sources that an import left unfinished. */
    unfinished: (): SourceRow[] => rows.where("removed_at IS NULL AND state = 'reading'"),
    byContent: (sha256: string): SourceRow | undefined =>
      rows.where('sha256 = ? AND removed_at IS NULL LIMIT 1', sha256)[0],
    originalFile: (sha256: string): string =>
      fileInside(folder, 'files', 'originals', sha256.slice(0, 2), sha256),
    partsFile: (sourceId: string): string => fileInside(folder, 'files', 'parts', `${sourceId}.jsonl`),
  };
}
export interface SourceCounts {
  all: number;
  read: number;
  failed: number;
  noRights: number;
  leftOut: number;
  bytes: number;
  characters: number;
  pages: number;
}
