// Models that other programs left on this computer, each checked as a model folder is: what can be trained, and for the
// rest the reason.
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { toErrorShape } from '../errors.ts';
import { listCache } from '../hub/cache.ts';
import { listOtherPrograms, otherPlaces } from '../hub/other-programs.ts';
import { openTrainable } from '../models/load.ts';
import type { InspectAsks } from './job.ts';

type Reply = InspectAsks['cached']['reply'];
type Found = Reply['models'][number];

export async function cachedModels(
  cacheFolders: readonly string[],
  others: ReturnType<typeof otherPlaces> = otherPlaces(),
): Promise<Reply> {
  const models: Found[] = [];
  for (const { repository, folder, bytes, unfinished } of cacheFolders.flatMap(listCache)) {
    const model = { name: repository, place: 'Hugging Face cache' as const, bytes, ...check(folder) };
    if (model.problem && unfinished) model.problem = unfinishedProblem(repository);
    models.push(model);
    await nextTurn(); // a large cache does not hold up other questions
  }
  for (const { program, name, folder, bytes, reason } of listOtherPrograms(others)) {
    const facts = reason === null ? check(folder) : { ...unchecked(folder), problem: reason };
    models.push({ name, place: program, bytes, ...facts });
    await nextTurn();
  }
  return { folders: [...cacheFolders, ...others.lmStudio, ...others.ollama], models };
}

type Facts = Pick<Found, 'key' | 'folder' | 'architecture' | 'parameters' | 'problem'>;

function check(given: string): Facts {
  const facts = unchecked(realpathSync(given));
  try {
    const model = openTrainable(facts.folder);
    const architecture = String(model.rawConfig.model_type);
    return { ...facts, architecture, parameters: model.parameters };
  } catch (error) {
    return { ...facts, problem: toErrorShape(error) };
  }
}

function unchecked(folder: string): Facts {
  const key = createHash('sha256').update(folder).digest('hex').slice(0, 32);
  return { key, folder, architecture: null, parameters: null, problem: null };
}

function unfinishedProblem(repository: string): Found['problem'] {
  return {
    code: 'download-incomplete',
    message: `The download of "${repository}" is not complete.`,
    remedy: 'Download it again: what is here is kept.',
  };
}
