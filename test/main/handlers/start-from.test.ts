// Which folder a recipe starts from, and the sentences when it cannot.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Recipe, Run } from '../../../main/contract/runs.ts';
import type { Services } from '../../../main/handlers/services.ts';
import { startAgain, startOf } from '../../../main/handlers/start-from.ts';
import { openStore, type ProjectStore, type Store } from '../../../main/store/index.ts';
import { temporaryFolder } from '../../helpers/home.ts';
import { newTestRun } from '../../helpers/run.ts';

let home: ReturnType<typeof temporaryFolder>;
let store: Store;
let project: ProjectStore;
let services: Services;

beforeEach(() => {
  home = temporaryFolder();
  store = openStore(home.folder);
  project = store.createProject({ name: 'Runs', description: '', isSample: false });
  services = { store } as Services;
  for (const id of ['m', 'other']) {
    mkdirSync(join(home.folder, id));
    store.models.save({
      id,
      name: id,
      origin: 'folder',
      folder: join(home.folder, id),
      architecture: 'llama',
      task: 'causal',
      parameters: 1,
      bytes: 4,
      dtype: 'float32',
      contextLength: 16,
      vocabularySize: 8,
      layers: 1,
      hiddenSize: 4,
      licence: null,
      hasChatTemplate: false,
      addedAt: 1,
      problem: null,
      warnings: [],
    });
  }
});
afterEach(() => {
  store.close();
  home.remove();
});

function runWith(change: Partial<Run>, settings: Partial<Recipe['settings']> = {}): Run {
  const made = newTestRun(project.id, { state: 'finished', bestStep: 10, ...change });
  const recipe = { ...made.recipe, settings: { ...made.recipe.settings, ...settings } };
  const run = project.runs.insert({ ...made, recipe });
  for (const step of ['00000010', '00000020'])
    mkdirSync(join(project.runs.folder(run.number), 'checkpoints', step), { recursive: true });
  return run;
}

const from = (run: Run, checkpoint: 'best' | 'last', change: Partial<Recipe> = {}): Recipe => ({
  ...run.recipe,
  settings: { ...run.recipe.settings, startFrom: { runId: run.id, checkpoint } },
  ...change,
});

test('a recipe without one starts from the base model', () => {
  const run = runWith({});
  expect(startOf(services, run.recipe)).toEqual({ modelFolder: join(home.folder, 'm') });
});

test('an adapter starts the new one on the same base, from its best or last step', () => {
  const run = runWith({});
  const folder = (step: string) => join(project.runs.folder(run.number), 'checkpoints', step);
  expect(startOf(services, from(run, 'best'))).toEqual({
    modelFolder: join(home.folder, 'm'),
    startFrom: { kind: 'adapter', folder: folder('00000010'), run: run.number, step: 10 },
  });
  expect(startOf(services, from(run, 'last')).startFrom).toMatchObject({
    folder: folder('00000020'),
    step: 20,
  });
});

test('after full fine-tuning the checkpoint is the model that is trained on', () => {
  const run = runWith({}, { method: 'full' });
  const { modelFolder, startFrom } = startOf(services, from(run, 'last'));
  expect(startFrom).toMatchObject({ kind: 'full', step: 20 });
  expect(modelFolder).toBe(startFrom?.folder);
});

test('another base model, another method and a run at work are refused, each with what to do', () => {
  const run = runWith({});
  const full = { ...from(run, 'best').settings, method: 'full' as const };
  const refused = (recipe: Recipe) => {
    try {
      startOf(services, recipe);
    } catch (thrown) {
      return thrown;
    }
    return null;
  };
  expect(refused(from(run, 'best', { modelId: 'other' }))).toMatchObject({ code: 'start-other-model' });
  expect(refused(from(run, 'best', { settings: full }))).toMatchObject({ code: 'start-other-method' });
  expect(refused(from(runWith({ state: 'running' }), 'best'))).toMatchObject({ code: 'start-unfinished' });
  expect(
    refused({ ...from(run, 'best'), settings: { ...full, startFrom: { runId: 'x', checkpoint: 'best' } } }),
  ).toMatchObject({ code: 'run-unknown' });
});

test('an adapter goes on from its own checkpoint although the run that it started from is gone', () => {
  const run = runWith({});
  const recipe = from(run, 'best');
  project.runs.remove(run.id);
  expect(() => startOf(services, recipe)).toThrow();
  expect(startAgain(services, recipe)).toEqual({ modelFolder: join(home.folder, 'm') });
});
