// Chooses a model for a project and goes on to the next step, from wherever on the Model screen it was chosen.
import { call } from '../../client/client.ts';
import { useModels } from '../../state/models.ts';
import { goOn, placeNow } from '../../state/route.ts';

/** `hasDataset`: a dataset version is there, so that training comes next. Throws what the backend refuses. */
export async function chooseModel(projectId: string, modelId: string, hasDataset: boolean): Promise<void> {
  const from = placeNow();
  await call('models.choose', { projectId, modelId });
  await useModels.getState().loadChosen(projectId);
  goOn(from, hasDataset ? 'train' : 'dataset');
}
