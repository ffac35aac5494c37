import { beforeEach, expect, test } from 'vitest';
import { install } from '../../../renderer/client/client.ts';
import { createFake } from '../../../renderer/client/fake.ts';
import {
  actOnRun,
  deleteRun,
  listenToRuns,
  loadMetrics,
  mergeMetrics,
  putRun,
  type RunMetrics,
  startRun,
  usableRuns,
  useMetricsStore,
  useRunsStore,
} from '../../../renderer/state/runs.ts';
import { metricAt, runWith } from '../screens/run/examples.ts';

const none: RunMetrics = { train: [], validation: [], samples: [] };
const trainOf = (steps: number[]): RunMetrics => ({ ...none, train: steps.map((step) => metricAt(step)) });
const stepsOf = (metrics: RunMetrics): number[] => metrics.train.map((point) => point.step);

const fake = createFake({
  'runs.list': () => [runWith(), runWith({ id: 'r6', number: 6, createdAt: 1 })],
  'runs.metrics': () => trainOf([1, 2, 3]),
  'runs.pause': () => runWith({ state: 'paused' }),
  'runs.delete': () => ({}),
  'runs.start': (recipe) => runWith({ id: 'r8', number: 8, name: recipe.name, createdAt: Date.now() }),
});
listenToRuns();
install(fake.transport);

beforeEach(async () => {
  await useRunsStore.getState().load('p1');
});

const listed = (): string[] => (useRunsStore.getState().byProject.p1 ?? []).map((run) => run.id);

test('news are appended to the metrics', () => {
  expect(stepsOf(mergeMetrics(trainOf([1, 2]), trainOf([3, 4])))).toEqual([1, 2, 3, 4]);
  expect(mergeMetrics(trainOf([1, 2]), none).train).toHaveLength(2);
});

test('after a resume from a checkpoint the steps that are run again replace the old ones', () => {
  const again = trainOf([3, 4]);
  const merged = mergeMetrics(trainOf([1, 2, 3, 4, 5]), again);
  expect(stepsOf(merged)).toEqual([1, 2, 3, 4]);
  expect(merged.train[2]).toBe(again.train[0]);
});

test('a long run is thinned for the chart, and a spike stays', () => {
  const known = trainOf(Array.from({ length: 1500 }, (_, i) => i + 1));
  known.train[700] = metricAt(701, { loss: 42 });
  const merged = mergeMetrics(known, trainOf([1501]));
  expect(merged.train.length).toBeLessThanOrEqual(1000);
  expect(Math.max(...merged.train.map((point) => point.loss))).toBe(42);
  expect(merged.train.at(-1)?.step).toBe(1501);
});

test('a sample of the same step and prompt is replaced, not repeated', () => {
  const sample = { step: 50, prompt: 'a', output: 'old', reference: null };
  const merged = mergeMetrics(
    { ...none, samples: [sample, { ...sample, prompt: 'b' }] },
    { ...none, samples: [{ ...sample, output: 'new' }] },
  );
  expect(merged.samples.map(({ prompt, output }) => [prompt, output])).toEqual([
    ['b', 'old'],
    ['a', 'new'],
  ]);
});

test('pushed metrics reach a run whose metrics are on screen, and no other', async () => {
  await loadMetrics('p1', 'r7');
  fake.emit('run.metrics', { runId: 'r7', ...trainOf([4]) });
  fake.emit('run.metrics', { runId: 'r9', ...trainOf([4]) });
  const { byRun } = useMetricsStore.getState();
  expect(stepsOf(byRun.r7)).toEqual([1, 2, 3, 4]);
  expect(byRun.r9).toBeUndefined();
});

test('a changed run replaces the old one, a trashed one leaves, and an unloaded list stays unloaded', () => {
  fake.emit('run.changed', runWith({ state: 'paused' }));
  expect(useRunsStore.getState().byProject.p1?.find((run) => run.id === 'r7')?.state).toBe('paused');
  putRun(runWith({ id: 'r6', deletedAt: 5 }));
  expect(listed()).toEqual(['r7']);
  putRun(runWith({ projectId: 'other' }));
  expect(useRunsStore.getState().byProject.other).toBeUndefined();
});

test('pause, delete and start change the list at once', async () => {
  const paused = await actOnRun('runs.pause', runWith());
  expect(paused.state).toBe('paused');
  await deleteRun(runWith({ id: 'r6' }));
  expect(listed()).toEqual(['r7']);
  await startRun(runWith().recipe);
  expect(listed()).toEqual(['r8', 'r7']);
});

test('a run without a checkpoint has no weights to use', () => {
  expect(usableRuns([runWith({ checkpointStep: null }), runWith({ id: 'a' })]).map((run) => run.id)).toEqual([
    'a',
  ]);
});
