import { expect, test } from 'vitest';
import type { Preset } from '../../../../main/contract/runs.ts';
import {
  draftFor,
  edited,
  longerRecipe,
  proposedName,
  redone,
  undone,
  withPreset,
} from '../../../../renderer/screens/train/draft.ts';
import { readRecipeFile, recipeFile } from '../../../../renderer/screens/train/recipe-file.ts';
import { balanced } from './settings.ts';

const preset = (id: string, suggested: boolean, epochs: number): Preset => ({
  id,
  label: id,
  description: '',
  suggested,
  settings: { ...balanced, epochs },
});
const presets = [preset('quick', false, 1), preset('balanced', true, 3)];

function fresh() {
  const draft = draftFor(undefined, presets);
  if (!draft) throw new Error('no draft');
  return draft;
}

test('a new draft is the suggested preset', () => {
  expect(fresh()).toMatchObject({ presetId: 'balanced', settings: { epochs: 3 }, thenEvaluate: true });
  expect(draftFor(undefined, [])).toBeNull();
});

test('an unchanged draft follows its preset to other data, a changed one keeps its values', () => {
  const other = [preset('quick', false, 2), preset('balanced', true, 5)];
  expect(draftFor(fresh(), other)?.settings.epochs).toBe(5);
  const changed = edited(fresh(), { ...balanced, epochs: 7 });
  expect(draftFor(changed, other)?.settings.epochs).toBe(7);
});

test('undo and redo walk through the changes, and a new change ends redo', () => {
  const one = edited(fresh(), { ...balanced, epochs: 4 });
  const two = edited(one, { ...balanced, epochs: 5 });
  expect(undone(two).settings.epochs).toBe(4);
  expect(undone(undone(two)).settings.epochs).toBe(3);
  expect(undone(undone(undone(two))).settings.epochs).toBe(3);
  expect(redone(undone(two)).settings.epochs).toBe(5);
  expect(redone(edited(undone(two), { ...balanced, epochs: 9 })).settings.epochs).toBe(9);
  expect(edited(one, { ...balanced, epochs: 4 })).toBe(one);
});

test('another preset is one step to undo', () => {
  const changed = edited(fresh(), { ...balanced, epochs: 4 });
  const quick = withPreset(changed, presets[0] as Preset);
  expect(quick).toMatchObject({ presetId: 'quick', settings: { epochs: 1 } });
  expect(undone(quick).settings.epochs).toBe(4);
});

test('a run without a name is called after preset and method', () => {
  expect(proposedName(balanced, presets[1])).toBe('balanced, rank 16');
  expect(proposedName({ ...balanced, method: 'full' }, undefined)).toBe('Own recipe, all weights');
});

test('a recipe file comes back as it was written', () => {
  const recipe = {
    projectId: 'p1',
    name: 'mine',
    versionId: 'v4',
    modelId: 'm1',
    settings: balanced,
    thenEvaluate: true,
  };
  const text = recipeFile(recipe, 'SmolLM2', 'abc');
  expect(text).not.toContain('"p1"');
  expect(readRecipeFile(text, 'mine.json')).toEqual({ ok: true, name: 'mine', settings: balanced });
});

test('a file that is no recipe is refused with its name and the fields', () => {
  expect(readRecipeFile('{', 'a.json')).toEqual({ ok: false, message: '"a.json" is not a JSON file.' });
  expect(readRecipeFile('[1]', 'a.json')).toMatchObject({ message: '"a.json" holds no training settings.' });
  const bad = JSON.stringify({ settings: { ...balanced, epochs: -1, lora: { ...balanced.lora, rank: 0 } } });
  expect(readRecipeFile(bad, 'a.json')).toMatchObject({
    ok: false,
    message: '"a.json" has settings that cannot be used: lora.rank, epochs.',
  });
});

test('a recipe file from before a setting came is read with its usual value', () => {
  const { lora, startFrom, scheduleDetails, neftuneAlpha, ...old } = balanced;
  const { rank, alpha, dropout, targets, rslora } = lora;
  const settings = { ...old, lora: { rank, alpha, dropout, targets, rslora } };
  expect(readRecipeFile(JSON.stringify({ settings }), 'old.json')).toEqual({
    ok: true,
    name: '',
    settings: balanced,
  });
  expect([startFrom, scheduleDetails.minimum, neftuneAlpha]).toEqual([null, null, 0]);
});

test('a run is trained longer from its last weights, with the same settings otherwise', () => {
  const recipe = {
    projectId: 'p1',
    name: 'mine',
    versionId: 'v4',
    modelId: 'm1',
    settings: balanced,
    thenEvaluate: true,
  };
  const longer = longerRecipe({ id: 'r7', recipe });
  expect(longer.settings.startFrom).toEqual({ runId: 'r7', checkpoint: 'last' });
  expect({ ...longer.settings, startFrom: null }).toEqual(balanced);
});
