// Around the job that trains: gives the engine its run folder, keeps the run's row and curves current from its
// events, and starts the evaluation that the recipe asks for.
import { statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Plan, Recipe, Run } from '../../contract/runs.ts';
import { AppError } from '../../errors.ts';
import type { JobTypes } from '../../jobs/job.ts';
import { engineGone } from '../../jobs/launcher.ts';
import { isOutOfMemory, raiseLeanerLevel } from '../../jobs/leaner-level.ts';
import type { JobHooks, QueuedJob } from '../../jobs/queue.ts';
import { log } from '../../log.ts';
import type { Curves } from '../../store/metrics.ts';
import { cardMemory, requireDevice } from '../devices.ts';
import { lineageOf } from '../lineage.ts';
import { findModel, findRun, findVersion, memoryBudget, threadsFor } from '../lookup.ts';
import { loadCurves } from '../run-folder.ts';
import type { Services } from '../services.ts';
import { startAgain, startOf } from '../start-from.ts';
import { startEvaluation } from './evaluate.ts';

const Spec = z.looseObject({
  runId: z.string(),
  resume: z.boolean(),
  /** Seconds of earlier parts of the run. */
  secondsBefore: z.number(),
  /** The engine of a backend that died; it may still be saving. */
  afterPid: z.int().nullable(),
});
type TrainEvents = JobTypes['train']['events'];
type RunChange = Partial<Omit<Run, 'id' | 'projectId' | 'number'>>;

const maxMessages = 200;

/** Queues training of the run, from the start or from its newest complete checkpoint. */
export function startTraining(services: Services, run: Run, resume: boolean): Run {
  const afterPid = (run.jobId !== null && services.store.jobs.get(run.jobId)?.enginePid) || null;
  const job = services.queue.start({
    kind: 'train',
    lane: 'heavy',
    projectId: run.projectId,
    subjectId: run.id,
    title: `Train run ${run.number}`,
    canPause: true,
    cancelLabel: 'Stop and keep the best',
    spec: { runId: run.id, resume, secondsBefore: run.seconds, afterPid },
  });
  return updateRun(services, run, { jobId: job.id, state: 'queued', error: null, endedAt: null });
}

export function updateRun(services: Services, run: Pick<Run, 'id' | 'projectId'>, change: RunChange): Run {
  const project = services.store.project(run.projectId);
  project.runs.update(run.id, change);
  const updated = findRun(project, run.id);
  services.emit('run.changed', updated);
  return updated;
}

/** Bytes that a run may plan with: of the card that computes, or else of main memory. */
async function runMemory(services: Services, { settings }: Recipe): Promise<number> {
  const card = await cardMemory(services, settings.provider);
  return card === null
    ? memoryBudget(services)
    : Math.round(card * services.store.settings.get().memoryShare);
}

/** What the recipe would take: steps, time, memory, disk, and the checks before the start. */
export async function planOf(services: Services, recipe: Recipe): Promise<Plan> {
  const project = services.store.project(recipe.projectId);
  findVersion(project, recipe.versionId);
  const { bavail, bsize } = await statfs(project.folder);
  return services.inspect.ask<Plan>('plan', {
    ...startOf(services, recipe),
    recordsFile: project.datasets.recordsFile(recipe.versionId),
    settings: { ...recipe.settings, threads: threadsFor(services, recipe.settings.threads) },
    memoryBytes: await runMemory(services, recipe),
    diskBytes: bavail * bsize,
  });
}

/** Throws when a check says that the run must not start. */
function requireChecks(plan: Plan): void {
  const failed = plan.checks.filter((check) => check.state === 'failed');
  if (failed.length === 0) return;
  const message = failed.map((check) => check.sentence).join(' ');
  throw new AppError('check-failed', message, 'Change the settings or the dataset, and start again.');
}

export function trainHooks(services: Services): JobHooks {
  const runOf = (job: QueuedJob): Run => findRun(services.store.project(job.projectId!), job.subjectId!);
  const update = (job: QueuedJob, change: RunChange): Run =>
    updateRun(services, { id: job.subjectId!, projectId: job.projectId! }, change);
  const say = (job: QueuedJob, level: 'info' | 'warning', sentence: string): Run =>
    update(job, {
      messages: [...runOf(job).messages, { time: Date.now(), level, sentence }].slice(-maxMessages),
    });

  const onEvent: { [Name in keyof TrainEvents]: (job: QueuedJob, payload: TrainEvents[Name]) => void } = {
    plan: (job, plan) => update(job, { plan, steps: plan.steps }),
    phase: (job, { phase }) => {
      if (runOf(job).state === 'stopping') return; // it saves, and goes on looking like that until it ends
      if (phase === 'loading' || phase === 'compiling') update(job, { state: 'compiling' });
      else if (phase === 'running') update(job, { state: 'running' });
    },
    metrics: (job, curves) => takeMetrics(services, job, runOf(job), curves),
    checkpoint: (job, { step, best }) => {
      update(job, best ? { checkpointStep: step, bestStep: step } : { checkpointStep: step });
      services.queue.relabel(job.id, { cancelLabel: `Stop and keep step ${step}` });
    },
    quantized: (job, quantizedBase) => update(job, { quantizedBase }),
    message: (job, { level, sentence }) => say(job, level, sentence),
  };

  return {
    stopAfterMs: 120_000,
    async prepare(job) {
      const { resume, afterPid } = Spec.parse(job.spec);
      await engineGone(afterPid);
      const run = runOf(job);
      const project = services.store.project(run.projectId);
      const version = findVersion(project, run.recipe.versionId);
      const model = findModel(services, run.recipe.modelId);
      await requireDevice(services, run.recipe.settings.provider, run.recipe.settings.precision);
      if (!resume) {
        const plan = await planOf(services, run.recipe);
        update(job, { plan, steps: plan.steps });
        requireChecks(plan);
      }
      const goesOn = resume && run.checkpointStep !== null;
      const start = goesOn ? startAgain(services, run.recipe) : startOf(services, run.recipe);
      const lineage = {
        ...(await lineageOf(services, version, model)),
        ...(start.startFrom
          ? { startedFrom: `run ${start.startFrom.run}, step ${start.startFrom.step}` }
          : {}),
      };
      update(job, { lineage });
      const runFolder = project.runs.folder(run.number);
      await writeFile(join(runFolder, 'recipe.json'), JSON.stringify(run.recipe, null, 2));
      await writeFile(join(runFolder, 'versions.json'), JSON.stringify(lineage, null, 2));
      const { settings } = run.recipe;
      const input: JobTypes['train']['input'] = {
        runFolder,
        ...start,
        recordsFile: project.datasets.recordsFile(version.id),
        quantizedFolder: join(services.store.home, 'quantized'),
        settings: { ...settings, threads: threadsFor(services, settings.threads) },
        lineage,
        memoryBytes: await runMemory(services, run.recipe),
        resume,
      };
      return { engine: 'train', input, logFile: join(runFolder, 'log.txt') };
    },
    started: (job) => void update(job, { state: 'compiling', startedAt: runOf(job).startedAt ?? Date.now() }),
    event(job, name, payload) {
      const handle = onEvent[name as keyof TrainEvents] as
        | ((job: QueuedJob, payload: unknown) => void)
        | undefined;
      if (handle) handle(job, payload);
      else log('warn', 'train.unknown-event', { name });
    },
    // memory ran out: goes on from the newest checkpoint, or from the start, with a leaner plan
    recover(job, error) {
      if (!isOutOfMemory(error.code)) return false;
      const run = runOf(job);
      raiseLeanerLevel(services.store.project(run.projectId).runs.folder(run.number));
      job.spec = { ...job.spec, resume: true };
      const from = run.checkpointStep === null ? 'from the start' : `from step ${run.checkpointStep}`;
      const at = run.step === 0 ? 'before the first step' : `after step ${run.step}`;
      say(job, 'warning', `Training stopped ${at}: ${error.message} It goes on ${from} with a leaner plan.`);
      return true;
    },
    stopping: (job) => void update(job, { state: 'stopping' }),
    paused: (job, paused) => void update(job, { state: paused ? 'paused' : 'running' }),
    async done(job, output) {
      const result = output as JobTypes['train']['result'];
      const run = update(job, {
        // A stopped run gets its state from how it was stopped, in `ended`.
        ...(result.stopped ? {} : { state: 'finished' as const, endedAt: Date.now() }),
        step: result.step,
        bestStep: result.bestStep,
        trainLoss: result.trainLoss,
        ...(result.validationLoss === null
          ? {}
          : { validationLoss: result.validationLoss, validationScore: result.validationScore }),
        peakBytes: Math.max(runOf(job).peakBytes, result.peakBytes),
        ...elapsed(job),
      });
      await loadCurves(services.store.project(run.projectId), run);
      services.emit('projects.changed', { projectId: run.projectId });
      if (run.state === 'finished' && run.recipe.thenEvaluate)
        evaluateAfter(services, run, (s) => say(job, 'warning', s));
      return { runId: run.id, step: result.step, stopped: result.stopped };
    },
    async ended(job, { state, error }) {
      const run = runOf(job);
      if (run.state === 'finished') return;
      const ends = { failed: 'failed', cancelled: 'stopped', interrupted: 'interrupted' } as const;
      const ended = update(job, { state: ends[state], error, endedAt: Date.now(), ...elapsed(job) });
      await loadCurves(services.store.project(run.projectId), ended);
      services.emit('projects.changed', { projectId: run.projectId });
    },
  };
}

function takeMetrics(services: Services, job: QueuedJob, run: Run, curves: Curves): void {
  const { metrics } = services.store.project(run.projectId).runs;
  metrics.add(run.id, curves);
  services.emit('run.metrics', { runId: run.id, ...curves });
  const last = curves.train.at(-1);
  const best = curves.validation.findLast((point) => point.best);
  updateRun(services, run, {
    ...(last && {
      step: last.step,
      trainLoss: last.loss,
      tokensPerSecond: last.tokensPerSecond,
      peakBytes: Math.round(Math.max(run.peakBytes, ...curves.train.map((point) => point.residentBytes))),
    }),
    ...(best && { validationLoss: best.loss, validationScore: best.score ?? null, bestStep: best.step }),
    ...elapsed(job),
  });
}

/** Seconds of the run, over all its parts. */
function elapsed(job: QueuedJob): { seconds: number } {
  const { secondsBefore } = Spec.parse(job.spec);
  return { seconds: secondsBefore + (job.startedAt === null ? 0 : (Date.now() - job.startedAt) / 1000) };
}

function evaluateAfter(services: Services, run: Run, warn: (sentence: string) => void): void {
  const project = services.store.project(run.projectId);
  const split = (['test', 'validation'] as const).find(
    (name) => project.datasets.countRecords(run.recipe.versionId, name) > 0,
  );
  if (!split) {
    warn('There is no evaluation: the dataset version has no test and no validation records.');
    return;
  }
  startEvaluation(services, {
    projectId: run.projectId,
    runId: run.id,
    split,
    limit: 0,
    metricIds: [],
    maxNewTokens: 128,
  });
}
