// Trains a dataset of the sample project through the backend, with the preset that the app suggests, and measures how
// many answers are exactly right. What the first button does, without a window.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend } from '../../main/backend.ts';
import { sample } from '../../resources/sample/sample.ts';

export type SampleDatasetId = (typeof sample.datasets)[number]['id'];
type Split = 'train' | 'validation' | 'test';

export interface SampleRun {
  steps: number;
  /** From the start of the job to its end: loading, compiling, steps, validations and checkpoints. */
  seconds: number;
  /** Updates alone. */
  stepSeconds: number;
  /** Shares of exactly right answers, 0 to 1, by split. */
  exact: Partial<Record<Split, { base: number; tuned: number; records: number }>>;
}

/** Resolves when the sample project is made, with its id. */
export async function waitForSample(backend: Backend): Promise<string> {
  await backend.recovered;
  await quiet(backend);
  return (await backend.call('projects.list', {}))[0].id;
}

/** Resolves when no job works or waits. A job that fails shows in what comes after. */
export async function quiet({ services }: Backend): Promise<void> {
  for (;;) {
    const [next] = services.queue.active();
    if (!next) return;
    await services.queue.wait(next.id);
    await sleep(0); // what follows a job is queued in its end
  }
}

export async function trainSampleDataset(
  backend: Backend,
  { datasetId, splits, threads = 0 }: { datasetId: SampleDatasetId; splits: Split[]; threads?: number },
): Promise<SampleRun> {
  const { call } = backend;
  const projectId = (await call('projects.list', {})).find((project) => project.isSample)!.id;
  const { name } = sample.datasets.find(({ id }) => id === datasetId)!;
  const version = (await call('datasets.list', { projectId })).find((one) => one.name === name)!;
  const where = { projectId, versionId: version.id, modelId: 'starter' };
  const preset = (await call('runs.presets', where)).find(({ suggested }) => suggested)!;
  const settings = { ...preset.settings, threads };
  const { id: runId } = await call('runs.start', { ...where, name, settings, thenEvaluate: false });
  await quiet(backend);
  const run = await call('runs.get', { projectId, runId });
  if (run.state !== 'finished') throw new Error(`The run is ${run.state}: ${JSON.stringify(run.error)}`);
  const exact: SampleRun['exact'] = {};
  for (const split of splits) {
    const asked = { projectId, runId, split, limit: 0, metricIds: ['exact-line'], maxNewTokens: 48 };
    const { id: evaluationId } = await call('evaluations.start', asked);
    await quiet(backend);
    const { results, error, records } = await call('evaluations.get', { projectId, evaluationId });
    if (results.length === 0) throw new Error(`The evaluation failed: ${JSON.stringify(error)}`);
    exact[split] = { base: results[0].base.value, tuned: results[0].tuned.value, records };
  }
  const { train } = await call('runs.metrics', { projectId, runId, points: 5000 });
  const [first, last] = [train[0], train.at(-1)!];
  const stepSeconds = ((last.time - first.time) / 1000 / (last.step - first.step)) * last.step;
  return { steps: run.steps, seconds: run.seconds, stepSeconds, exact };
}
