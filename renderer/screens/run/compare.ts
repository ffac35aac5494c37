// What differs between runs, and whether their losses may be compared at all. Pure: takes runs, gives rows.
import type { Run } from '../../../main/contract/runs.ts';

export interface Difference {
  /** Path in the recipe, such as `settings.lora.rank`, or a key of the lineage. */
  path: string;
  /** One value per run, as text; "–" where the run has none. */
  values: string[];
}

/** Keys that differ between any two runs and say nothing about the training. */
const IGNORED = new Set(['projectId', 'name', 'thenEvaluate', 'settings.version']);

/** Rows of recipe and lineage in which at least one run differs from the first, in the recipe's order. */
export function whatDiffers(runs: readonly Run[]): Difference[] {
  const flat = runs.map((run) => ({ ...leaves(run.recipe, ''), ...leaves(run.lineage, 'lineage.') }));
  const paths = new Set(flat.flatMap((entry) => Object.keys(entry)));
  const rows: Difference[] = [];
  for (const path of paths) {
    if (IGNORED.has(path)) continue;
    const values = flat.map((entry) => entry[path] ?? '–');
    if (values.some((value) => value !== values[0])) rows.push({ path, values });
  }
  return rows;
}

function leaves(value: unknown, path: string): Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { [path.replace(/\.$/, '')]: Array.isArray(value) ? value.join(', ') : String(value) };
  return Object.assign({}, ...Object.entries(value).map(([key, inner]) => leaves(inner, `${path}${key}.`)));
}

/** Why the losses of these runs must not be ranked; null when they may. */
export function notComparable(runs: readonly Run[]): string | null {
  if (new Set(runs.map((run) => run.recipe.versionId)).size > 1)
    return 'These runs learned from different dataset versions. Their losses are not on one scale, so no run is ranked.';
  if (new Set(runs.map((run) => run.recipe.modelId)).size > 1)
    return 'These runs use different base models. A loss per token depends on the tokenizer, so no run is ranked.';
  return null;
}

/** The run with the lowest validation loss; null when there is none, or the runs cannot be compared. */
export function bestRun(runs: readonly Run[]): Run | null {
  if (notComparable(runs) !== null) return null;
  let best: Run | null = null;
  for (const run of runs) {
    if (run.validationLoss === null) continue;
    if (best?.validationLoss == null || run.validationLoss < best.validationLoss) best = run;
  }
  return best;
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
