// Calls about base models. What a folder holds is found out by the inspect process; the list is in the store.
import { statSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { BaseModel, models } from '../contract/models.ts';
import type { HandlersFor } from '../contract/wire.ts';
import { AppError } from '../errors.ts';
import { curatedModels } from '../hub/curated.ts';
import { parseRepository } from '../hub/repository.ts';
import type { InspectAsks } from '../jobs/job.ts';
import { log } from '../log.ts';
import { newId } from '../store/rows.ts';
import type { CreateCalls } from './create-model.ts';
import { addGrown, addWithRows } from './grown-model.ts';
import { toJob } from './jobs.ts';
import { findModel, hubPlacesOf, memoryBudget, threadsFor } from './lookup.ts';
import type { Services } from './services.ts';

export const starterId = 'starter';

export function modelHandlers(services: Services): Omit<HandlersFor<typeof models>, CreateCalls> {
  const { store, inspect } = services;
  const cached = () =>
    inspect.ask<InspectAsks['cached']['reply']>('cached', {
      cacheFolders: hubPlacesOf(services).cacheFolders,
    });
  return {
    'models.list': async () => {
      await ensureStarter(services);
      return store.models.list();
    },
    'models.get': async ({ modelId }) => {
      if (modelId === starterId) await ensureStarter(services);
      const model = store.models.get(modelId);
      if (model) return model;
      throw new AppError('model-unknown', 'This model is not in the list any more.', 'Choose another model.');
    },
    'models.add': async ({ token, resize }) => {
      const { path } = services.files.look(token); // refused, it can be added with rows
      const model = await (resize ? addWithRows(services, path) : addModel(services, path));
      services.files.redeem(token);
      return model;
    },
    'models.addTokens': ({ modelId, tokens }) => {
      const { folder, name } = findModel(services, modelId);
      const many = tokens.length === 1 ? '1 new token' : `${tokens.length} new tokens`;
      return addGrown(services, folder, tokens, `${name} with ${many}`);
    },
    'models.remove': ({ modelId }) => {
      if (modelId === starterId)
        throw new AppError('model-bundled', 'The starter model belongs to Tunesmith and stays.', '');
      store.models.remove(modelId);
      services.emit('models.changed', {});
      return {};
    },
    'models.fit': ({ modelId, projectId, versionId }) => {
      const recordsFile =
        projectId !== null && versionId !== null
          ? store.project(projectId).datasets.recordsFile(versionId)
          : null;
      return inspect.ask<InspectAsks['fit']['reply']>('fit', {
        modelFolder: findModel(services, modelId).folder,
        recordsFile,
        memoryBytes: memoryBudget(services),
        threads: threadsFor(services),
      });
    },
    'models.layers': ({ modelId }) =>
      inspect.ask<InspectAsks['layers']['reply']>('layers', {
        folder: findModel(services, modelId).folder,
      }),
    'models.cached': async () => {
      const { folders, models: found } = await cached();
      const models = found.map((one) => ({
        ...one,
        modelId: store.models.byFolder(one.folder)?.id ?? null,
      }));
      return { folders, models };
    },
    'models.addCached': async ({ key, resize }) => {
      const model = (await cached()).models.find((one) => one.key === key);
      if (!model)
        throw new AppError('model-folder-missing', 'This model is not there any more.', 'Look again.');
      if (model.problem) throw new AppError(model.problem.code, model.problem.message, model.problem.remedy);
      return resize ? addWithRows(services, model.folder) : addModel(services, model.folder);
    },
    'models.suggested': async () => {
      const fits = await inspect.ask<InspectAsks['suggestedFits']['reply']>('suggestedFits', {
        memoryBytes: memoryBudget(services),
      });
      return curatedModels.map(({ dtype: _, config: __, ...model }) => ({
        ...model,
        fit: fits[model.repository] ?? null,
      }));
    },
    'models.lookup': ({ repository, revision }) =>
      inspect.ask<InspectAsks['lookup']['reply']>('lookup', {
        places: hubPlacesOf(services),
        ...parseRepository(repository, revision),
        memoryBytes: memoryBudget(services),
      }),
    'models.download': (given) => {
      const name = parseRepository(given.repository, given.revision);
      const same = services.queue
        .active()
        .find((job) => job.kind === 'download-model' && job.spec.repository === name.repository);
      if (same) return toJob(same);
      return toJob(
        services.queue.start({
          kind: 'download-model',
          projectId: null,
          subjectId: null,
          title: `Download ${name.repository}`,
          spec: { ...name },
          lane: 'free',
          canPause: true,
          cancelLabel: 'Stop and keep what arrived',
        }),
      );
    },
    'models.choose': ({ projectId, modelId }) => {
      findModel(services, modelId);
      store.project(projectId).row.update({ chosenModelId: modelId });
      services.emit('projects.changed', { projectId });
      return {};
    },
    'models.chosen': async ({ projectId }) => {
      await ensureStarter(services);
      const chosen = store.project(projectId).row.find()?.chosenModelId;
      return (chosen && store.models.get(chosen)) || null;
    },
  };
}

/** Checks a model folder and adds it to the list. Refusals are errors with the reason. */
export async function addModel(
  services: Services,
  folder: string,
  origin?: BaseModel['origin'],
): Promise<BaseModel> {
  const { store } = services;
  const path = await realpath(folder);
  const facts = await services.inspect.ask<InspectAsks['model']['reply']>('model', { folder: path });
  const known = store.models.byFolder(facts.folder) ?? store.models.byFolder(path);
  const model: BaseModel = {
    ...facts,
    folder: path,
    id: known?.id ?? newId(),
    origin:
      origin ?? known?.origin ?? (/[\\/]models--[^\\/]+[\\/]snapshots[\\/]/.test(path) ? 'cache' : 'folder'),
    addedAt: known?.addedAt ?? Date.now(),
  };
  store.models.save(model);
  services.emit('models.changed', {});
  return model;
}

const checks = new WeakMap<Services, Promise<boolean>>();

/** Makes sure that the bundled model is in the list, checked once per version of its files. False when absent. */
export function ensureStarter(services: Services): Promise<boolean> {
  let check = checks.get(services);
  if (!check) {
    check = checkStarter(services).catch((error) => {
      log('error', 'starter.check', { error });
      checks.delete(services); // tried again at the next call
      return false;
    });
    checks.set(services, check);
  }
  return check;
}

async function checkStarter(services: Services): Promise<boolean> {
  const { store } = services;
  const folder = join(services.resources, 'models', starterId);
  const config = statSync(join(folder, 'config.json'), { throwIfNoEntry: false });
  if (!config) {
    checks.delete(services);
    return false;
  }
  const stamp = `${services.version} ${config.mtimeMs} ${folder}`;
  if (store.settings.mark('starter') === stamp && store.models.get(starterId)) return true;
  const facts = await services.inspect.ask<InspectAsks['model']['reply']>('model', { folder });
  const addedAt = store.models.get(starterId)?.addedAt ?? Date.now();
  store.models.save({ ...facts, name: 'Starter', folder, id: starterId, origin: 'starter', addedAt });
  store.settings.setMark('starter', stamp);
  services.emit('models.changed', {});
  return true;
}
