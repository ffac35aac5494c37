// Resolves the run that a recipe starts from to a folder with weights, and says in a sentence why it cannot.
import { basename } from 'node:path';
import type { Recipe } from '../contract/runs.ts';
import { AppError } from '../errors.ts';
import type { TrainInput } from '../jobs/job.ts';
import { findModel, findRun } from './lookup.ts';
import { tunedWeights } from './run-folder.ts';
import type { Services } from './services.ts';

const ended = new Set(['finished', 'stopped', 'failed', 'interrupted']);

/**
 * The model folder that a run trains on, and the adapter that it starts with. After full fine-tuning the checkpoint of
 * the other run is the model itself.
 */
export function startOf(
  services: Services,
  { projectId, modelId, settings }: Recipe,
): Pick<TrainInput, 'modelFolder' | 'startFrom'> {
  const { folder: modelFolder } = findModel(services, modelId);
  if (settings.startFrom === null) return { modelFolder };
  const project = services.store.project(projectId);
  const run = findRun(project, settings.startFrom.runId);
  const other = run.recipe.settings.method;
  if (run.recipe.modelId !== modelId)
    throw new AppError(
      'start-other-model',
      `Run ${run.number} was trained on another base model, so its weights do not fit this one.`,
      'Choose that base model, or start from the base model.',
    );
  if (other !== settings.method)
    throw new AppError(
      'start-other-method',
      `Run ${run.number} ${other === 'lora' ? 'trained an adapter' : 'changed every weight'}, this recipe does not.`,
      other === 'lora'
        ? 'Choose LoRA as the method; or export the run as a whole model, and train that.'
        : 'Choose full fine-tuning as the method; or export the run, and train that model.',
    );
  if (!ended.has(run.state))
    throw new AppError(
      'start-unfinished',
      `Run ${run.number} is still ${run.state}, so its checkpoints change.`,
      'Wait for its end, or stop it.',
    );
  const weights = tunedWeights(project, run, settings.startFrom.checkpoint);
  const startFrom = { ...weights, run: run.number, step: Number(basename(weights.folder)) };
  return { modelFolder: weights.kind === 'full' ? weights.folder : modelFolder, startFrom };
}

/** For a run that has a checkpoint of its own: an adapter goes on from that, whatever became of the other run. */
export function startAgain(services: Services, recipe: Recipe): ReturnType<typeof startOf> {
  try {
    return startOf(services, recipe);
  } catch (thrown) {
    if (recipe.settings.method === 'full' || !(thrown instanceof AppError)) throw thrown;
    return { modelFolder: findModel(services, recipe.modelId).folder };
  }
}
