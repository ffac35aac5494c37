import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { learningRateAt, Schedule } from '../../../main/training/schedule.ts';
import type { Row } from '../../conformance/check.ts';
import { schedulesCheck } from '../../conformance/schedules.ts';

const folder = `${import.meta.dirname}/../../reference/optim`;

describe('learning-rate schedules', () => {
  it('agree with every stored rate, past the end too', async () => {
    expect(schedulesCheck.matches(folder, readdirSync(folder))).toBe(true);
    const rows: Row[] = [];
    for await (const row of schedulesCheck.run(folder, { provider: 'cpu' })) rows.push(row);
    expect(rows.filter(({ status }) => status !== 'passed')).toEqual([]);
    expect(rows.length).toBeGreaterThan(10);
  });

  it('go on after step 60 of 100 where they were (field case C05)', () => {
    const cosine = Schedule.parse({ kind: 'cosine', lr: 1e-3, warmup_steps: 10, total_steps: 100 });
    expect(learningRateAt(cosine, 60)).toBeCloseTo(4.1318e-4, 8);
    expect(learningRateAt(cosine, 61)).toBeCloseTo(3.9604e-4, 8);
    expect(learningRateAt({ ...cosine, total_steps: 200 }, 60)).toBeCloseTo(8.386e-4, 7);
  });

  it('come back from JSON the same', () => {
    const schedule = Schedule.parse({
      kind: 'warmup_stable_decay',
      lr: 3e-4,
      warmup_steps: 3,
      total_steps: 20,
      num_decay_steps: 5,
    });
    expect(Schedule.parse(JSON.parse(JSON.stringify(schedule)))).toEqual(schedule);
  });

  it('use the full rate at the end of the warm-up, and at step 0 without one', () => {
    const lengths = { lr: 1, warmup_steps: 4, total_steps: 10 };
    for (const kind of ['constant_with_warmup', 'linear', 'cosine', 'polynomial', 'inverse_sqrt'] as const) {
      const schedule = Schedule.parse({ kind, ...lengths });
      expect(learningRateAt(schedule, 0), kind).toBe(0);
      expect(learningRateAt(schedule, 4), kind).toBeCloseTo(1, 12);
      expect(learningRateAt({ ...schedule, warmup_steps: 0 }, 0), kind).toBeCloseTo(1, 12);
    }
  });

  it('refuse an unknown option and two floors at once', () => {
    const lengths = { lr: 1e-3, warmup_steps: 0, total_steps: 10 };
    expect(Schedule.safeParse({ kind: 'linear', ...lengths, power: 2 }).success).toBe(false);
    const floors = { kind: 'cosine_with_min_lr', ...lengths, min_lr: 1e-5, min_lr_rate: 0.1 };
    expect(Schedule.safeParse(floors).error?.issues[0].message).toBe('Set min_lr or min_lr_rate, not both.');
  });
});
