// Finds the things that calls name by id, or says in a sentence that they are gone; and small answers that several
// handlers need. No SQL and no work of its own.
import { availableParallelism } from 'node:os';
import type { DatasetVersion } from '../contract/datasets.ts';
import type { BaseModel } from '../contract/models.ts';
import type { Run } from '../contract/runs.ts';
import { AppError } from '../errors.ts';
import { type HubPlaces, hubPlaces } from '../hub/places.ts';
import type { SourceFile } from '../jobs/job.ts';
import type { SourceRow } from '../store/documents.ts';
import type { ProjectStore } from '../store/index.ts';
import type { Services } from './services.ts';

export function findVersion(project: ProjectStore, versionId: string): DatasetVersion {
  const version = project.datasets.get(versionId);
  if (version) return version;
  throw new AppError('version-unknown', 'This dataset version was deleted.', 'Choose another version.');
}

export function findRun(project: ProjectStore, runId: string): Run {
  const run = project.runs.get(runId);
  if (run) return run;
  throw new AppError('run-unknown', 'This run is not in the project any more.', 'Choose another run.');
}

/** A model that can be used now; its problem, if it has one, is the error. */
export function findModel(services: Services, modelId: string): BaseModel {
  const model = services.store.models.get(modelId);
  if (!model)
    throw new AppError('model-unknown', 'This model is not in the list any more.', 'Choose another model.');
  if (model.problem) throw new AppError(model.problem.code, model.problem.message, model.problem.remedy);
  return model;
}

/** The model whose tokenizer counts tokens: the chosen one, or else the first that works. */
export function modelForTokens(services: Services, project: ProjectStore): BaseModel | undefined {
  const chosen = project.row.find()?.chosenModelId;
  const usable = services.store.models.list().filter((model) => model.problem === null);
  return usable.find((model) => model.id === chosen) ?? usable[0];
}

export function toSourceFile(project: ProjectStore, source: SourceRow): SourceFile {
  return {
    id: source.id,
    name: source.name,
    format: source.format ?? '',
    partsFile: project.sources.partsFile(source.id),
    columns: source.columns,
  };
}

/** Bytes that a run may plan with: the set share of what is free now. */
export function memoryBudget(services: Services): number {
  return Math.round(process.availableMemory() * services.store.settings.get().memoryShare);
}

/** Threads for an engine: the run's own number, or else the one of the settings; 0 stands for all cores. */
export function threadsFor(services: Services, wanted = 0): number {
  return wanted || services.store.settings.get().threads || availableParallelism();
}

export const hubTokenName = 'hub-token';

/** Where the Hub and its cache are, with the token that the user gave here or, failing that, in the environment. */
export function hubPlacesOf(services: Services): HubPlaces {
  const places = hubPlaces();
  return { ...places, token: services.secrets.get(hubTokenName) ?? places.token };
}

/** "1 file", "3 files", "1,204 files". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}
