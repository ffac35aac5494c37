// Calls about base models. What a folder holds is found out by the inspect process; the list is in the store.
import { statSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { BaseModel, models } from '../contract/models.ts';
import type { HandlersFor } from '../contract/wire.ts';
import { AppError } from '../errors.ts';
import type { InspectAsks } from '../jobs/job.ts';
import { log } from '../log.ts';
import { newId } from '../store/rows.ts';
import { findModel, memoryBudget, threadsFor } from './lookup.ts';
import type { Services } from './services.ts';

export const starterId = 'starter';

export function modelHandlers(services: Services): HandlersFor<typeof models> {
  const { store, inspect } = services;
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
    'models.add': ({ token }) => addModel(services, services.files.redeem(token).path),
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
export async function addModel(services: Services, folder: string): Promise<BaseModel> {
  const { store } = services;
  const path = await realpath(folder);
  const facts = await services.inspect.ask<InspectAsks['model']['reply']>('model', { folder: path });
  const known = store.models.byFolder(facts.folder) ?? store.models.byFolder(path);
  const model: BaseModel = {
    ...facts,
    folder: path,
    id: known?.id ?? newId(),
    origin: known?.origin ?? (/[\\/]models--[^\\/]+[\\/]snapshots[\\/]/.test(path) ? 'cache' : 'folder'),
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
