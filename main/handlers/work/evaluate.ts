// Around the job that measures a run against its base: makes the evaluation's row, follows its progress, and keeps
// its results. The predictions stay in the file that the engine writes.
import type { Evaluation } from '../../contract/evaluations.ts';
import { AppError } from '../../errors.ts';
import { searchOf } from '../../inference/search-settings.ts';
import type { JobTypes } from '../../jobs/job.ts';
import type { JobHooks, QueuedJob } from '../../jobs/queue.ts';
import { newId } from '../../store/rows.ts';
import { usableProvider } from '../devices.ts';
import { findModel, findRun, findVersion, threadsFor } from '../lookup.ts';
import { tunedWeights, weightsAsTrained } from '../run-folder.ts';
import type { Services } from '../services.ts';

export interface EvaluationRequest {
  projectId: string;
  runId: string;
  split: Evaluation['split'];
  limit: number;
  metricIds: string[];
  maxNewTokens: number;
  /** 1, token by token, unless given. */
  beams?: number;
  lengthPenalty?: number;
}

/** Queues an evaluation of a run's best weights on its own dataset version. */
export function startEvaluation(services: Services, request: EvaluationRequest): Evaluation {
  const project = services.store.project(request.projectId);
  const run = findRun(project, request.runId);
  const version = findVersion(project, run.recipe.versionId);
  const inSplit = project.datasets.countRecords(version.id, request.split);
  if (inSplit === 0)
    throw new AppError(
      'split-empty',
      `Version ${version.number} has no ${request.split} records.`,
      'Measure on another split, or build a version with one.',
    );
  const { limit, metricIds, maxNewTokens, beams = 1, lengthPenalty = 1 } = request;
  searchOf(findModel(services, run.recipe.modelId), { beams }); // says at once when the model does not search
  tunedWeights(project, run, 'best'); // says at once when the run has no checkpoint
  const evaluation: Evaluation = {
    id: newId(),
    projectId: project.id,
    runId: run.id,
    versionId: version.id,
    split: request.split,
    state: 'queued',
    jobId: null,
    records: request.limit > 0 ? Math.min(request.limit, inSplit) : inSplit,
    done: 0,
    results: [],
    verdict: null,
    leaks: 0,
    settings: { limit, metricIds, maxNewTokens, ...(beams > 1 ? { beams, lengthPenalty } : {}) },
    seconds: 0,
    error: null,
    createdAt: Date.now(),
  };
  project.evaluations.insert(evaluation);
  const job = services.queue.start({
    kind: 'evaluate',
    lane: 'heavy',
    projectId: project.id,
    subjectId: evaluation.id,
    title: `Evaluate run ${run.number}`,
    spec: { evaluationId: evaluation.id },
  });
  return update(services, project.id, evaluation.id, { jobId: job.id });
}

export function findEvaluation(services: Services, projectId: string, evaluationId: string): Evaluation {
  const evaluation = services.store.project(projectId).evaluations.get(evaluationId);
  if (evaluation) return evaluation;
  throw new AppError(
    'evaluation-unknown',
    'This evaluation is not in the project.',
    'Choose another evaluation.',
  );
}

function update(
  services: Services,
  projectId: string,
  id: string,
  change: Partial<Omit<Evaluation, 'id' | 'projectId'>>,
): Evaluation {
  services.store.project(projectId).evaluations.update(id, change);
  const evaluation = findEvaluation(services, projectId, id);
  services.emit('evaluation.changed', evaluation);
  return evaluation;
}

/** The loss counts what the run's task counts: of classifiers records or labels, not tokens. */
function withLossUnit(results: Evaluation['results'], unit: string | undefined): Evaluation['results'] {
  if (unit === undefined) return results;
  return results.map((result) => (result.metricId === 'loss' ? { ...result, unit } : result));
}

export function evaluateHooks(services: Services): JobHooks {
  const change = (job: QueuedJob, fields: Partial<Omit<Evaluation, 'id' | 'projectId'>>) =>
    update(services, job.projectId!, job.subjectId!, fields);
  const lossUnitOf = (job: QueuedJob): string | undefined => {
    const { runId } = findEvaluation(services, job.projectId!, job.subjectId!);
    return findRun(services.store.project(job.projectId!), runId).plan?.lossUnit;
  };
  const seconds = (job: QueuedJob) => (Date.now() - (job.startedAt ?? Date.now())) / 1000;
  return {
    stopAfterMs: 5000,
    async prepare(job) {
      const project = services.store.project(job.projectId!);
      const evaluation = findEvaluation(services, project.id, job.subjectId!);
      const run = findRun(project, evaluation.runId);
      const { limit, metricIds, maxNewTokens, beams, lengthPenalty } = evaluation.settings as {
        limit: number;
        metricIds: string[];
        maxNewTokens: number;
        beams?: number;
        lengthPenalty?: number;
      };
      const input: JobTypes['evaluate']['input'] = {
        modelFolder: findModel(services, run.recipe.modelId).folder,
        tuned: weightsAsTrained(services.store.home, project, run),
        recordsFile: project.datasets.recordsFile(evaluation.versionId),
        split: evaluation.split,
        limit,
        metricIds,
        maxNewTokens,
        beams,
        lengthPenalty,
        threads: threadsFor(services, run.recipe.settings.threads),
        provider: await usableProvider(services, run.recipe.settings.provider),
        predictionsFile: project.evaluations.predictionsFile(evaluation.id),
      };
      return { engine: 'evaluate', input, logFile: services.logFile };
    },
    started: (job) => void change(job, { state: 'running' }),
    progress(job) {
      const { records, done } = findEvaluation(services, job.projectId!, job.subjectId!);
      const now = Math.round((job.progress ?? 0) * records);
      if (now !== done) change(job, { done: now, seconds: seconds(job) });
    },
    done(job, output) {
      const { results: measured, verdict, leaks, records } = output as JobTypes['evaluate']['result'];
      const results = withLossUnit(measured, lossUnitOf(job));
      const fields = { results, verdict, leaks, records, done: records };
      const evaluation = change(job, { ...fields, state: 'finished', seconds: seconds(job) });
      services.emit('projects.changed', { projectId: job.projectId });
      return { evaluationId: evaluation.id };
    },
    ended(job, { state, error }) {
      change(job, { state: state === 'cancelled' ? 'cancelled' : 'failed', error, seconds: seconds(job) });
    },
  };
}
