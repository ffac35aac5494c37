// The registry of cleaning steps, in the order in which they are offered. A new step is one line here.
import { AppError } from '../../errors.ts';
import { boilerplate } from './boilerplate.ts';
import { exactDuplicates } from './exact-duplicates.ts';
import { language } from './language.ts';
import { length } from './length.ts';
import { markup } from './markup.ts';
import { nearDuplicates } from './near-duplicates.ts';
import { personalData } from './personal-data.ts';
import type { Step } from './step.ts';
import { unicode } from './unicode.ts';
import { whitespace } from './whitespace.ts';

export const steps: readonly Step[] = [
  unicode,
  markup,
  boilerplate,
  whitespace,
  language,
  length,
  personalData,
  exactDuplicates,
  nearDuplicates,
];

/** @throws AppError `step-unknown` */
export function stepById(id: string): Step {
  const step = steps.find((one) => one.id === id);
  if (step !== undefined) return step;
  throw new AppError(
    'step-unknown',
    `This version of Tunesmith has no cleaning step "${id}".`,
    'Remove the step from the recipe.',
  );
}
