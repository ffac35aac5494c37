// How a job is spoken about, and where its result is looked at. No React.
import type { Job } from '../../main/contract/jobs.ts';
import { hashOf } from '../state/route.ts';

const words: Record<Job['state'], string> = {
  waits: 'waits',
  running: 'running',
  paused: 'paused',
  finishing: 'finishing',
  finished: 'finished',
  failed: 'failed',
  cancelled: 'cancelled',
  interrupted: 'was interrupted',
};

export function stateWord(job: Job): string {
  return words[job.state];
}

const screenOf: Partial<Record<Job['kind'], string>> = {
  'import-documents': 'documents',
  'create-model': 'model',
  'download-model': 'model',
  'build-dataset': 'dataset',
  inspect: 'dataset',
  train: 'run',
  evaluate: 'evaluate',
  export: 'export',
};

/** Address of the screen that shows what the job works on; null when there is none. */
export function jobHref(job: Job): string | null {
  const screen = screenOf[job.kind];
  if (!screen || !job.projectId) return null;
  const rest = job.kind === 'train' && job.subjectId ? [job.subjectId] : [];
  return hashOf({ screen, projectId: job.projectId, rest });
}

/** Time left is said after 20 s of work or 5 %, as before that it is a guess. */
export function timeLeft(job: Job, now = Date.now()): number | null {
  if (job.secondsLeft === null) return null;
  const worked = job.startedAt === null ? 0 : (now - job.startedAt) / 1000;
  if (worked < 20 && (job.progress ?? 0) < 0.05) return null;
  return job.secondsLeft;
}
