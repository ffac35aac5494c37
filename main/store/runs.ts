// All SQL about runs of one project. Their curves are in metrics.ts.
import { join } from 'node:path';
import type { z } from 'zod';
import { Run } from '../contract/runs.ts';
import type { Database } from './database.ts';
import { metricStore } from './metrics.ts';
import { table } from './rows.ts';

const RunRow = Run.omit({ projectId: true });
type RunRow = z.infer<typeof RunRow>;

export function runStore(db: Database, folder: string, projectId: string) {
  const rows = table(db, 'runs', RunRow, {
    id: 'plain',
    number: 'plain',
    name: 'plain',
    recipe: 'json',
    state: 'plain',
    jobId: 'plain',
    plan: 'json',
    step: 'plain',
    steps: 'plain',
    trainLoss: 'plain',
    validationLoss: 'plain',
    validationScore: 'plain',
    bestStep: 'plain',
    checkpointStep: 'plain',
    seconds: 'plain',
    peakBytes: 'plain',
    tokensPerSecond: 'plain',
    quantizedBase: 'json',
    lineage: 'json',
    error: 'json',
    messages: 'json',
    createdAt: 'plain',
    startedAt: 'plain',
    endedAt: 'plain',
    deletedAt: 'plain',
  });
  /** A copied project has another id than the one that its recipes were written with. */
  const outward = (row: RunRow): Run => ({ ...row, projectId, recipe: { ...row.recipe, projectId } });
  return {
    metrics: metricStore(db),
    folder: (number: number): string => join(folder, 'runs', String(number)),
    list: (trash: boolean): Run[] =>
      rows.where(`deleted_at IS ${trash ? 'NOT ' : ''}NULL ORDER BY number DESC`).map(outward),
    get(id: string): Run | undefined {
      const row = rows.get(id);
      return row && outward(row);
    },
    byNumber: (number: number): Run | undefined => rows.where('number = ?', number).map(outward)[0],
    active: (): Run[] =>
      rows.where("state IN ('queued', 'compiling', 'running', 'paused', 'stopping')").map(outward),
    /** Stores a new run under the next number. */
    insert(run: Omit<Run, 'number'>): Run {
      return db.transaction(() => {
        const number = (db.prepare('SELECT max(number) FROM runs').pluck().get() as number | null) ?? 0;
        const row: Run = { ...run, number: number + 1 };
        rows.insert(row);
        return outward(row);
      })();
    },
    update(id: string, change: Partial<Omit<Run, 'id' | 'projectId' | 'number'>>): Run | undefined {
      const row = rows.update(id, change);
      return row && outward(row);
    },
    /** For good: the run's row and its curves. */
    remove(id: string): void {
      db.transaction(() => {
        for (const name of ['train_points', 'validation_points', 'sample_points'])
          db.prepare(`DELETE FROM ${name} WHERE run_id = ?`).run(id);
        rows.remove(id);
      })();
    },
  };
}
