// Which downloads the Model screen shows: those under way, and the latest of each model if it did not end well. No React.
import type { Job } from '../../../main/contract/jobs.ts';

export function openDownloads(jobs: Job[]): Job[] {
  const latest = new Map<string, Job>();
  for (const job of jobs) {
    if (job.kind !== 'download-model') continue;
    const before = latest.get(job.title);
    if (!before || job.createdAt > before.createdAt) latest.set(job.title, job);
  }
  return [...latest.values()]
    .filter(
      (job) => !job.dismissed && job.state !== 'finished' && (job.endedAt === null || isNamed(job.result)),
    )
    .sort((a, b) => a.createdAt - b.createdAt);
}

/** A download that never began keeps no name to go on with. */
function isNamed(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'repository' in result && 'revision' in result;
}
