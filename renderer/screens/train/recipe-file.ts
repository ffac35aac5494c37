// A recipe as a JSON file: written for others to repeat, and read back with all faults named at once.
import { type Recipe, TrainSettings } from '../../../main/contract/runs.ts';
import { faultsOf } from './fields.ts';

const FORMAT = 'tunesmith-recipe';

/** The file's text. Ids of projects and models stay out: they mean nothing on another computer. */
export function recipeFile(recipe: Recipe, modelName: string, dataHash: string): string {
  const { name, settings } = recipe;
  return `${JSON.stringify({ format: FORMAT, version: 1, name, model: modelName, data: dataHash, settings }, null, 2)}\n`;
}

export type ReadRecipe = { ok: true; name: string; settings: TrainSettings } | { ok: false; message: string };

/** Settings of a recipe file. What is wrong is one sentence that names the fields. */
export function readRecipeFile(text: string, fileName: string): ReadRecipe {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, message: `"${fileName}" is not a JSON file.` };
  }
  if (typeof value !== 'object' || value === null || !('settings' in value))
    return { ok: false, message: `"${fileName}" holds no training settings.` };
  const found = TrainSettings.safeParse(value.settings);
  if (!found.success) {
    const fields = Object.entries(faultsOf(value.settings as TrainSettings)).map(([path]) => path);
    return { ok: false, message: `"${fileName}" has settings that cannot be used: ${fields.join(', ')}.` };
  }
  const name = 'name' in value && typeof value.name === 'string' ? value.name.slice(0, 120) : '';
  return { ok: true, name, settings: found.data };
}

/** Saves a text as a file of the user's choice. */
export function saveText(fileName: string, text: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Lets the user choose one JSON file; null when cancelled. */
export function chooseTextFile(accept: string): Promise<{ name: string; text: string } | null> {
  return new Promise((resolve) => {
    const input = document.createElement('input');
    input.type = 'file';
    input.accept = accept;
    input.addEventListener('change', async () => {
      const file = input.files?.[0];
      resolve(file ? { name: file.name, text: await file.text() } : null);
    });
    input.addEventListener('cancel', () => resolve(null));
    input.click();
  });
}
