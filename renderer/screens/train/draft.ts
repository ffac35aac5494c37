// The recipe that is being set up, per project: autosaved in the window's storage, with undo. Knows presets only as
// settings; what the numbers mean is in fields.ts.
import { create } from 'zustand';
import { type Preset, type Recipe, type Run, TrainSettings } from '../../../main/contract/runs.ts';
import { sameValue } from './fields.ts';

export interface Draft {
  /** The preset that values are compared with. */
  presetId: string | null;
  /** The preset's settings when it was chosen; equal to `settings` while nothing was changed. */
  base: TrainSettings;
  settings: TrainSettings;
  /** Empty = a name made from the preset. */
  name: string;
  versionId: string | null;
  thenEvaluate: boolean;
  past: TrainSettings[];
  future: TrainSettings[];
}

const storageKey = 'tunesmith.train';
const atMost = 50;

export const useDrafts = create<{ byProject: Record<string, Draft> }>(() => ({ byProject: stored() }));

/** The preset that a draft belongs to; the suggested one, then the first, where it is gone. */
export function presetOf(
  draft: Pick<Draft, 'presetId'> | undefined,
  presets: readonly Preset[],
): Preset | undefined {
  return (
    presets.find((preset) => preset.id === draft?.presetId) ??
    presets.find((preset) => preset.suggested) ??
    presets[0]
  );
}

/**
 * The draft to show for these presets. A draft that was never changed follows its preset, whose numbers depend on
 * data and model; a changed one keeps the user's values.
 */
export function draftFor(draft: Draft | undefined, presets: readonly Preset[]): Draft | null {
  const preset = presetOf(draft, presets);
  if (!preset) return null;
  if (!draft)
    return {
      presetId: preset.id,
      base: preset.settings,
      settings: preset.settings,
      name: '',
      versionId: null,
      thenEvaluate: true,
      past: [],
      future: [],
    };
  if (sameValue(draft.settings, draft.base) && !sameValue(draft.base, preset.settings))
    return { ...draft, presetId: preset.id, base: preset.settings, settings: preset.settings };
  return draft;
}

/** Settings changed, with the old ones on the undo stack. */
export function edited(draft: Draft, settings: TrainSettings): Draft {
  if (sameValue(settings, draft.settings)) return draft;
  return { ...draft, settings, past: [...draft.past, draft.settings].slice(-atMost), future: [] };
}

/** Another preset: all values are its values. Undo brings the old ones back. */
export function withPreset(draft: Draft, preset: Preset): Draft {
  return { ...edited(draft, preset.settings), presetId: preset.id, base: preset.settings };
}

export function undone(draft: Draft): Draft {
  const last = draft.past.at(-1);
  if (!last) return draft;
  return {
    ...draft,
    settings: last,
    past: draft.past.slice(0, -1),
    future: [draft.settings, ...draft.future],
  };
}

export function redone(draft: Draft): Draft {
  const next = draft.future[0];
  if (!next) return draft;
  return { ...draft, settings: next, past: [...draft.past, draft.settings], future: draft.future.slice(1) };
}

export function saveDraft(projectId: string, draft: Draft): void {
  const byProject = { ...useDrafts.getState().byProject, [projectId]: draft };
  useDrafts.setState({ byProject });
  try {
    localStorage.setItem(storageKey, JSON.stringify(byProject));
  } catch {
    // The storage of the window is full or switched off; the draft then lasts until the window closes.
  }
}

/** Makes the recipe of a run the draft, for "Change and train again". */
export function editRecipe(recipe: Recipe): void {
  const known = useDrafts.getState().byProject[recipe.projectId];
  saveDraft(recipe.projectId, {
    presetId: known?.presetId ?? null,
    base: known?.base ?? recipe.settings,
    settings: recipe.settings,
    name: '',
    versionId: recipe.versionId,
    thenEvaluate: recipe.thenEvaluate,
    past: known ? [...known.past, known.settings].slice(-atMost) : [],
    future: [],
  });
}

/** The recipe of a run with its last weights as the first ones: trains it longer, on a schedule of its own. */
export function longerRecipe(run: Pick<Run, 'id' | 'recipe'>): Recipe {
  const startFrom = { runId: run.id, checkpoint: 'last' as const };
  return { ...run.recipe, settings: { ...run.recipe.settings, startFrom } };
}

/** "balanced, rank 16": the name that a run gets when the user gives none. */
export function proposedName(settings: TrainSettings, preset: Preset | undefined): string {
  const method = settings.method === 'lora' ? `rank ${settings.lora.rank}` : 'all weights';
  return `${preset?.label ?? 'Own recipe'}, ${method}`;
}

/** Settings that came after the draft was stored get their usual values. */
function upToDate(draft: Draft): Draft {
  const parse = (settings: TrainSettings): TrainSettings => TrainSettings.parse(settings);
  return {
    ...draft,
    base: parse(draft.base),
    settings: parse(draft.settings),
    past: draft.past.map(parse),
    future: draft.future.map(parse),
  };
}

function stored(): Record<string, Draft> {
  try {
    const found = JSON.parse(localStorage.getItem(storageKey) ?? '{}') as Record<string, Draft>;
    const usable = (draft: Draft) =>
      [draft.settings, draft.base, ...draft.past, ...draft.future].every(
        (settings) => TrainSettings.safeParse(settings).success,
      );
    const drafts = Object.entries(found).filter(([, draft]) => usable(draft));
    return Object.fromEntries(drafts.map(([projectId, draft]) => [projectId, upToDate(draft)]));
  } catch {
    return {};
  }
}
