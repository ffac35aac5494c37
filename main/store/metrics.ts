// All SQL about the curves of runs. Charts get at most N points: the lowest and highest loss of each bucket of steps
// survive, so that spikes stay visible. The run folder's metrics.jsonl is the truth; these rows are its index.
import type { MetricPoint, SamplePoint, ValidationPoint } from '../contract/runs.ts';
import type { Database } from './database.ts';

export interface Curves {
  train: MetricPoint[];
  validation: ValidationPoint[];
  samples: SamplePoint[];
}

type ValidationRow = Omit<ValidationPoint, 'best' | 'score'> & { best: number; score: number | null };

const trainColumns = `step, epoch, loss, learning_rate AS learningRate, grad_norm AS gradNorm,
  tokens_per_second AS tokensPerSecond, resident_bytes AS residentBytes, seconds_left AS secondsLeft, time`;

export function metricStore(db: Database) {
  const insertTrain = db.prepare('INSERT OR REPLACE INTO train_points VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const insertValidation = db.prepare(
    `INSERT OR REPLACE INTO validation_points (run_id, step, loss, tokens, best, score)
     VALUES (?, ?, ?, ?, ?, ?)`,
  );
  const insertSample = db.prepare('INSERT OR REPLACE INTO sample_points VALUES (?, ?, ?, ?, ?)');
  const all = db.prepare(
    `SELECT ${trainColumns} FROM train_points WHERE run_id = ? AND step > ? ORDER BY step`,
  );
  const losses = db
    .prepare('SELECT step, loss FROM train_points WHERE run_id = ? AND step > ? ORDER BY step')
    .raw();
  const count = db.prepare('SELECT count(*) FROM train_points WHERE run_id = ? AND step > ?').pluck();
  const last = db.prepare('SELECT max(step) FROM train_points WHERE run_id = ?').pluck();
  const validation = db.prepare(
    'SELECT step, loss, tokens, best, score FROM validation_points WHERE run_id = ? AND step > ? ORDER BY step',
  );
  const samples = db.prepare(
    'SELECT step, prompt, output, reference FROM sample_points WHERE run_id = ? AND step > ? ORDER BY step, prompt',
  );

  return {
    /** Adds points, replacing those of the same step. A loss that is not a number has no place in a chart. */
    add: db.transaction((runId: string, curves: Curves): void => {
      for (const p of curves.train)
        if (Number.isFinite(p.loss))
          insertTrain.run(
            runId,
            p.step,
            p.epoch,
            p.loss,
            p.learningRate,
            p.gradNorm ?? 0,
            p.tokensPerSecond,
            p.residentBytes,
            p.secondsLeft,
            p.time,
          );
      for (const p of curves.validation)
        if (Number.isFinite(p.loss))
          insertValidation.run(runId, p.step, p.loss, p.tokens, p.best ? 1 : 0, p.score ?? null);
      for (const p of curves.samples) insertSample.run(runId, p.step, p.prompt, p.output, p.reference);
    }),
    /** Forgets points after a step: a resumed run computes them again. */
    cutAfter: db.transaction((runId: string, step: number): void => {
      for (const name of ['train_points', 'validation_points', 'sample_points'])
        db.prepare(`DELETE FROM ${name} WHERE run_id = ? AND step > ?`).run(runId, step);
    }),
    lastStep: (runId: string): number => (last.get(runId) as number | null) ?? -1,
    /** At most `points` training points after a step, in order; validation and samples are few and come whole. */
    read(runId: string, afterStep: number, points: number): Curves {
      return {
        train: trainPoints(runId, afterStep, points),
        validation: (validation.all(runId, afterStep) as ValidationRow[]).map(
          ({ best, score, ...point }) => ({
            ...point,
            best: best === 1,
            ...(score === null ? {} : { score }),
          }),
        ),
        samples: samples.all(runId, afterStep) as SamplePoint[],
      };
    },
  };

  function trainPoints(runId: string, afterStep: number, points: number): MetricPoint[] {
    if ((count.get(runId, afterStep) as number) <= points) return all.all(runId, afterStep) as MetricPoint[];
    const steps = downsample(losses.all(runId, afterStep) as [number, number][], points);
    const chosen = db.prepare(
      `SELECT ${trainColumns} FROM train_points
       WHERE run_id = ? AND step IN (SELECT value FROM json_each(?)) ORDER BY step`,
    );
    return chosen.all(runId, JSON.stringify(steps)) as MetricPoint[];
  }
}
/**
 * Chooses at most `limit` (>= 4) of the `[step, value]` pairs, in order: the first, the last, and of each bucket of
 * neighbours the lowest and the highest. Returns their steps.
 */
export function downsample(pairs: readonly [step: number, value: number][], limit: number): number[] {
  if (pairs.length <= limit) return pairs.map(([step]) => step);
  const inner = pairs.slice(1, -1);
  const buckets = Math.floor((limit - 2) / 2);
  const steps = [pairs[0][0]];
  for (let bucket = 0; bucket < buckets; bucket++) {
    const from = Math.floor((bucket * inner.length) / buckets);
    const to = Math.floor(((bucket + 1) * inner.length) / buckets);
    let low = inner[from];
    let high = inner[from];
    for (let i = from; i < to; i++) {
      if (inner[i][1] < low[1]) low = inner[i];
      if (inner[i][1] > high[1]) high = inner[i];
    }
    if (low === high) steps.push(low[0]);
    else steps.push(Math.min(low[0], high[0]), Math.max(low[0], high[0]));
  }
  steps.push(pairs[pairs.length - 1][0]);
  return steps;
}
