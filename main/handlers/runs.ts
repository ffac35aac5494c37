// Calls about runs. Training is a job (work/train.ts); plans and presets come from the inspect process.
import { mkdirSync } from 'node:fs';
import type { Recipe, Run, runs } from '../contract/runs.ts';
import type { HandlersFor } from '../contract/wire.ts';
import { AppError } from '../errors.ts';
import type { InspectAsks } from '../jobs/job.ts';
import { newId } from '../store/rows.ts';
import { checkBeforeRun } from './devices.ts';
import { controlJob, type Wish } from './elsewhere.ts';
import { findModel, findRun, findVersion } from './lookup.ts';
import { loadCurves } from './run-folder.ts';
import type { Services } from './services.ts';
import { planOf, startTraining, updateRun } from './work/train.ts';

const unfinished = new Set<Run['state']>(['queued', 'compiling', 'running', 'paused', 'stopping']);
const resumable = new Set<Run['state']>(['interrupted', 'stopped', 'failed']);

export function runHandlers(services: Services): HandlersFor<typeof runs> {
  const { store, inspect } = services;
  const find = ({ projectId, runId }: { projectId: string; runId: string }): Run =>
    findRun(store.project(projectId), runId);
  /** A run at work here, or in another window or command line of this computer. */
  const control = (run: Run, wish: Wish): void => {
    if (run.jobId !== null && controlJob(services, run.jobId, wish)) return;
    throw new AppError(
      'run-not-active',
      `Run ${run.number} is not running.`,
      'Resume it first, or start a new one.',
    );
  };
  return {
    'runs.presets': ({ projectId, versionId, modelId }) => {
      const project = store.project(projectId);
      findVersion(project, versionId);
      return inspect.ask<InspectAsks['presets']['reply']>('presets', {
        modelFolder: findModel(services, modelId).folder,
        recordsFile: project.datasets.recordsFile(versionId),
        isSample: project.row.find()?.isSample ?? false,
      });
    },
    'runs.plan': (recipe) => planOf(services, recipe),
    'runs.start': async (recipe) => {
      await checkBeforeRun(services, recipe.settings.provider); // the queue runs the check first
      const project = store.project(recipe.projectId);
      const twin = findTwin(project.runs.active(), recipe);
      if (twin) return twin;
      findVersion(project, recipe.versionId);
      findModel(services, recipe.modelId);
      const run = project.runs.insert(newRun(recipe));
      mkdirSync(project.runs.folder(run.number), { recursive: true });
      return startTraining(services, run, false);
    },
    'runs.pause': (ref) => {
      const run = find(ref);
      control(run, 'pause');
      return run;
    },
    'runs.resume': async ({ changes, ...ref }) => {
      const changed = Object.keys(changes).length > 0;
      const mayGoOn = ({ state }: Run) => resumable.has(state) || (changed && state === 'finished');
      const before = find(ref);
      if (mayGoOn(before)) await checkBeforeRun(services, before.recipe.settings.provider);
      const run = find(ref);
      if (changed && unfinished.has(run.state))
        throw new AppError(
          'run-active',
          `Run ${run.number} is still ${run.state}.`,
          'Stop it first; then it goes on with the changes.',
        );
      if (run.state === 'paused') {
        control(run, 'resume');
        return run;
      }
      if (unfinished.has(run.state)) return run; // two windows, one run
      if (!mayGoOn(run))
        throw new AppError(
          'run-finished',
          `Run ${run.number} is finished.`,
          'Go on with more epochs, or start a new run from its weights to train longer.',
        );
      findModel(services, run.recipe.modelId);
      if (!changed) return startTraining(services, run, true);
      const recipe = { ...run.recipe, settings: { ...run.recipe.settings, ...changes } };
      const plan = await planOf(services, recipe);
      requireStepsLeft(run, recipe, plan.steps);
      if (unfinished.has(find(ref).state)) return find(ref);
      return startTraining(services, updateRun(services, run, { recipe, plan, steps: plan.steps }), true);
    },
    'runs.stop': (ref) => {
      control(find(ref), 'cancel');
      return find(ref);
    },
    'runs.list': ({ projectId, trash }) => store.project(projectId).runs.list(trash),
    'runs.get': find,
    'runs.metrics': async ({ projectId, runId, afterStep, points }) => {
      const project = store.project(projectId);
      const run = find({ projectId, runId });
      await loadCurves(project, run);
      return project.runs.metrics.read(runId, afterStep, points);
    },
    'runs.rename': (ref) => updateRun(services, find(ref), { name: ref.name }),
    'runs.delete': (ref) => {
      const run = find(ref);
      if (unfinished.has(run.state))
        throw new AppError('run-active', `Run ${run.number} is still ${run.state}.`, 'Stop it first.');
      updateRun(services, run, { deletedAt: Date.now() });
      return {};
    },
    'runs.restore': (ref) => updateRun(services, find(ref), { deletedAt: null }),
  };
}

/**
 * A run of exactly this recipe that is at work or waits. Starting it again is a double click or a second window (field
 * case F08): the same recipe gives the same losses, so nobody gains from a second one.
 */
function findTwin(active: Run[], recipe: Recipe): Run | undefined {
  const wanted = JSON.stringify(recipe);
  return active.find((run) => run.state !== 'stopping' && JSON.stringify(run.recipe) === wanted);
}

function requireStepsLeft({ number, step }: Run, { settings: { epochs } }: Recipe, steps: number): void {
  if (steps > step) return;
  throw new AppError(
    'nothing-left',
    `Run ${number} has done ${step} steps, and ${epochs} epochs take ${steps}.`,
    'Choose more epochs.',
  );
}

function newRun(recipe: Recipe): Omit<Run, 'number'> {
  return {
    id: newId(),
    projectId: recipe.projectId,
    name: recipe.name,
    recipe,
    state: 'queued',
    jobId: null,
    plan: null,
    step: 0,
    steps: 0,
    trainLoss: null,
    validationLoss: null,
    validationScore: null,
    bestStep: null,
    checkpointStep: null,
    seconds: 0,
    peakBytes: 0,
    tokensPerSecond: null,
    lineage: {},
    error: null,
    messages: [],
    quantizedBase: null,
    createdAt: Date.now(),
    startedAt: null,
    endedAt: null,
    deletedAt: null,
  };
}
