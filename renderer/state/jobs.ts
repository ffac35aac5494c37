// All jobs that the backend knows, newest last. The tray, the navigation and the screens read them here.
import { create } from 'zustand';
import type { Job, JobKind } from '../../main/contract/jobs.ts';
import { CallError, call, on } from '../client/client.ts';
import { useSettings } from './settings.ts';

interface JobsState {
  byId: Record<string, Job>;
  loaded: boolean;
  load(): Promise<void>;
  put(job: Job): void;
}

export const useJobs = create<JobsState>((set, get) => ({
  byId: {},
  loaded: false,
  async load() {
    const jobs = await call('jobs.list', {});
    set({ byId: Object.fromEntries(jobs.map((job) => [job.id, job])), loaded: true });
  },
  put(job) {
    set({ byId: { ...get().byId, [job.id]: job } });
  },
}));

export const hasEnded = (job: Job): boolean =>
  job.state === 'finished' ||
  job.state === 'failed' ||
  job.state === 'cancelled' ||
  job.state === 'interrupted';

/** The newest job of a kind in a project, running or ended. */
export function useLatestJob(kind: JobKind, projectId: string | null): Job | undefined {
  return useJobs((state) => {
    let latest: Job | undefined;
    for (const job of Object.values(state.byId)) {
      if (job.kind !== kind || job.projectId !== projectId) continue;
      if (!latest || job.createdAt > latest.createdAt) latest = job;
    }
    return latest;
  });
}

export function useJob(jobId: string | null | undefined): Job | undefined {
  return useJobs((state) => (jobId ? state.byId[jobId] : undefined));
}

/** Resolves with the finished job; rejects with its error when it failed or was cancelled. */
export async function jobEnd(jobId: string): Promise<Job> {
  const known = useJobs.getState().byId[jobId] ?? (await call('jobs.get', { jobId }));
  useJobs.getState().put(known);
  const ended = hasEnded(known)
    ? known
    : await new Promise<Job>((resolve) => {
        const stop = useJobs.subscribe((state) => {
          const job = state.byId[jobId];
          if (!job || !hasEnded(job)) return;
          stop();
          resolve(job);
        });
      });
  if (ended.state === 'finished') return ended;
  if (ended.error) throw new CallError(ended.error.code, ended.error.message, ended.error.remedy);
  throw new CallError('job-cancelled', `"${ended.title}" was cancelled.`, 'Start it again when you need it.');
}

/** Only these use the network: the ledger has new lines when one of them has ended, well or not. */
const downloads: readonly JobKind[] = ['download-model', 'download-cuda'];

export function listenToJobs(): void {
  on('job.changed', (job) => {
    useJobs.getState().put(job);
    if (downloads.includes(job.kind) && hasEnded(job)) void useSettings.getState().loadLedger();
  });
}
