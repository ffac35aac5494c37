// All handlers, merged; a call of the contract without one does not compile. And the hooks of each kind of job.
import type { contract } from '../contract/index.ts';
import type { JobKind } from '../contract/jobs.ts';
import type { HandlersFor } from '../contract/wire.ts';
import type { JobHooks } from '../jobs/queue.ts';
import { chatHandlers } from './chat.ts';
import { createModelHandlers } from './create-model.ts';
import { cudaHandlers } from './cuda.ts';
import { datasetHandlers } from './datasets.ts';
import { deviceHandlers } from './devices.ts';
import { documentHandlers } from './documents.ts';
import { evaluationHandlers } from './evaluations.ts';
import { exportHandlers } from './exports.ts';
import { jobHandlers } from './jobs.ts';
import { modelHandlers } from './models.ts';
import { projectHandlers } from './projects.ts';
import { runHandlers } from './runs.ts';
import type { Services } from './services.ts';
import { settingHandlers } from './settings.ts';
import { buildHooks } from './work/build-dataset.ts';
import { createModelHooks } from './work/create-model.ts';
import { deviceCheckHooks } from './work/device-check.ts';
import { downloadCudaHooks } from './work/download-cuda.ts';
import { downloadHooks } from './work/download-model.ts';
import { evaluateHooks } from './work/evaluate.ts';
import { exportHooks } from './work/export.ts';
import { importHooks } from './work/import-documents.ts';
import { projectFileHooks } from './work/project-file.ts';
import { trainHooks } from './work/train.ts';

export function createHandlers(services: Services): HandlersFor<typeof contract> {
  return {
    ...projectHandlers(services),
    ...documentHandlers(services),
    ...datasetHandlers(services),
    ...modelHandlers(services),
    ...createModelHandlers(services),
    ...runHandlers(services),
    ...evaluationHandlers(services),
    ...chatHandlers(services),
    ...exportHandlers(services),
    ...jobHandlers(services),
    ...deviceHandlers(services),
    ...cudaHandlers(services),
    ...settingHandlers(services),
  };
}

export function createHooks(services: Services): Partial<Record<JobKind, JobHooks>> {
  return {
    'import-documents': importHooks(services),
    'build-dataset': buildHooks(services),
    train: trainHooks(services),
    evaluate: evaluateHooks(services),
    export: exportHooks(services),
    'project-file': projectFileHooks(services),
    'download-model': downloadHooks(services),
    'download-cuda': downloadCudaHooks(services),
    'create-model': createModelHooks(services),
    'device-check': deviceCheckHooks(services),
  };
}
