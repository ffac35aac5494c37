// The first button: trains the sample project with the suggested preset. Two steps, so that the card can show the plan
// before anything starts.

import type { CallInput, CallOutput } from '../../../main/contract/index.ts';
import type { BaseModel } from '../../../main/contract/models.ts';
import { CallError, call } from '../../client/client.ts';
import { goToProject } from '../../state/route.ts';
import { startRun } from '../../state/runs.ts';

export type RecipeInput = CallInput<'runs.start'>;
type Preset = CallOutput<'runs.presets'>[number];

/** The recipe behind the button: the dataset that the draft names (else the first), chosen model (else the starter), suggested preset. */
export async function sampleRecipe(projectId: string): Promise<RecipeInput> {
  const [versions, draft, chosen, models] = await Promise.all([
    call('datasets.list', { projectId }),
    call('datasets.draft', { projectId }),
    call('models.chosen', { projectId }),
    call('models.list', {}),
  ]);
  const oldestFirst = [...versions].sort((a, b) => a.number - b.number);
  const version = oldestFirst.find((one) => one.name === draft?.name) ?? oldestFirst[0];
  const model = chosen ?? models.find((one) => one.origin === 'starter');
  if (!version || !model) {
    throw new CallError(
      'sample-incomplete',
      'The sample project has no dataset or no model yet.',
      'Wait until it is made, or make it again from the list of projects.',
    );
  }
  const presets = await call('runs.presets', { projectId, versionId: version.id, modelId: model.id });
  const preset = presets.find((one) => one.suggested) ?? presets[0];
  return {
    projectId,
    name: runName(preset, model),
    versionId: version.id,
    modelId: model.id,
    settings: preset.settings,
    thenEvaluate: true,
  };
}

function runName(preset: Preset, model: BaseModel): string {
  const { method, lora } = preset.settings;
  return method === 'lora' ? `${preset.label}, rank ${lora.rank}` : `${preset.label}, ${model.name}`;
}

/** Starts the run and shows it. */
export async function trainSample(projectId: string): Promise<void> {
  const run = await startRun(await sampleRecipe(projectId));
  goToProject(projectId, 'run', run.id);
}
