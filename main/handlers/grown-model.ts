// Puts models with more tokens into the list: the inspect process writes their folder, among the app's own models.
import { mkdir, realpath, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { BaseModel, NewToken } from '../contract/models.ts';
import type { InspectAsks } from '../jobs/job.ts';
import { freeFolder } from './create-model.ts';
import { addModel } from './models.ts';
import type { Services } from './services.ts';

/** A folder whose tokenizer has more tokens than rows, with rows for them. */
export async function addWithRows(services: Services, folder: string): Promise<BaseModel> {
  const path = await realpath(folder);
  const cached = /[\\/]models--[^\\/]+?--([^\\/]+)[\\/]snapshots[\\/]/.exec(`${path}/`);
  return addGrown(services, path, [], `${cached?.[1] ?? basename(path)} with new rows`);
}

/** @throws AppError as `growModel` */
export async function addGrown(
  services: Services,
  folder: string,
  tokens: NewToken[],
  name: string,
): Promise<BaseModel> {
  const parent = join(services.store.home, 'models');
  await mkdir(parent, { recursive: true });
  const target = freeFolder(services, parent, name);
  await services.inspect.ask<InspectAsks['grow']['reply']>('grow', { folder, target, tokens });
  try {
    return await addModel(services, target, 'grown');
  } catch (thrown) {
    await rm(target, { recursive: true, force: true });
    throw thrown;
  }
}
