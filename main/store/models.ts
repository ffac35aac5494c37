// All SQL about base models: which folders this computer knows, and what was found in them when they were checked.
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { BaseModel } from '../contract/models.ts';
import { Id, Time } from '../contract/wire.ts';
import type { Database } from './database.ts';
import { table } from './rows.ts';

const ModelRow = z.object({ id: Id, folder: z.string(), addedAt: Time, model: BaseModel });

export function modelStore(db: Database) {
  const rows = table(db, 'models', ModelRow, {
    id: 'plain',
    folder: 'plain',
    addedAt: 'plain',
    model: 'json',
  });
  const present = (row: z.infer<typeof ModelRow>): BaseModel => {
    if (existsSync(row.folder)) return row.model;
    const problem = {
      code: 'model-folder-missing',
      message: `The folder of "${row.model.name}" is not there any more: ${row.folder}`,
      remedy: 'Put it back or connect the drive, or remove the model from the list.',
    };
    return { ...row.model, problem };
  };
  return {
    list: (): BaseModel[] => rows.where('1 ORDER BY added_at, id').map(present),
    get(id: string): BaseModel | undefined {
      const row = rows.get(id);
      return row && present(row);
    },
    byFolder: (folder: string): BaseModel | undefined => rows.where('folder = ?', folder).map(present)[0],
    /** Adds the model, or replaces what was known about it. */
    save(model: BaseModel): void {
      const row = { id: model.id, folder: model.folder, addedAt: model.addedAt, model };
      db.transaction(() => {
        rows.remove(model.id);
        rows.insert(row);
      })();
    },
    remove: rows.remove,
  };
}
