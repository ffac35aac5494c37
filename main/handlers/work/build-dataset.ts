// Around the job that builds a dataset: gives the engine the parts of the chosen sources, and freezes what it wrote
// as a version with an index of its records. A preview leaves nothing behind.
import { rm } from 'node:fs/promises';
import { z } from 'zod';
import { DatasetRecipe, DatasetRecord, type DatasetVersion } from '../../contract/datasets.ts';
import { AppError } from '../../errors.ts';
import type { JobTypes } from '../../jobs/job.ts';
import type { JobHooks } from '../../jobs/queue.ts';
import type { RecordPlace } from '../../store/datasets.ts';
import type { ProjectStore } from '../../store/index.ts';
import { jsonLines } from '../json-lines.ts';
import { modelForTokens, toSourceFile } from '../lookup.ts';
import type { Services } from '../services.ts';

const Spec = z.looseObject({
  recipe: DatasetRecipe,
  mode: z.enum(['preview', 'build']),
  versionId: z.string(),
});
type Result = JobTypes['build-dataset']['result'];

export function buildHooks(services: Services): JobHooks {
  return {
    stopAfterMs: 3000,
    async prepare(job) {
      const { recipe, mode, versionId } = Spec.parse(job.spec);
      const project = services.store.project(job.projectId!);
      const sources = recipe.sourceIds.flatMap((id) => {
        const source = project.sources.get(id);
        return source?.state === 'read' && source.removedAt === null ? [toSourceFile(project, source)] : [];
      });
      if (sources.length === 0)
        throw new AppError(
          'no-documents',
          'None of the chosen documents can be used.',
          'Choose other documents.',
        );
      const input: JobTypes['build-dataset']['input'] = {
        recipe,
        sources,
        tokenizerFolder: modelForTokens(services, project)?.folder ?? '',
        mode,
        recordsFile: project.datasets.recordsFile(versionId),
      };
      return { engine: 'build-dataset', input, logFile: services.logFile };
    },
    async done(job, output) {
      const { recipe, mode, versionId } = Spec.parse(job.spec);
      const { report, hash, recordType, preview } = output as Result;
      if (mode === 'preview') return preview;
      const project = services.store.project(job.projectId!);
      const file = project.datasets.recordsFile(versionId);
      const twin = project.datasets.list().find((one) => one.hash === hash && one.name === recipe.name);
      if (twin) {
        await rm(file, { force: true });
        return { versionId: twin.id, number: twin.number, existing: true };
      }
      const version = await freeze(project, {
        id: versionId,
        name: recipe.name,
        hash,
        recipe,
        report,
        recordType: recordType as DatasetVersion['recordType'],
      });
      services.emit('dataset.frozen', version);
      services.emit('projects.changed', { projectId: project.id });
      return { versionId, number: version.number, existing: false };
    },
    async ended(job) {
      const { mode, versionId } = Spec.parse(job.spec);
      if (mode === 'build')
        await rm(services.store.project(job.projectId!).datasets.recordsFile(versionId), { force: true });
    },
  };
}

type Built = Pick<DatasetVersion, 'id' | 'name' | 'hash' | 'recipe' | 'report' | 'recordType'>;

async function freeze(project: ProjectStore, built: Built): Promise<DatasetVersion> {
  const places: RecordPlace[] = [];
  const Head = DatasetRecord.pick({ id: true, split: true });
  let offset = 0;
  for await (const line of jsonLines.lines(project.datasets.recordsFile(built.id))) {
    const { id, split } = Head.parse(JSON.parse(line.toString('utf8')));
    places.push({ ordinal: places.length, id, split, offset, length: line.length });
    offset += line.length + 1;
  }
  return project.datasets.freeze({ ...built, createdAt: Date.now() }, places);
}
