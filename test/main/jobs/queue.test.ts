// The queue over real processes: what runs beside what, how jobs end, and what is kept for the next start.
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { JobKind } from '../../../main/contract/jobs.ts';
import { createLauncher, forkWithNode } from '../../../main/jobs/launcher.ts';
import { createQueue, type JobHooks, type Queue, type QueuedJob } from '../../../main/jobs/queue.ts';

const engineFile = join(import.meta.dirname, '..', '..', 'helpers', 'test-engine.ts');
let open: { queue: Queue }[] = [];

function openQueue(hooks: Partial<Record<JobKind, Partial<JobHooks>>> = {}) {
  const saved = new Map<string, QueuedJob>();
  const states: string[] = [];
  let ids = 0;
  const plain: JobHooks = {
    stopAfterMs: 20_000,
    prepare: async (job) => ({ engine: 'train', input: job.spec.script, logFile: null }),
  };
  const kinds: JobKind[] = ['train', 'evaluate', 'import-documents', 'build-dataset'];
  const queue = createQueue({
    launch: createLauncher({ engineFile, fork: forkWithNode(process.execPath) }),
    hooks: Object.fromEntries(kinds.map((kind) => [kind, { ...plain, ...hooks[kind] }])),
    owner: 'me',
    newId: () => `job-${++ids}`,
    save: (job) => saved.set(job.id, structuredClone(job)),
    changed: (job) => states.push(`${job.id} ${job.state}`),
  });
  const start = (script: object, kind: JobKind = 'train', lane: 'heavy' | 'import' | 'free' = 'heavy') =>
    queue.start({
      kind,
      lane,
      projectId: null,
      subjectId: null,
      title: kind,
      canPause: true,
      spec: { script },
    });
  const until = async (condition: () => boolean) => {
    while (!condition()) await new Promise((turn) => setTimeout(turn, 10));
  };
  const opened = { queue, saved, states, start, until };
  open.push(opened);
  return opened;
}

afterEach(async () => {
  for (const { queue } of open) await queue.close();
  open = [];
});

describe('lanes', () => {
  test('a second heavy job waits until the first has ended, and a free one does not', async () => {
    const { start, saved, queue, until } = openQueue();
    const first = start({ hang: true, stopResult: 'saved' });
    const second = start({ result: 2 }, 'evaluate');
    const beside = start({ result: 3 }, 'build-dataset', 'free');
    await queue.wait(beside.id);
    expect(saved.get(beside.id)).toMatchObject({ state: 'finished', result: 3 });
    expect(saved.get(second.id)?.state).toBe('waits');
    await until(() => saved.get(first.id)?.enginePid != null);
    queue.cancel(first.id);
    await queue.wait(second.id);
    expect(saved.get(second.id)).toMatchObject({ state: 'finished', result: 2 });
  });

  test('a waiting job is cancelled without ever starting an engine', async () => {
    const { start, saved, queue } = openQueue();
    start({ hang: true, stopResult: null });
    const second = start({ result: 2 });
    queue.cancel(second.id);
    await queue.wait(second.id);
    expect(saved.get(second.id)).toMatchObject({ state: 'cancelled', startedAt: null, error: null });
  });
});

describe('ends', () => {
  test('an engine that is killed from outside gives a failed job that names memory as the likely cause', async () => {
    const { start, saved, queue } = openQueue();
    const job = start({ crash: true });
    await queue.wait(job.id);
    const { state, error } = saved.get(job.id)!;
    expect(state).toBe('failed');
    expect(error).toMatchObject({ code: 'engine-killed' });
    expect(error?.message).toContain('memory');
    expect(error?.remedy).not.toBe('');
  });

  test('an engine that exits without a last word fails with its exit code', async () => {
    const { start, saved, queue } = openQueue();
    const job = start({ exit: 7, print: 'something odd' });
    await queue.wait(job.id);
    expect(saved.get(job.id)?.error).toMatchObject({ code: 'engine-crashed' });
    expect(saved.get(job.id)?.error?.message).toContain('code 7');
    expect(saved.get(job.id)?.result).toEqual({ printed: 'something odd' });
  });

  test('an error of the engine keeps its own sentence', async () => {
    const { start, saved, queue } = openQueue();
    const error = {
      code: 'diverged',
      message: 'The loss is not a number.',
      remedy: 'Lower the learning rate.',
    };
    const job = start({ frames: [{ type: 'failed', error }], exit: 0 });
    await queue.wait(job.id);
    expect(saved.get(job.id)).toMatchObject({ state: 'failed', error });
  });

  test('a cancelled job that saves before it ends keeps its result', async () => {
    const ends: string[] = [];
    const { start, saved, queue, until } = openQueue({
      train: { ended: (_job, end) => void ends.push(end.state), done: (_job, result) => ({ kept: result }) },
    });
    const job = start({ hang: true, stopResult: 'step 500' });
    await until(() => saved.get(job.id)?.enginePid != null);
    queue.cancel(job.id);
    expect(saved.get(job.id)?.state).toBe('finishing');
    await queue.wait(job.id);
    expect(saved.get(job.id)).toMatchObject({ state: 'cancelled', result: { kept: 'step 500' } });
    expect(ends).toEqual(['cancelled']);
  });

  test('an engine that ignores the stop frame is killed after the delay', async () => {
    const { start, saved, queue, until } = openQueue({ train: { stopAfterMs: 300 } });
    const job = start({ hang: true });
    await until(() => saved.get(job.id)?.enginePid != null);
    const from = Date.now();
    queue.cancel(job.id);
    await queue.wait(job.id);
    expect(saved.get(job.id)?.state).toBe('cancelled');
    expect(Date.now() - from).toBeGreaterThan(250);
  });

  test('a silent engine is ended, and the job goes on when its hooks say so', async () => {
    let tries = 0;
    const { start, saved, queue } = openQueue({
      train: {
        silentAfterMs: 6000, // starting a process on a busy machine takes a while, too
        prepare: async () => ({
          engine: 'train',
          input: tries++ === 0 ? { hang: true } : { result: 'rest' },
          logFile: null,
        }),
        recover: (_job, error) => error.code === 'engine-standstill',
      },
    });
    const job = start({});
    await queue.wait(job.id);
    expect(tries).toBe(2);
    expect(saved.get(job.id)).toMatchObject({ state: 'finished', result: 'rest' });
  });
});

describe('while it runs', () => {
  test('progress and events reach the job and its hooks, in order', async () => {
    const heard: unknown[] = [];
    const { start, saved, queue } = openQueue({
      train: { event: (_job, name, payload) => void heard.push([name, payload]) },
    });
    const progress = { progress: 0.5, position: 'step 5 of 10', rate: '3 steps/s', secondsLeft: 2 };
    const job = start({
      frames: [
        { type: 'event', name: 'checkpoint', payload: { step: 5 } },
        { type: 'progress', progress },
      ],
    });
    await queue.wait(job.id);
    expect(heard).toEqual([['checkpoint', { step: 5 }]]);
    expect(saved.get(job.id)).toMatchObject({ position: 'step 5 of 10', progress: 1, state: 'finished' });
  });

  test('pausing is what the engine confirms, not what was asked', async () => {
    const { start, saved, queue, until } = openQueue();
    const job = start({ hang: true, stopResult: null });
    await until(() => saved.get(job.id)?.enginePid != null);
    queue.pause(job.id, true);
    expect(saved.get(job.id)?.state).toBe('running');
    await until(() => saved.get(job.id)?.state === 'paused');
    queue.pause(job.id, false);
    await until(() => saved.get(job.id)?.state === 'running');
  });
});

describe('closing', () => {
  test('running jobs become interrupted, waiting jobs stay waiting for the next start', async () => {
    const { start, saved, queue, until } = openQueue();
    const running = start({ hang: true, stopResult: 'saved' });
    const waiting = start({ result: 1 });
    await until(() => saved.get(running.id)?.enginePid != null);
    await queue.close();
    expect(saved.get(running.id)).toMatchObject({ state: 'interrupted', error: { code: 'interrupted' } });
    expect(saved.get(waiting.id)?.state).toBe('waits');

    const next = openQueue();
    next.queue.restart(structuredClone(saved.get(waiting.id)!));
    await next.queue.wait(waiting.id);
    expect(next.saved.get(waiting.id)).toMatchObject({ state: 'finished', result: 1 });
  });
});
