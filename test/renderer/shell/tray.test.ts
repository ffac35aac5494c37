import { expect, it } from 'vitest';
import { jobHref, timeLeft } from '../../../renderer/shell/job-words.ts';
import { trayJobs } from '../../../renderer/shell/tray-jobs.ts';
import { jobWith } from './examples.ts';

const now = 10_000_000;
const ids = (jobs: Parameters<typeof trayJobs>[0]) => trayJobs(jobs, now).map((job) => job.id);

it('shows what runs first, then what waits, then failures, then what ended this hour', () => {
  expect(
    ids([
      jobWith({ id: 'done', state: 'finished', endedAt: now - 1000 }),
      jobWith({ id: 'failed', state: 'failed', endedAt: now - 5000 }),
      jobWith({ id: 'waits', state: 'waits' }),
      jobWith({ id: 'runs', state: 'running' }),
    ]),
  ).toEqual(['runs', 'waits', 'failed', 'done']);
});

it('keeps a failure until it is dismissed, however old it is', () => {
  const failed = jobWith({ state: 'failed', endedAt: 0 });
  expect(ids([failed])).toEqual(['j1']);
  expect(ids([{ ...failed, dismissed: true }])).toEqual([]);
});

it('drops finished work after an hour', () => {
  expect(ids([jobWith({ state: 'finished', endedAt: now - 2 * 3600_000 })])).toEqual([]);
});

it('shows no chat engines, and no previews that have ended', () => {
  expect(
    ids([
      jobWith({ id: 'chat', kind: 'chat' }),
      jobWith({
        id: 'preview',
        kind: 'build-dataset',
        state: 'finished',
        endedAt: now,
        result: { records: [] },
      }),
      jobWith({
        id: 'frozen',
        kind: 'build-dataset',
        state: 'finished',
        endedAt: now,
        result: { versionId: 'v1' },
      }),
    ]),
  ).toEqual(['frozen']);
});

it('guesses no time left before 20 s or 5 % of the work', () => {
  const job = jobWith({ secondsLeft: 90, startedAt: now, progress: 0.01 });
  expect(timeLeft(job, now + 5000)).toBeNull();
  expect(timeLeft(job, now + 21_000)).toBe(90);
  expect(timeLeft({ ...job, progress: 0.06 }, now + 5000)).toBe(90);
});

it('links a job to the screen of what it works on', () => {
  expect(jobHref(jobWith({ kind: 'train', subjectId: 'r7' }))).toBe('#/projects/p1/run/r7');
  expect(jobHref(jobWith({ kind: 'project-file', projectId: null }))).toBeNull();
});
