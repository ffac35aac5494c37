// A job as the backend sends it, for tests of the shell and its stores.
import type { Job } from '../../../main/contract/jobs.ts';

export function jobWith(changes: Partial<Job> = {}): Job {
  return {
    id: 'j1',
    kind: 'export',
    projectId: 'p1',
    subjectId: null,
    title: 'Export run 7',
    state: 'running',
    progress: 0.4,
    position: 'file 2 of 5',
    rate: '12 MB/s',
    secondsLeft: 90,
    canPause: false,
    cancelLabel: 'Cancel',
    result: null,
    error: null,
    dismissed: false,
    createdAt: 1000,
    startedAt: 1000,
    endedAt: null,
    ...changes,
  };
}
