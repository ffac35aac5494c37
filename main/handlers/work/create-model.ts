// Around the job that makes a model: gives the engine the text of the documents or of the dataset version, and puts the
// finished model into the list. A model that is not finished leaves nothing behind.
import { rm } from 'node:fs/promises';
import { z } from 'zod';
import { type CreatedModel, ModelDesign } from '../../contract/models.ts';
import type { JobTypes } from '../../jobs/job.ts';
import type { JobHooks } from '../../jobs/queue.ts';
import { usableSources } from '../create-model.ts';
import { findVersion, modelForTokens } from '../lookup.ts';
import { addModel, ensureStarter } from '../models.ts';
import type { Services } from '../services.ts';

const Spec = z.looseObject({
  design: ModelDesign,
  versionId: z.string().nullable(),
  sourceIds: z.array(z.string()),
  seed: z.int(),
  folder: z.string(),
});
type Input = JobTypes['create-model']['input'];
type Result = JobTypes['create-model']['result'];

export function createModelHooks(services: Services): JobHooks {
  return {
    stopAfterMs: 3000,
    async prepare(job) {
      const { design, versionId, sourceIds, seed, folder } = Spec.parse(job.spec);
      const project = services.store.project(job.projectId!);
      if (versionId !== null) findVersion(project, versionId);
      const text: Input['text'] =
        versionId !== null
          ? { kind: 'dataset', recordsFile: project.datasets.recordsFile(versionId) }
          : {
              kind: 'documents',
              partsFiles: usableSources(project, sourceIds).map(({ id }) => project.sources.partsFile(id)),
            };
      await ensureStarter(services);
      const base = modelForTokens(services, project);
      const input: Input = {
        design,
        text,
        base: base ? { name: base.name, folder: base.folder } : null,
        folder,
        seed,
      };
      return { engine: 'create-model', input, logFile: services.logFile };
    },
    async done(_, output): Promise<CreatedModel> {
      const { folder, ...created } = output as Result;
      const model = await addModel(services, folder, 'scratch');
      return { ...created, own: { ...created.own, name: model.name }, modelId: model.id };
    },
    async ended(job) {
      await rm(`${Spec.parse(job.spec).folder}.part`, { recursive: true, force: true });
    },
  };
}
