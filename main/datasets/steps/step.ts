// What a cleaning step is. Each is one file and one line in `index.ts`; a step knows passages, never files
// or records.
import type { z } from 'zod';
import type { Passage, StepResult } from '../passage.ts';

export interface Step {
  id: string;
  label: string;
  description: string;
  defaultEnabled: boolean;
  /** The form on the screen is made from it; every option has a default. */
  Options: z.ZodType;
  /** Throws a ZodError when `options` do not fit. The passages given are not changed. */
  apply(passages: Passage[], options: unknown): StepResult | Promise<StepResult>;
}

/** A step whose options are checked before it sees them. */
export function defineStep<Options extends z.ZodType>(
  step: Omit<Step, 'Options' | 'apply'> & {
    Options: Options;
    apply(passages: Passage[], options: z.output<Options>): StepResult | Promise<StepResult>;
  },
): Step {
  return { ...step, apply: (passages, options) => step.apply(passages, step.Options.parse(options ?? {})) };
}
