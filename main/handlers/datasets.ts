// Calls about datasets. Building is a job (work/build-dataset.ts), questions about tokens go to the inspect process,
// and records are read from the version's file by the index in the store.
import type { DatasetRecipe, DatasetRecord, datasets } from '../contract/datasets.ts';
import type { HandlersFor } from '../contract/wire.ts';
import { AppError } from '../errors.ts';
import type { InspectAsks } from '../jobs/job.ts';
import type { ProjectStore } from '../store/index.ts';
import { newId } from '../store/rows.ts';
import { jsonLines } from './json-lines.ts';
import { findModel, findVersion, toSourceFile } from './lookup.ts';
import type { Services } from './services.ts';
import { safeFileName } from './work/project-file.ts';

export function datasetHandlers(services: Services): HandlersFor<typeof datasets> {
  const { store, inspect } = services;
  return {
    'datasets.list': ({ projectId }) => store.project(projectId).datasets.list(),
    'datasets.get': ({ projectId, versionId }) => findVersion(store.project(projectId), versionId),
    'datasets.suggest': ({ projectId, sourceIds }) => {
      const project = store.project(projectId);
      const usable = project.sources
        .usable()
        .filter((one) => sourceIds.length === 0 || sourceIds.includes(one.id));
      if (usable.length === 0)
        throw new AppError('no-documents', 'No document was read yet.', 'Add documents first.');
      const sources = usable.map((source) => toSourceFile(project, source));
      return inspect.ask<InspectAsks['suggest']['reply']>('suggest', { sources });
    },
    'datasets.draft': ({ projectId }) => store.project(projectId).row.find()?.draft ?? null,
    'datasets.saveDraft': ({ projectId, recipe }) => {
      store.project(projectId).row.update({ draft: recipe });
      return {};
    },
    'datasets.preview': ({ projectId, recipe }) => startBuild(services, projectId, recipe, 'preview'),
    'datasets.build': ({ projectId, recipe }) => startBuild(services, projectId, recipe, 'build'),
    'datasets.records': async ({ projectId, versionId, split, find, offset, limit }) => {
      const { datasets: versions } = store.project(projectId);
      findVersion(store.project(projectId), versionId);
      const file = versions.recordsFile(versionId);
      if (find.trim() !== '') return search(file, find, split, offset, limit);
      return {
        records: await jsonLines.at<DatasetRecord>(file, versions.places(versionId, split, offset, limit)),
        total: versions.countRecords(versionId, split),
      };
    },
    'datasets.render': async ({ projectId, versionId, recordId, modelId }) => {
      const record = await readRecord(store.project(projectId), versionId, recordId);
      const modelFolder = findModel(services, modelId).folder;
      return inspect.ask<InspectAsks['render']['reply']>('render', { modelFolder, record });
    },
    'datasets.tokenStats': ({ projectId, versionId, modelId }) => {
      const project = store.project(projectId);
      findVersion(project, versionId);
      const model = findModel(services, modelId);
      return inspect.ask<InspectAsks['tokenStats']['reply']>('tokenStats', {
        modelFolder: model.folder,
        recordsFile: project.datasets.recordsFile(versionId),
        maxLength: model.contextLength,
      });
    },
    'datasets.exportJsonl': async ({ projectId, versionId }) => {
      const version = findVersion(store.project(projectId), versionId);
      const fileName = `${safeFileName(version.name)}-${version.number}.jsonl`;
      const target = services.shell.saveAs ? await services.shell.saveAs(fileName) : null;
      if (services.shell.saveAs && target === null)
        throw new AppError('cancelled', 'No file was written, because no place was chosen.', '');
      const job = services.queue.start({
        kind: 'project-file',
        lane: 'free',
        projectId,
        subjectId: versionId,
        title: `Write dataset version ${version.number} as JSONL`,
        spec: { action: 'records', versionId, fileName, target },
      });
      return { jobId: job.id };
    },
    'datasets.delete': ({ projectId, versionId }) => {
      const project = store.project(projectId);
      const version = findVersion(project, versionId);
      const user = project.runs.active().find((run) => run.recipe.versionId === versionId);
      if (user)
        throw new AppError(
          'version-in-use',
          `Run ${user.number} is using version ${version.number}.`,
          'Wait until it is done, or stop it.',
        );
      project.datasets.remove(versionId);
      return {};
    },
  };
}

/** Queues a build. A frozen version needs a rights record for each of its sources. */
export function startBuild(
  services: Services,
  projectId: string,
  recipe: DatasetRecipe,
  mode: 'preview' | 'build',
): { jobId: string } {
  const project = services.store.project(projectId);
  const sources = recipe.sourceIds.flatMap((id) => project.sources.get(id) ?? []);
  const gone = recipe.sourceIds.length - sources.filter((source) => source.removedAt === null).length;
  if (gone > 0)
    throw new AppError(
      'source-unknown',
      `${gone} of the chosen documents were removed.`,
      'Choose the documents again.',
    );
  const bare = sources.filter((source) => source.rights === null);
  if (mode === 'build' && bare.length > 0)
    throw new AppError(
      'no-rights',
      `${bare.length} of ${sources.length} documents have no rights record; the first is "${bare[0].name}".`,
      'Record the right to use them, or leave them out.',
    );
  const job = services.queue.start({
    kind: 'build-dataset',
    lane: mode === 'build' ? 'heavy' : 'free',
    projectId,
    subjectId: null,
    title: mode === 'build' ? `Build dataset "${recipe.name}"` : `Preview dataset "${recipe.name}"`,
    spec: { recipe, mode, versionId: newId() },
  });
  return { jobId: job.id };
}

async function readRecord(
  project: ProjectStore,
  versionId: string,
  recordId: string,
): Promise<DatasetRecord> {
  findVersion(project, versionId);
  const place = project.datasets.place(versionId, recordId);
  if (!place)
    throw new AppError(
      'record-unknown',
      'This record is not in the dataset version.',
      'Choose another record.',
    );
  const [record] = await jsonLines.at<DatasetRecord>(project.datasets.recordsFile(versionId), [place]);
  return record;
}

/** Records whose text holds `find`, without regard to case. Reads the whole file as a stream. */
async function search(
  file: string,
  find: string,
  split: DatasetRecord['split'] | null,
  offset: number,
  limit: number,
): Promise<{ records: DatasetRecord[]; total: number }> {
  const wanted = find.trim().toLowerCase();
  const records: DatasetRecord[] = [];
  let total = 0;
  for await (const line of jsonLines.lines(file)) {
    const record = JSON.parse(line.toString('utf8')) as DatasetRecord;
    if (split !== null && record.split !== split) continue;
    if (!textOf(record.content).toLowerCase().includes(wanted)) continue;
    if (total >= offset && records.length < limit) records.push(record);
    total += 1;
  }
  return { records, total };
}

/** All text of a record, for searching. */
function textOf(content: DatasetRecord['content']): string {
  const texts: string[] = [];
  const collect = (value: unknown, key: string): void => {
    if (typeof value === 'string' && key !== 'type' && key !== 'role') texts.push(value);
    else if (typeof value === 'object' && value !== null)
      for (const [name, inner] of Object.entries(value)) collect(inner, name);
  };
  collect(content, '');
  return texts.join('\n');
}
