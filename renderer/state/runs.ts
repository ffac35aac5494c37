// Runs of each project and the metrics of those on screen, kept fresh by events. Every number comes from the
// backend, so a reload loses nothing. No JSX; screens and charts read from here.
import { useEffect } from 'react';
import { create } from 'zustand';
import type { CallInput } from '../../main/contract/index.ts';
import type {
  MetricPoint,
  ResumeChanges,
  Run,
  SamplePoint,
  ValidationPoint,
} from '../../main/contract/runs.ts';
import { call, on, onConnection } from '../client/client.ts';
import { bucketMinMax, MAX_POINTS } from '../components/charts/series.ts';
import { createCollection, type Status } from './collection.ts';

export const useRunsStore = createCollection<Run>((projectId) => call('runs.list', { projectId }));

export interface RunMetrics {
  train: MetricPoint[];
  validation: ValidationPoint[];
  samples: SamplePoint[];
}

interface MetricsState {
  projectOf: Record<string, string>;
  byRun: Record<string, RunMetrics>;
  errors: Record<string, unknown>;
}

export const useMetricsStore = create<MetricsState>(() => ({ projectOf: {}, byRun: {}, errors: {} }));

const none: Run[] = [];
const noMetrics: RunMetrics = { train: [], validation: [], samples: [] };

export function listenToRuns(): void {
  on('run.changed', putRun);
  on('run.metrics', ({ runId, ...news }) => {
    const known = useMetricsStore.getState().byRun[runId];
    if (known) setMetrics(runId, mergeMetrics(known, news));
  });
  onConnection((connection) => {
    if (connection !== 'open') return;
    for (const [runId, projectId] of Object.entries(useMetricsStore.getState().projectOf))
      void loadMetrics(projectId, runId);
  });
}

/** Puts a changed run into the list, or takes a trashed one out. A list that was not asked for stays unloaded. */
export function putRun(run: Run): void {
  const store = useRunsStore.getState();
  if (store.byProject[run.projectId] === undefined) return;
  if (run.deletedAt === null) store.put(run);
  else store.drop(run.projectId, run.id);
}

/**
 * Metrics with news appended. After a resume from a checkpoint the steps go back: what is known from the first new
 * step on is replaced. Longer than 1.5 times MAX_POINTS, the line is thinned so that spikes survive.
 */
export function mergeMetrics(known: RunMetrics, news: RunMetrics): RunMetrics {
  const train = append(known.train, news.train);
  return {
    train: train.length > MAX_POINTS * 1.5 ? bucketMinMax(train, MAX_POINTS, (point) => point.loss) : train,
    validation: append(known.validation, news.validation),
    samples: appendSamples(known.samples, news.samples),
  };
}

function append<T extends { step: number }>(known: T[], news: T[]): T[] {
  const first = news[0];
  if (!first) return known;
  const overlaps = known.length > 0 && known[known.length - 1].step >= first.step;
  return [...(overlaps ? known.filter((point) => point.step < first.step) : known), ...news];
}

/** One sample per step and prompt; a newer one replaces the older. */
function appendSamples(known: SamplePoint[], news: SamplePoint[]): SamplePoint[] {
  if (news.length === 0) return known;
  const fresh = new Set(news.map((sample) => `${sample.step} ${sample.prompt}`));
  return [...known.filter((sample) => !fresh.has(`${sample.step} ${sample.prompt}`)), ...news];
}

function setMetrics(runId: string, metrics: RunMetrics): void {
  useMetricsStore.setState((state) => ({
    byRun: { ...state.byRun, [runId]: metrics },
    errors: { ...state.errors, [runId]: undefined },
  }));
}

export async function loadMetrics(projectId: string, runId: string): Promise<void> {
  useMetricsStore.setState((state) => ({ projectOf: { ...state.projectOf, [runId]: projectId } }));
  try {
    setMetrics(runId, await call('runs.metrics', { projectId, runId, points: MAX_POINTS }));
  } catch (error) {
    useMetricsStore.setState((state) => ({ errors: { ...state.errors, [runId]: error } }));
  }
}

/** The runs of a project, newest first; loads them on first use. */
export function useRuns(projectId: string | null): Run[] {
  const runs = useRunsStore((state) => (projectId ? state.byProject[projectId] : undefined));
  useEffect(() => {
    const store = useRunsStore.getState();
    if (projectId && !store.byProject[projectId]) void store.load(projectId);
  }, [projectId]);
  return runs ?? none;
}

/** Whether the list has arrived, and why not. */
export function useRunsStatus(projectId: string): { status: Status; error: unknown } {
  const status = useRunsStore((state) => state.status[projectId] ?? 'loading');
  const error = useRunsStore((state) => state.errors[projectId]);
  return { status, error };
}

/** Metrics of one run; `loaded` is false until the first ones have arrived. */
export function useRunMetrics(
  projectId: string,
  runId: string,
): RunMetrics & { loaded: boolean; error: unknown } {
  useEffect(() => {
    void loadMetrics(projectId, runId);
  }, [projectId, runId]);
  const metrics = useMetricsStore((state) => state.byRun[runId]);
  const error = useMetricsStore((state) => state.errors[runId]);
  return { ...(metrics ?? noMetrics), loaded: metrics !== undefined, error };
}

type RunCall = 'runs.pause' | 'runs.resume' | 'runs.stop' | 'runs.restore';

/** Does one thing to a run and puts the answer into the list. Rejects with a CallError. */
export async function actOnRun(name: RunCall, run: Pick<Run, 'id' | 'projectId'>): Promise<Run> {
  const changed = await call(name, { projectId: run.projectId, runId: run.id });
  putRun(changed);
  return changed;
}

/** Goes on with a run that has ended, with some settings changed. */
export async function goOnWith(run: Pick<Run, 'id' | 'projectId'>, changes: ResumeChanges): Promise<Run> {
  const changed = await call('runs.resume', { projectId: run.projectId, runId: run.id, changes });
  putRun(changed);
  return changed;
}

/** Moves a run to the trash; `actOnRun('runs.restore', run)` undoes it. */
export async function deleteRun(run: Run): Promise<void> {
  await call('runs.delete', { projectId: run.projectId, runId: run.id });
  useRunsStore.getState().drop(run.projectId, run.id);
}

export async function renameRun(run: Run, name: string): Promise<void> {
  putRun(await call('runs.rename', { projectId: run.projectId, runId: run.id, name }));
}

/** Starts a run (or queues it behind another one). Rejects with a CallError. */
export async function startRun(recipe: CallInput<'runs.start'>): Promise<Run> {
  const run = await call('runs.start', recipe);
  putRun(run);
  return run;
}

/** Runs that have weights to evaluate, chat with or export: at least one checkpoint. */
export function usableRuns(runs: readonly Run[]): Run[] {
  return runs.filter((run) => run.checkpointStep !== null);
}
