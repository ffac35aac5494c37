// Conformance of learning-rate schedules: every rate of each case in `schedules.json`, steps past the end
// included.
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { learningRateAt, Schedule } from '../../main/training/schedule.ts';
import { type Check, compared, type Row, skipped } from './check.ts';

interface Stored {
  base_learning_rate: number;
  cases: {
    name: string;
    /** The kind, as transformers names it. */
    get_scheduler: string;
    options: Record<string, unknown>;
    num_warmup_steps?: number;
    num_training_steps?: number;
    learning_rates?: number[];
    error?: string;
  }[];
}

/** Relative to the expected rate; the smallest rates are held against the peak times 1e-6. */
const tolerance = 1e-6;

export const schedulesCheck: Check = {
  id: 'schedules',
  onProcessorOnly: 'learning rates are computed',
  matches: (_folder, files) => files.includes('schedules.json'),
  async *run(folder): AsyncIterable<Row> {
    const stored = JSON.parse(await readFile(join(folder, 'schedules.json'), 'utf8')) as Stored;
    const peak = stored.base_learning_rate;
    for (const entry of stored.cases) {
      const name = `${basename(folder)} ${entry.name}`;
      if (entry.learning_rates === undefined) {
        yield skipped(name, 'learning rates', `no reference: ${entry.error ?? 'no rates stored'}`);
        continue;
      }
      const schedule = Schedule.safeParse({
        kind: entry.get_scheduler,
        lr: peak,
        warmup_steps: entry.num_warmup_steps,
        total_steps: entry.num_training_steps,
        ...entry.options,
      });
      if (!schedule.success) {
        const reason = schedule.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
        yield skipped(name, 'learning rates', `not supported: ${reason.join('; ')}`);
        continue;
      }
      const differences = entry.learning_rates.map(
        (rate, step) =>
          Math.abs(learningRateAt(schedule.data, step) - rate) / Math.max(Math.abs(rate), 1e-6 * peak),
      );
      const worst = Math.max(...differences);
      yield compared(
        name,
        'learning rates',
        worst,
        tolerance,
        `step ${differences.indexOf(worst)}, relative`,
      );
    }
  },
};
