// The job behind "Check this device", with the processor compared with itself.
import { expect, test } from 'vitest';
import { Verdict } from '../../../main/contract/devices.ts';
import { deviceCheck } from '../../../main/jobs/device-check.ts';
import type { JobContext, Progress } from '../../../main/jobs/job.ts';

function contextOf(signal: AbortSignal, progress: Progress[]): JobContext<'device-check'> {
  return {
    signal,
    progress: (step) => void progress.push(step),
    emit: () => {},
    unlessPaused: async () => {},
    answer: async () => {},
  };
}

test('gives a verdict that can be stored, and says how far it is', { timeout: 120_000 }, async () => {
  const progress: Progress[] = [];
  const context = contextOf(new AbortController().signal, progress);
  const verdict = Verdict.parse(await deviceCheck.run({ provider: 'cpu' }, context));
  expect(verdict).toMatchObject({ trusted: true, wrong: [], agreeing: verdict.operations });
  expect(verdict.sentence).toContain('operations agree with the processor');
  expect(progress.at(-1)?.progress).toBe(1);
  expect(progress[5].position).toMatch(/^5 of \d+: /);
});

test('ends soon when it is told to stop', { timeout: 60_000 }, async () => {
  const stop = new AbortController();
  const progress: Progress[] = [];
  setTimeout(() => stop.abort(), 300);
  const check = deviceCheck.run({ provider: 'cpu' }, contextOf(stop.signal, progress));
  await expect(check).rejects.toMatchObject({ code: 'cancelled' });
});
