// Calls about models of one's own: what a design would be, and the job that makes it. What is possible is found out by the
// inspect process.
import { existsSync } from 'node:fs';
import { mkdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelDesign, models } from '../contract/models.ts';
import type { HandlersFor } from '../contract/wire.ts';
import { AppError } from '../errors.ts';
import type { InspectAsks } from '../jobs/job.ts';
import type { ProjectStore } from '../store/index.ts';
import { toJob } from './jobs.ts';
import { findVersion, memoryBudget, threadsFor } from './lookup.ts';
import type { Services } from './services.ts';

export type CreateCalls = 'models.families' | 'models.createPlan' | 'models.create';

export function createModelHandlers(services: Services): Pick<HandlersFor<typeof models>, CreateCalls> {
  const { inspect, store } = services;
  const planOf = (design: ModelDesign) =>
    inspect.ask<InspectAsks['designPlan']['reply']>('designPlan', {
      design,
      memoryBytes: memoryBudget(services),
      threads: threadsFor(services),
    });
  return {
    'models.families': () => inspect.ask<InspectAsks['families']['reply']>('families', {}),
    'models.createPlan': ({ design }) => planOf(design),
    'models.create': async ({ projectId, name, design, versionId, sourceIds, seed }) => {
      const project = store.project(projectId);
      const { problems, bytes } = await planOf(design);
      if (problems.length > 0)
        throw new AppError(
          'model-design',
          problems.map(({ message }) => message).join(' '),
          problems.map(({ remedy }) => remedy).join(' '),
        );
      if (versionId !== null) findVersion(project, versionId);
      else usableSources(project, sourceIds);
      const parent = join(store.home, 'models');
      await mkdir(parent, { recursive: true });
      const { bavail, bsize } = await statfs(parent);
      if (bytes !== null && bytes * 1.1 > bavail * bsize)
        throw new AppError(
          'disk-full',
          `The model takes ${megabytes(bytes)}, but only ${megabytes(bavail * bsize)} are free on the disk.`,
          'Free some space, or choose a smaller model.',
        );
      const folder = freeFolder(services, parent, name);
      return toJob(
        services.queue.start({
          kind: 'create-model',
          lane: 'heavy',
          projectId,
          subjectId: null,
          title: `Make the model "${name}"`,
          spec: { name, design, versionId, sourceIds, seed, folder },
          cancelLabel: 'Stop and keep nothing',
        }),
      );
    },
  };
}

/** The chosen documents, or all that were read; each needs a rights record, as in a frozen dataset. */
export function usableSources(project: ProjectStore, sourceIds: readonly string[]) {
  const all = project.sources.usable();
  const sources = sourceIds.length === 0 ? all : all.filter(({ id }) => sourceIds.includes(id));
  if (sources.length === 0)
    throw new AppError(
      'no-documents',
      'The project has no document whose text a vocabulary could be made of.',
      'Add documents, or choose a dataset version.',
    );
  const bare = sources.filter((source) => source.rights === null);
  if (bare.length > 0)
    throw new AppError(
      'no-rights',
      `${bare.length} of ${sources.length} documents have no rights record; the first is "${bare[0].name}".`,
      'Record the right to use them, or leave them out.',
    );
  return sources;
}

/** The model is shown by the name of its folder, so the name is kept as far as every file system allows it. */
export function freeFolder(services: Services, parent: string, name: string): string {
  const plain =
    name
      .normalize('NFC')
      .replace(/[<>:"/\\|?*\p{Cc}]+/gu, '-')
      .replace(/^[.\s-]+|[.\s-]+$/gu, '') || 'model';
  const taken = (folder: string) =>
    existsSync(folder) || services.queue.active().some(({ spec }) => spec.folder === folder);
  let folder = join(parent, plain);
  for (let i = 2; taken(folder); i++) folder = join(parent, `${plain} ${i}`);
  return folder;
}

function megabytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
