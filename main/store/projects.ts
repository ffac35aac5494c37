// All SQL about projects: the list of this computer (app.db) and the one row that each project keeps about itself
// (project.db). A folder that is missing or too new stays in the list, with the reason.
import { z } from 'zod';
import { DatasetRecipe } from '../contract/datasets.ts';
import { Id, Time } from '../contract/wire.ts';
import type { Database } from './database.ts';
import { table } from './rows.ts';

/** A line of the list: where the project lies, and its place on this computer. */
export const ListedProject = z.object({
  id: Id,
  folder: z.string(),
  /** As last seen, for when the folder is missing. */
  name: z.string(),
  isSample: z.boolean(),
  addedAt: Time,
  archivedAt: Time.nullable(),
  deletedAt: Time.nullable(),
});
export type ListedProject = z.infer<typeof ListedProject>;

export function projectList(db: Database) {
  const rows = table(db, 'projects', ListedProject, {
    id: 'plain',
    folder: 'plain',
    name: 'plain',
    isSample: 'boolean',
    addedAt: 'plain',
    archivedAt: 'plain',
    deletedAt: 'plain',
  });
  return {
    insert: rows.insert,
    update: rows.update,
    get: rows.get,
    remove: rows.remove,
    list: (trash: boolean): ListedProject[] =>
      rows.where(`deleted_at IS ${trash ? 'NOT ' : ''}NULL ORDER BY added_at DESC, id`),
    byFolder: (folder: string): ListedProject | undefined => rows.where('folder = ?', folder)[0],
    count: (): number => rows.count('1'),
  };
}
/** What a project says about itself. */
export const ProjectRow = z.object({
  id: Id,
  name: z.string(),
  description: z.string(),
  isSample: z.boolean(),
  createdAt: Time,
  changedAt: Time,
  draft: DatasetRecipe.nullable().catch(null),
  chosenModelId: Id.nullable(),
});
export type ProjectRow = z.infer<typeof ProjectRow>;

export function projectRow(db: Database) {
  const rows = table(db, 'project', ProjectRow, {
    id: 'plain',
    name: 'plain',
    description: 'plain',
    isSample: 'boolean',
    createdAt: 'plain',
    changedAt: 'plain',
    draft: 'json',
    chosenModelId: 'plain',
  });
  return {
    insert: rows.insert,
    /** The one row, or undefined in a database that was just made. */
    find: (): ProjectRow | undefined => rows.where('1 LIMIT 1')[0],
    update(change: Partial<Omit<ProjectRow, 'id'>>): ProjectRow {
      const row = rows.where('1 LIMIT 1')[0];
      return rows.update(row.id, { changedAt: Date.now(), ...change }) ?? row;
    },
    /** A copy of a project becomes a project of its own. */
    replaceId(id: string): void {
      db.prepare('UPDATE project SET id = ?').run(id);
    },
  };
}
