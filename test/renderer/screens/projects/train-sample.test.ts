import { expect, it } from 'vitest';
import { install } from '../../../../renderer/client/client.ts';
import { createFake, type FakeHandlers } from '../../../../renderer/client/fake.ts';
import { sampleRecipe } from '../../../../renderer/screens/projects/train-sample.ts';
import { models, versions } from '../../fake/datasets.ts';
import { balanced } from '../train/settings.ts';

const preset = (id: string, suggested: boolean) => ({
  id,
  label: id,
  description: '',
  suggested,
  settings: { ...balanced, seed: suggested ? 7 : 1 },
});

function backendWith(handlers: FakeHandlers) {
  install(
    createFake({
      'datasets.list': () => versions,
      'datasets.draft': () => null,
      'models.chosen': () => null,
      'models.list': () => models,
      'runs.presets': () => [preset('Quick', false), preset('Balanced', true)],
      ...handlers,
    }).transport,
  );
}

it('takes the first dataset, the starter and the suggested preset', async () => {
  backendWith({});
  const recipe = await sampleRecipe('p1');
  expect(recipe).toMatchObject({
    versionId: 'v3',
    modelId: 'm0',
    name: 'Balanced, rank 16',
    thenEvaluate: true,
  });
  expect(recipe.settings.seed).toBe(7);
});

it('takes the dataset that the draft names, and the model that the project has chosen', async () => {
  const other = { ...versions[0], id: 'v9', number: 9, name: 'Sort messages' };
  backendWith({
    'datasets.list': () => [...versions, other],
    'datasets.draft': () => ({ ...other.recipe, name: 'Sort messages' }),
    'models.chosen': () => models[1],
  });
  expect(await sampleRecipe('p1')).toMatchObject({ versionId: 'v9', modelId: 'm1' });
});

it('says what is missing when the sample is not made yet', async () => {
  backendWith({ 'datasets.list': () => [] });
  await expect(sampleRecipe('p1')).rejects.toMatchObject({ code: 'sample-incomplete' });
});
