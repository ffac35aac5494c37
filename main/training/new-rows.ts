// Whether a run trains the rows of tokens that were added to its model (models/new-rows.ts): in one sentence before it
// starts, since rows that stay as they were drawn mean nothing.
import type { TrainSettings } from '../contract/runs.ts';
import type { Model } from '../models/load.ts';
import { replacedTensor } from '../models/lora.ts';
import { rowModules } from '../models/new-rows.ts';
import { loraOf, trainerOptionsOf } from './recipe.ts';
import { trainedTensors } from './trained.ts';

/** Modules with rows of new tokens that the run leaves as they are, such as `embed_tokens`. Throws as `loraOf`. */
export function idleRowModules(settings: TrainSettings, model: Model): string[] {
  const { frozen, lastLayers } = trainerOptionsOf(settings, model);
  const { sites, saved, specs } = trainedTensors({
    model,
    lora: loraOf(settings, model),
    frozen,
    lastLayers,
  });
  const own = (name: string) => model.specs.some((spec) => spec.name.endsWith(`${name}.weight`));
  const trained = new Set([
    ...sites.map(({ module }) => module),
    ...[...saved, ...specs].map(({ name }) => (replacedTensor(name) ?? name).replace(/\.weight$/, '')),
  ]);
  return rowModules(model).filter((name) => {
    if (settings.method === 'full' && !own(name)) return false; // tied: its rows are those of the embedding
    return ![...trained].some((module) => module === name || module.endsWith(`.${name}`));
  });
}

/** The sentence and whether the run must not start; null where there is nothing to say. */
export function newRowsCheck(
  settings: TrainSettings,
  model: Model,
): { state: 'passed' | 'warning' | 'failed'; sentence: string } | null {
  const rows = model.newRows ?? [];
  if (rows.length === 0) return null;
  const idle = idleRowModules(settings, model);
  const wanted = rows.filter((row) => row.wanted);
  const shown = (wanted.length > 0 ? wanted : rows).slice(0, 5).map(({ content }) => `"${content}"`);
  const which = `${rows.length === 1 ? 'the new token' : `the ${rows.length} new tokens`} (${shown.join(', ')}${rows.length > shown.length ? ', ...' : ''})`;
  if (idle.length === 0) return { state: 'passed', sentence: `The run trains the rows of ${which}.` };
  const mend =
    settings.method === 'lora'
      ? `Add ${idle.join(' and ')} to the layers that are trained whole, or choose full fine-tuning.`
      : 'Train all layers, and freeze neither the embedding nor the output layer.';
  return {
    state: wanted.length > 0 ? 'failed' : 'warning',
    sentence: `The rows of ${which} would stay as they were drawn, so the model could not learn them. ${mend}`,
  };
}
