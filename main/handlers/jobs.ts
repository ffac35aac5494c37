// Calls about jobs: the queue knows those that have not ended, the store all others.
import type { Job, jobs } from '../contract/jobs.ts';
import type { HandlersFor } from '../contract/wire.ts';
import { AppError } from '../errors.ts';
import type { QueuedJob } from '../jobs/queue.ts';
import { controlJob } from './elsewhere.ts';
import type { Services } from './services.ts';

export function jobHandlers(services: Services): HandlersFor<typeof jobs> {
  const { store, queue } = services;
  const find = (jobId: string): Job => {
    const job = queue.find(jobId) ?? store.jobs.get(jobId);
    if (job) return toJob(job);
    throw new AppError('job-unknown', 'This job is not known any more.', '');
  };
  return {
    'jobs.list': ({ projectId }) =>
      store.jobs.list(projectId).map((stored) => toJob(queue.find(stored.id) ?? stored)),
    'jobs.get': ({ jobId }) => find(jobId),
    'jobs.cancel': ({ jobId }) => {
      controlJob(services, jobId, 'cancel');
      return find(jobId);
    },
    'jobs.pause': ({ jobId }) => {
      if (!controlJob(services, jobId, 'pause')) queue.pause(jobId, true); // says why not
      return find(jobId);
    },
    'jobs.resume': ({ jobId }) => {
      if (!controlJob(services, jobId, 'resume')) queue.pause(jobId, false);
      return find(jobId);
    },
    'jobs.dismiss': ({ jobId }) => {
      const job = store.jobs.get(jobId);
      if (job && job.endedAt !== null) store.jobs.save({ ...job, dismissed: true });
      return {};
    },
  };
}

/** A job without what only the backend needs. */
export function toJob(job: QueuedJob): Job {
  const { spec: _, owner: __, enginePid: ___, ...outward } = job;
  return outward;
}
