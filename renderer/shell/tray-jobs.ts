// Which jobs the tray shows, and in what order. No React.
import type { Job } from '../../main/contract/jobs.ts';

/** Chat sessions are engines that wait, and a preview of a draft ends with its numbers on screen: no rows to keep. */
export const isShown = (job: Job) => job.kind !== 'chat' && !job.dismissed && !isEndedPreview(job);

function isEndedPreview(job: Job): boolean {
  if (job.kind !== 'build-dataset' || (job.state !== 'finished' && job.state !== 'cancelled')) return false;
  return job.state === 'cancelled' || !(job.result as { versionId?: string } | null)?.versionId;
}

/** Running first, then waiting, then failures, then what was finished this hour. */
export function trayJobs(jobs: Job[], now = Date.now()): Job[] {
  const rank = (job: Job) => {
    if (['running', 'finishing', 'paused'].includes(job.state)) return 0;
    if (job.state === 'waits') return 1;
    if (job.state === 'failed' || job.state === 'interrupted') return 2;
    return 3;
  };
  return jobs
    .filter(isShown)
    .filter((job) => rank(job) < 3 || (job.endedAt ?? 0) > now - 3600e3)
    .sort(
      (a, b) => rank(a) - rank(b) || (rank(a) < 2 ? a.createdAt - b.createdAt : b.createdAt - a.createdAt),
    );
}
