// What a new backend does with jobs that an earlier one left: waiting jobs wait again, reading documents goes on, and
// everything else becomes `interrupted`; a training is offered for resumption. Also empties the trash after 30 days.
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobKind } from '../contract/jobs.ts';
import { toErrorShape } from '../errors.ts';
import { engineGone } from '../jobs/launcher.ts';
import type { JobHooks, QueuedJob } from '../jobs/queue.ts';
import { log } from '../log.ts';
import { purgeProject } from './projects.ts';
import type { Services } from './services.ts';

/** Kinds that go on by themselves where they were. */
const goOn: JobKind[] = ['import-documents', 'download-model', 'download-cuda'];
const trashDays = 30;
const dayMs = 24 * 3600 * 1000;

export async function recoverJobs(
  services: Services,
  hooks: Partial<Record<JobKind, JobHooks>>,
): Promise<void> {
  const { store, queue } = services;
  for (const job of store.jobs.active()) {
    if (job.owner === store.owner || store.ownerLives(job.owner)) continue;
    const goesOn = job.state === 'waits' || goOn.includes(job.kind);
    try {
      if (job.projectId !== null) store.project(job.projectId);
      if (goesOn) void engineGone(job.enginePid).then(() => queue.restart(job));
      else await interrupt(services, job, hooks[job.kind]);
    } catch (error) {
      log('warn', 'job.not-recovered', { job: job.id, error });
      store.jobs.save({
        ...job,
        state: 'failed',
        error: toErrorShape(error),
        endedAt: Date.now(),
        owner: store.owner,
      });
    }
  }
}

async function interrupt(services: Services, job: QueuedJob, hooks: JobHooks | undefined): Promise<void> {
  const error = {
    code: 'interrupted',
    message: `Tunesmith ended while "${job.title}" was under way.`,
    remedy: job.kind === 'train' ? 'Resume the run: it goes on from its last checkpoint.' : 'Start it again.',
  };
  await hooks?.ended?.(job, { state: 'interrupted', error });
  const ended: QueuedJob = { ...job, state: 'interrupted', error, endedAt: Date.now() };
  services.store.jobs.save(ended);
}

/** Deletes what lay in the trash for 30 days, old jobs, and left-over temporary files. */
export async function tidyUp(services: Services): Promise<void> {
  const { store } = services;
  const limit = Date.now() - trashDays * dayMs;
  store.jobs.forgetBefore(limit);
  for (const listed of store.projects.list(true))
    if (listed.deletedAt !== null && listed.deletedAt < limit) purgeProject(services, listed.id);
  for (const listed of store.projects.list(false)) {
    try {
      const { runs } = store.project(listed.id);
      for (const run of runs.list(true)) {
        if (run.deletedAt === null || run.deletedAt > limit) continue;
        await rm(runs.folder(run.number), { recursive: true, force: true });
        runs.remove(run.id);
      }
    } catch (error) {
      log('info', 'trash.skipped', { project: listed.id, error }); // the list says why it cannot be opened
    }
  }
  await removeOldTemporary(services);
}

/** Uploads and downloads of backends that ended more than a day ago; a waiting import may still need newer ones. */
async function removeOldTemporary({ store }: Services): Promise<void> {
  const parent = join(store.home, 'temp');
  for (const owner of await readdir(parent).catch(() => [])) {
    const folder = join(parent, owner);
    const { mtimeMs } = await stat(folder);
    if (Date.now() - mtimeMs > dayMs && !store.ownerLives(owner))
      await rm(folder, { recursive: true, force: true });
  }
}
