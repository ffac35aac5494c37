import { expect, test } from 'vitest';
import type { Job } from '../../../../main/contract/jobs.ts';
import { arrivedDownloads, openDownloads } from '../../../../renderer/screens/model/download-jobs.ts';
import { lookupFacts, needsToken } from '../../../../renderer/screens/model/words.ts';
import { lookup } from '../../fake/hub.ts';

const name = { repository: 'o/n', revision: 'main' };
const job = (id: string, createdAt: number, state: Job['state'], more: Partial<Job> = {}): Job => ({
  id,
  kind: 'download-model',
  projectId: null,
  subjectId: null,
  title: 'Download o/n',
  state,
  progress: 0.5,
  position: '',
  rate: '',
  secondsLeft: null,
  canPause: true,
  cancelLabel: '',
  result: name,
  error: null,
  dismissed: false,
  createdAt,
  startedAt: createdAt,
  endedAt: state === 'running' ? null : createdAt + 1,
  ...more,
});
const ids = (...jobs: Job[]) => openDownloads(jobs).map(({ id }) => id);

test('a download that stopped is shown until it went on or was put away', () => {
  expect(ids(job('a', 1, 'failed'))).toEqual(['a']);
  expect(ids(job('a', 1, 'failed'), job('b', 2, 'running'))).toEqual(['b']);
  expect(ids(job('a', 1, 'failed'), job('b', 2, 'finished'))).toEqual([]);
  expect(ids(job('a', 1, 'cancelled', { dismissed: true }))).toEqual([]);
  expect(ids(job('a', 1, 'interrupted', { result: { printed: '' } }))).toEqual([]);
  expect(ids(job('t', 1, 'running', { kind: 'train' }))).toEqual([]);
});

test('a download that arrived since the window opened is shown until it is put away', () => {
  const result = { ...name, modelId: 'm1' };
  const shown = (...jobs: Job[]) => arrivedDownloads(jobs, 5).map(({ modelId }) => modelId);
  expect(shown(job('a', 5, 'finished', { result }))).toEqual(['m1']);
  expect(shown(job('a', 3, 'finished', { result }))).toEqual([]);
  expect(shown(job('a', 5, 'finished', { result, dismissed: true }))).toEqual([]);
  expect(shown(job('a', 5, 'finished', { result }), job('b', 6, 'running'))).toEqual([]);
  expect(shown(job('a', 5, 'failed'))).toEqual([]);
});

test('what would be fetched is said with its size, licence and place, and what is here already', () => {
  const facts = Object.fromEntries(lookupFacts({ ...lookup, gated: true, missingBytes: 2e8 }));
  expect(facts.Licence).toBe('apache-2.0, its terms have to be accepted on the Hub');
  expect(facts.Download).toMatch(/^200\sMB, 71\.2\sMB are here already$/);
  expect(facts.Destination).toBe(lookup.destination);
});

test('only faults that a token may mend lead to the settings', () => {
  expect(needsToken({ code: 'hub-gated' })).toBe(true);
  expect(needsToken({ code: 'hub-unreachable' })).toBe(false);
  expect(needsToken(null)).toBe(false);
});
