// All SQL about jobs. A job's row also keeps its spec and its owner, so that the next start knows what was under way.
import { z } from 'zod';
import { Job } from '../contract/jobs.ts';
import type { Database } from './database.ts';
import { table } from './rows.ts';

/** A job with what only the backend needs. */
export const StoredJob = Job.extend({
  /** What to do, as JSON; enough to start it again after a restart. */
  spec: z.record(z.string(), z.unknown()),
  /** The backend that runs it: the name of its lock. */
  owner: z.string(),
  enginePid: z.int().nullable(),
});
export type StoredJob = z.infer<typeof StoredJob>;

const active = "state IN ('waits', 'running', 'paused', 'finishing')";

export function jobStore(db: Database) {
  const rows = table(db, 'jobs', StoredJob, {
    id: 'plain',
    kind: 'plain',
    projectId: 'plain',
    subjectId: 'plain',
    title: 'plain',
    state: 'plain',
    progress: 'plain',
    position: 'plain',
    rate: 'plain',
    secondsLeft: 'plain',
    canPause: 'boolean',
    cancelLabel: 'plain',
    result: 'json',
    error: 'json',
    dismissed: 'boolean',
    createdAt: 'plain',
    startedAt: 'plain',
    endedAt: 'plain',
    spec: 'json',
    owner: 'plain',
    enginePid: 'plain',
  });
  return {
    get: rows.get,
    /** Writes the job as it is now. */
    save(job: StoredJob): void {
      db.transaction(() => {
        if (rows.get(job.id)) rows.update(job.id, job);
        else rows.insert(job);
      })();
    },
    /** What the tray shows: all active ones and the latest 100 others that were not dismissed. */
    list(projectId: string | null): StoredJob[] {
      return rows.where(
        `dismissed = 0 AND (? IS NULL OR project_id = ?) ORDER BY ${active} DESC, created_at DESC LIMIT 200`,
        projectId,
        projectId,
      );
    },
    /** Jobs that have not ended, oldest first, of every backend. */
    active: (): StoredJob[] => rows.where(`${active} ORDER BY created_at, id`),
    /** Ended jobs are kept for 30 days. */
    forgetBefore(time: number): void {
      db.prepare(`DELETE FROM jobs WHERE NOT ${active} AND created_at < ?`).run(time);
    },
  };
}
