// Reads run folders: the weights of a checkpoint, and the curves. `metrics.jsonl` is the truth about a run; the rows
// in the database are its index and are filled from it when some are missing.
import { existsSync, readdirSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MetricPoint, type Run, SamplePoint, ValidationPoint } from '../contract/runs.ts';
import { AppError } from '../errors.ts';
import type { TunedWeights } from '../jobs/job.ts';
import { log } from '../log.ts';
import type { ProjectStore } from '../store/index.ts';
import type { Curves } from '../store/metrics.ts';
import { jsonLines } from './json-lines.ts';

/** Weights of the run's best or newest checkpoint. Throws when it has none. */
export function tunedWeights(project: ProjectStore, run: Run, which: 'best' | 'last'): TunedWeights {
  const parent = join(project.runs.folder(run.number), 'checkpoints');
  const steps = existsSync(parent)
    ? readdirSync(parent).filter((name) => /^\d+$/.test(name)) // a complete one has a plain number
    : [];
  steps.sort((a, b) => Number(a) - Number(b));
  const best = which === 'best' ? steps.find((name) => Number(name) === run.bestStep) : undefined;
  const chosen = best ?? steps.at(-1);
  if (chosen === undefined)
    throw new AppError(
      'no-checkpoint',
      `Run ${run.number} has no checkpoint yet.`,
      'Let it train until the first checkpoint is saved.',
    );
  const kind = run.recipe.settings.method === 'lora' ? 'adapter' : 'full';
  return { kind, folder: join(parent, chosen) };
}

/** Weights of a checkpoint, and the base as the run read it. `home` keeps quantized bases. */
export function weightsAsTrained(
  home: string,
  project: ProjectStore,
  run: Run,
  which: 'best' | 'last' = 'best',
): TunedWeights {
  const { quantization } = run.recipe.settings;
  const quantized =
    quantization === 'none' ? null : { kind: quantization, cacheFolder: join(home, 'quantized') };
  return { ...tunedWeights(project, run, which), quantized };
}

/** Sizes of the files whose rows are in the database, by run: an unchanged file is not read again. */
const loaded = new Map<string, number>();

/** Fills the curves of a run from its `metrics.jsonl`, when the database has fewer steps than the run has done. */
export async function loadCurves(project: ProjectStore, run: Run): Promise<void> {
  const file = join(project.runs.folder(run.number), 'metrics.jsonl');
  const found = await stat(file).catch(() => undefined);
  if (!found || loaded.get(run.id) === found.size) return;
  const ended = run.endedAt !== null;
  if (!ended && project.runs.metrics.lastStep(run.id) >= run.step) return; // its events are arriving
  loaded.set(run.id, found.size);
  let batch = emptyCurves();
  let unreadable = 0;
  const flush = () => {
    project.runs.metrics.add(run.id, batch);
    batch = emptyCurves();
  };
  for await (const line of jsonLines.lines(file)) {
    if (!sortLine(line.toString('utf8'), batch)) unreadable += 1;
    if (batch.train.length >= 500) flush();
  }
  flush();
  if (unreadable > 0) log('warn', 'metrics.unreadable-lines', { file, unreadable });
}

const emptyCurves = (): Curves => ({ train: [], validation: [], samples: [] });

/** Puts the point of one line where it belongs. A last line that a kill cut short is no point. */
function sortLine(line: string, curves: Curves): boolean {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return false;
  }
  const train = MetricPoint.safeParse(value);
  if (train.success) return curves.train.push(train.data) > 0;
  const validation = ValidationPoint.safeParse(value);
  if (validation.success) return curves.validation.push(validation.data) > 0;
  const sample = SamplePoint.safeParse(value);
  if (sample.success) return curves.samples.push(sample.data) > 0;
  return false;
}
