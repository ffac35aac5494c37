// The registry of jobs that run in an engine process. Each is loaded only in the process that needs it.
import type { JobKind, JobRunner } from './job.ts';

type AnyRunner = JobRunner<JobKind>;

/** How to load the code of each kind. */
export const jobLoaders = {
  'import-documents': async () => pick(await import('./import-documents.ts'), 'importDocuments'),
  'build-dataset': async () => pick(await import('./build-dataset.ts'), 'buildDataset'),
  train: async () => pick(await import('./train.ts'), 'train'),
  evaluate: async () => pick(await import('./evaluate.ts'), 'evaluate'),
  export: async () => pick(await import('./export.ts'), 'exportModel'),
  'download-model': async () => pick(await import('./download-model.ts'), 'downloadModel'),
  'download-cuda': async () => pick(await import('./download-cuda.ts'), 'downloadCuda'),
  'create-model': async () => pick(await import('./create-model.ts'), 'createModel'),
  'device-check': async () => pick(await import('./device-check.ts'), 'deviceCheck'),
  chat: async () => pick(await import('./chat.ts'), 'chat'),
  inspect: async () => pick(await import('./inspect.ts'), 'inspect'),
  capabilities: async () => pick(await import('./capabilities.ts'), 'capabilities'),
} satisfies Record<JobKind, () => Promise<AnyRunner>>;

function pick(module: object, name: string): AnyRunner {
  return (module as Record<string, AnyRunner>)[name];
}
