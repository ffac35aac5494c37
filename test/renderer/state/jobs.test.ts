import { beforeEach, expect, it } from 'vitest';
import type { Job } from '../../../main/contract/jobs.ts';
import { install } from '../../../renderer/client/client.ts';
import { createFake, type Fake } from '../../../renderer/client/fake.ts';
import { jobEnd, listenToJobs, useJobs } from '../../../renderer/state/jobs.ts';
import { useSettings } from '../../../renderer/state/settings.ts';
import { jobWith } from '../shell/examples.ts';

let fake: Fake;
let known: Job;

listenToJobs();
beforeEach(() => {
  known = jobWith({ state: 'running' });
  fake = createFake({ 'jobs.get': () => known });
  install(fake.transport);
  useJobs.setState({ byId: {} });
});

it('waits for the event that ends the job', async () => {
  const end = jobEnd('j1');
  await Promise.resolve();
  setTimeout(() => fake.emit('job.changed', { ...known, state: 'finished', result: { versionId: 'v1' } }), 5);
  await expect(end).resolves.toMatchObject({ state: 'finished', result: { versionId: 'v1' } });
});

it('ends at once for a job that had ended before anybody asked', async () => {
  known = jobWith({ state: 'finished' });
  await expect(jobEnd('j1')).resolves.toMatchObject({ state: 'finished' });
});

it('rejects with the sentence and remedy of the failure', async () => {
  known = jobWith({
    state: 'failed',
    error: { code: 'disk-full', message: 'The disk is full.', remedy: 'Free some space.' },
  });
  await expect(jobEnd('j1')).rejects.toMatchObject({ code: 'disk-full', remedy: 'Free some space.' });
});

it('rejects when the job was cancelled', async () => {
  known = jobWith({ state: 'cancelled' });
  await expect(jobEnd('j1')).rejects.toMatchObject({ code: 'job-cancelled' });
});

it('reads the network ledger again when a download has ended, whatever came of it', async () => {
  const sent = [{ time: 1, host: 'hub.example', why: 'weights', bytesOut: 512, bytesIn: 9000 }];
  let asked = 0;
  fake = createFake({
    'settings.ledger': () => {
      asked += 1;
      return sent;
    },
  });
  install(fake.transport);
  useSettings.setState({ ledger: [] });
  fake.emit('job.changed', jobWith({ kind: 'download-model', state: 'running' }));
  fake.emit('job.changed', jobWith({ kind: 'export', state: 'finished' }));
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect([asked, useSettings.getState().ledger]).toEqual([0, []]);
  fake.emit('job.changed', jobWith({ kind: 'download-model', state: 'failed' }));
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect([asked, useSettings.getState().ledger]).toEqual([1, sent]);
});
