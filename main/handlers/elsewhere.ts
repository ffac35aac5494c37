// Pause, go on and stop, also for a job that another backend on this computer runs (a window, browser mode, a command
// line): the wish is left in the store, where the backend that owns the job looks for it. Knows no kind of job.
import { AppError } from '../errors.ts';
import { log } from '../log.ts';
import type { Services } from './services.ts';

export type Wish = 'pause' | 'resume' | 'cancel';

const wishes: readonly string[] = ['pause', 'resume', 'cancel'] satisfies Wish[];
const lookEveryMs = 500;
const markOf = (jobId: string): string => `wish.${jobId}`;

/** Does it here, or asks the backend that runs the job. False when nobody runs it. */
export function controlJob(services: Services, jobId: string, wish: Wish): boolean {
  const { queue, store } = services;
  if (queue.find(jobId)) {
    grant(services, jobId, wish);
    return true;
  }
  const job = store.jobs.get(jobId);
  if (!job || job.endedAt !== null || job.owner === store.owner) return false;
  if (!store.ownerLives(job.owner)) return false;
  if (wish !== 'cancel' && !job.canPause)
    throw new AppError('cannot-pause', 'This job cannot be paused.', 'Wait until it is done, or cancel it.');
  store.settings.setMark(markOf(jobId), wish);
  return true;
}

/** Looks for what others ask of the jobs here, until the returned function is called. */
export function followWishes(services: Services): () => void {
  /** Pauses that came before the engine of their job was there. */
  const waiting = new Map<string, Wish>();
  const look = (): void => {
    for (const { id } of services.queue.active()) {
      const asked = services.store.settings.takeMark(markOf(id));
      if (asked !== undefined && wishes.includes(asked)) waiting.set(id, asked as Wish);
    }
    for (const [id, wish] of waiting) {
      if (services.queue.find(id) && !tryGrant(services, id, wish)) continue;
      waiting.delete(id);
    }
  };
  const timer = setInterval(() => {
    try {
      look();
    } catch (error) {
      log('warn', 'job.wish', { error }); // the database may be locked for a moment
    }
  }, lookEveryMs);
  timer.unref();
  return () => clearInterval(timer);
}

function tryGrant(services: Services, jobId: string, wish: Wish): boolean {
  try {
    grant(services, jobId, wish);
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === 'cannot-pause') return false; // not yet
    throw error;
  }
}

function grant({ queue }: Services, jobId: string, wish: Wish): void {
  if (wish === 'cancel') queue.cancel(jobId);
  else queue.pause(jobId, wish === 'pause');
}
