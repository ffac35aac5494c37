// Which downloads the Model screen shows: those under way, the latest of each model if it did not end well, and those
// that arrived while the window was open. No React.
import type { Job } from '../../../main/contract/jobs.ts';

export function openDownloads(jobs: Job[]): Job[] {
  return latestOf(jobs).filter(
    (job) => !job.dismissed && job.state !== 'finished' && (job.endedAt === null || isNamed(job.result)),
  );
}

/** Models that arrived after `since` (milliseconds since 1970), and were not put away. */
export function arrivedDownloads(
  jobs: Job[],
  since: number,
): { job: Job; repository: string; modelId: string }[] {
  return latestOf(jobs).flatMap((job) => {
    if (job.dismissed || job.state !== 'finished' || (job.endedAt ?? 0) < since) return [];
    const { repository, modelId } = job.result as { repository?: string; modelId?: string };
    return repository && modelId ? [{ job, repository, modelId }] : [];
  });
}

/** The latest download of each model, the oldest first. */
function latestOf(jobs: Job[]): Job[] {
  const latest = new Map<string, Job>();
  for (const job of jobs) {
    if (job.kind !== 'download-model') continue;
    const before = latest.get(job.title);
    if (!before || job.createdAt > before.createdAt) latest.set(job.title, job);
  }
  return [...latest.values()].sort((a, b) => a.createdAt - b.createdAt);
}

/** A download that never began keeps no name to go on with. */
function isNamed(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'repository' in result && 'revision' in result;
}
