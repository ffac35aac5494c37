// Learning rate by optimizer step, as plain data that is stored with a checkpoint (RULES 7). Formulas, option
// names and what happens past the last step are those of transformers' `get_scheduler`, ordered by growing
// complexity. `constant` has no warm-up there either: `constant_with_warmup` does.
import { z } from 'zod';

const lengths = {
  /** Peak learning rate. */
  lr: z.number().positive(),
  warmup_steps: z.int().min(0).default(0),
  /** Updates of the whole run, warm-up included. */
  total_steps: z.int().min(1),
};
const share = z.number().min(0).max(1);
/** The rate at the end, as a number or as a share of `lr`; not both. */
const floor = { min_lr: z.number().min(0).optional(), min_lr_rate: share.optional() };
/** Half waves: 0.5 ends at the lowest point. */
const halfWave = z.number().positive().default(0.5);
const shape = z.enum(['linear', 'cosine', '1-sqrt']);

const Kinds = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant'), ...lengths }),
  z.strictObject({ kind: z.literal('constant_with_warmup'), ...lengths }),
  z.strictObject({ kind: z.literal('linear'), ...lengths }),
  z.strictObject({ kind: z.literal('cosine'), ...lengths, num_cycles: halfWave }),
  z.strictObject({
    kind: z.literal('cosine_with_restarts'),
    ...lengths,
    num_cycles: z.number().positive().default(1),
  }),
  z.strictObject({
    kind: z.literal('polynomial'),
    ...lengths,
    power: z.number().positive().default(1),
    lr_end: z.number().min(0).default(1e-7),
  }),
  z.strictObject({
    kind: z.literal('inverse_sqrt'),
    ...lengths,
    /** Steps in which the rate falls to 1 / sqrt(2); the warm-up, or 10,000, unless given. */
    timescale: z.number().positive().optional(),
  }),
  z.strictObject({ kind: z.literal('cosine_with_min_lr'), ...lengths, num_cycles: halfWave, ...floor }),
  z.strictObject({
    kind: z.literal('cosine_warmup_with_min_lr'),
    ...lengths,
    num_cycles: halfWave,
    ...floor,
    /** Rate of step 0 as a share of `lr`; without it step 0 already has the first of the warm-up's steps. */
    warmup_lr_rate: share.optional(),
  }),
  z.strictObject({
    kind: z.literal('warmup_stable_decay'),
    ...lengths,
    num_decay_steps: z.int().min(0),
    /** The steps between warm-up and decay, unless given. */
    num_stable_steps: z.int().min(0).optional(),
    warmup_type: shape.default('linear'),
    decay_type: shape.default('cosine'),
    min_lr_ratio: share.default(0),
    num_cycles: halfWave,
  }),
]);

export const Schedule = Kinds.refine(
  (schedule) =>
    !('min_lr' in schedule && 'min_lr_rate' in schedule) ||
    schedule.min_lr === undefined ||
    schedule.min_lr_rate === undefined,
  'Set min_lr or min_lr_rate, not both.',
);
export type Schedule = z.output<typeof Kinds>;
export type ScheduleKind = Schedule['kind'];
type Of<Kind extends ScheduleKind> = Extract<Schedule, { kind: Kind }>;

/** Share of the way from the end of the warm-up to the last step. */
function progressAt(step: number, { warmup_steps, total_steps }: Schedule): number {
  return (step - warmup_steps) / Math.max(1, total_steps - warmup_steps);
}

/** cos from 1 down to 0 and up again, `cycles` times. */
function wave(cycles: number, progress: number): number {
  return 0.5 * (1 + Math.cos(2 * Math.PI * cycles * progress));
}

function warmup(step: number, schedule: Schedule): number | undefined {
  return step < schedule.warmup_steps ? step / schedule.warmup_steps : undefined;
}

function lowest(schedule: Of<'cosine_with_min_lr'> | Of<'cosine_warmup_with_min_lr'>): number {
  return schedule.min_lr === undefined ? (schedule.min_lr_rate ?? 0) : schedule.min_lr / schedule.lr;
}

const lift = (factor: number, least: number) => Math.max(0, factor * (1 - least) + least);

const fall = {
  linear: (progress) => 1 - progress,
  cosine: (progress, cycles) => wave(cycles, progress),
  '1-sqrt': (progress) => 1 - Math.sqrt(progress),
} satisfies Record<z.infer<typeof shape>, (progress: number, cycles: number) => number>;

/** Share of the peak rate at `step`. */
const factors: { [Kind in ScheduleKind]: (step: number, schedule: Of<Kind>) => number } = {
  constant: () => 1,
  constant_with_warmup: (step, schedule) => warmup(step, schedule) ?? 1,
  linear: (step, schedule) => {
    const { warmup_steps, total_steps } = schedule;
    // not 1 - progress: a warm-up as long as the run ends it at 0
    const left = (total_steps - step) / Math.max(1, total_steps - warmup_steps);
    return warmup(step, schedule) ?? Math.max(0, left);
  },
  cosine: (step, schedule) =>
    warmup(step, schedule) ?? Math.max(0, wave(schedule.num_cycles, progressAt(step, schedule))),
  cosine_with_restarts: (step, schedule) => {
    const progress = progressAt(step, schedule);
    const ended = progress >= 1;
    return warmup(step, schedule) ?? (ended ? 0 : wave(0.5, (schedule.num_cycles * progress) % 1));
  },
  polynomial: (step, schedule) => {
    const end = schedule.lr_end / schedule.lr;
    const ended = step > schedule.total_steps;
    const share = ended ? 0 : (1 - progressAt(step, schedule)) ** schedule.power;
    return warmup(step, schedule) ?? (1 - end) * share + end;
  },
  inverse_sqrt: (step, schedule) => {
    const timescale = schedule.timescale ?? (schedule.warmup_steps || 10_000);
    return warmup(step, schedule) ?? Math.sqrt(timescale / (step - schedule.warmup_steps + timescale));
  },
  cosine_with_min_lr: (step, schedule) =>
    warmup(step, schedule) ?? lift(wave(schedule.num_cycles, progressAt(step, schedule)), lowest(schedule)),
  cosine_warmup_with_min_lr: (step, schedule) => {
    const { warmup_steps, warmup_lr_rate } = schedule;
    if (step < warmup_steps) {
      if (warmup_lr_rate === undefined) return (step + 1) / warmup_steps;
      return lift(step / Math.max(1, warmup_steps - 1), warmup_lr_rate);
    }
    return lift(wave(schedule.num_cycles, progressAt(step + 1, schedule)), lowest(schedule));
  },
  warmup_stable_decay: (step, schedule) => {
    const { warmup_steps, num_decay_steps, min_lr_ratio, num_cycles } = schedule;
    const stable = schedule.num_stable_steps ?? schedule.total_steps - warmup_steps - num_decay_steps;
    if (step < warmup_steps) return lift(rise(step / warmup_steps, schedule.warmup_type), min_lr_ratio);
    const decayed = step - warmup_steps - stable;
    if (decayed < 0) return 1;
    if (decayed >= num_decay_steps) return min_lr_ratio;
    return lift(fall[schedule.decay_type](decayed / num_decay_steps, num_cycles), min_lr_ratio);
  },
};

/** The three shapes of a decay, run backwards from 0 to 1. */
function rise(progress: number, type: z.infer<typeof shape>): number {
  return fall[type](1 - progress, 0.5);
}

/** The learning rate that update `step` (0, 1, ...) uses. Defined past the last step too. */
export function learningRateAt(schedule: Schedule, step: number): number {
  return schedule.lr * factorOf(schedule, step);
}

function factorOf<Kind extends ScheduleKind>(schedule: Of<Kind> & { kind: Kind }, step: number): number {
  return factors[schedule.kind](step, schedule);
}
