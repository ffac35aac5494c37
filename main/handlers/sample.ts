// The sample project: the committed documents of resources/sample, taken through the same import and build jobs as
// anybody's own files.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { sample, sampleFolder } from '../../resources/sample/sample.ts';
import type { DatasetRecipe } from '../contract/datasets.ts';
import { AppError } from '../errors.ts';
import { log } from '../log.ts';
import type { ProjectStore } from '../store/index.ts';
import { startBuild } from './datasets.ts';
import { ensureStarter, starterId } from './models.ts';
import type { Services } from './services.ts';

/** Makes the project and starts reading its documents; the datasets follow by themselves. Returns its id. */
export async function createSampleProject(services: Services): Promise<string> {
  const folder = join(services.resources, 'sample', sampleFolder);
  const missing = sample.files.filter(({ name }) => !existsSync(join(folder, name)));
  if (missing.length > 0)
    throw new AppError(
      'sample-missing',
      `The sample documents are not complete: "${missing[0].name}" is missing in ${folder}.`,
      'Install Tunesmith again.',
    );
  services.capabilities().catch(() => {}); // needed when the documents are read; a failure is told then
  const { name, description } = sample;
  const project = services.store.createProject({ name, description, isSample: true });
  if (await ensureStarter(services)) project.row.update({ chosenModelId: starterId });
  const items = sample.files.map((file) => ({
    path: join(folder, file.name),
    name: file.name,
    temporary: false,
  }));
  services.queue.start({
    kind: 'import-documents',
    lane: 'import',
    projectId: project.id,
    subjectId: null,
    title: `Read the ${items.length} sample documents`,
    spec: { items, sourceIds: [], sample: true },
  });
  return project.id;
}

/** Called when the sample's documents were read: records the right to use them and builds the datasets. */
export async function afterSampleImport(services: Services, project: ProjectStore): Promise<void> {
  const { basis, who, note, attestedAt } = sample.rights;
  const rights = { basis, who, note, attestedAt: Date.parse(attestedAt) };
  const sources = project.sources.usable();
  for (const source of sources) project.sources.update(source.id, { rights });
  const { steps } = await services.capabilities();
  // The dataset behind the first button is frozen last: screens begin with the newest version.
  const order = [...sample.datasets].sort(
    (a, b) => Number(a.id === sample.first) - Number(b.id === sample.first),
  );
  for (const dataset of order) {
    const source = sources.find((one) => one.name === dataset.file);
    if (!source) {
      log('error', 'sample.source-missing', { file: dataset.file });
      continue;
    }
    const recipe: DatasetRecipe = {
      name: dataset.name,
      sourceIds: [source.id],
      steps: steps.map((step) => ({ id: step.id, enabled: step.defaultEnabled, options: {} })),
      shape: { type: 'chat', system: '', user: dataset.user, assistant: dataset.assistant },
      split: { seed: 1, validation: 0, test: 0, column: dataset.splitColumn, groupBy: null },
    };
    if (dataset.id === sample.first) project.row.update({ draft: recipe });
    startBuild(services, project.id, recipe, 'build');
  }
}
