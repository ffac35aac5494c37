// What differs between runs, and what can be done with one. Pure: takes runs, gives rows.
import type { Run, TrainSettings } from '../../../main/contract/runs.ts';
import { missing } from '../../components/format.ts';
import { valueAt } from '../train/fields.ts';
import { FIELDS, type Field } from '../train/groups.ts';
import { valueText } from '../train/texts.ts';

export interface Difference {
  /** A setting, such as `settings.lora.rank`, or a part of the lineage, such as `lineage.dataset`. */
  path: string;
  /** One value per run, as text; "–" where the run has or reads none. */
  values: string[];
}

/** Rows of settings and lineage in which at least one run differs from the first, in the order of the Train screen. */
export function whatDiffers(runs: readonly Run[]): Difference[] {
  const settings = FIELDS.map((field) => ({
    path: `settings.${field.path}`,
    values: runs.map(({ recipe }) => settingText(field, recipe.settings)),
  }));
  const names = new Set(runs.flatMap(({ lineage }) => Object.keys(lineage)));
  const lineage = [...names].map((name) => ({
    path: `lineage.${name}`,
    values: runs.map(({ lineage }) => shortened(lineage[name] ?? missing)),
  }));
  return [...settings, ...lineage].filter(({ values }) => values.some((value) => value !== values[0]));
}

/** Enough of a hash to tell two apart. */
const shortened = (text: string): string => (/^[0-9a-f]{64}$/.test(text) ? text.slice(0, 12) : text);

/** A setting that the run does not read is missing, whatever its value. */
function settingText(field: Field, settings: TrainSettings): string {
  return (field.when?.(settings) ?? true)
    ? valueText(field, valueAt(settings, field.path)) || missing
    : missing;
}

export type RunActions = 'pause' | 'resume' | 'stop' | 'delete';

/** What the user can do with a run in its present state. */
export function actionsFor(state: Run['state']): Set<RunActions> {
  const table: Record<Run['state'], RunActions[]> = {
    queued: ['stop'],
    compiling: ['stop'],
    running: ['pause', 'stop'],
    paused: ['resume', 'stop'],
    stopping: [],
    stopped: ['resume', 'delete'],
    finished: ['delete'],
    failed: ['resume', 'delete'],
    interrupted: ['resume', 'delete'],
  };
  return new Set(table[state]);
}

export function isActive(state: Run['state']): boolean {
  return ['queued', 'compiling', 'running', 'paused', 'stopping'].includes(state);
}
