// Encoders that give a number: answers are numbers, and one output is trained to meet them by squared error. Its bias starts
// at their mean, so that what is learned is how a text differs from others.
import type { DatasetRecord } from '../../contract/datasets.ts';
import { AppError } from '../../errors.ts';
import { problemOf, withNewHead, withOwnHead } from '../../models/new-head.ts';
import { quoted } from './answer-labels.ts';
import { answersOf, numberIn } from './answer-task.ts';
import { regression } from './classification.ts';
import { textClasses } from './text-classes.ts';

/** `problem_type` of models that give numbers. */
export const numberProblem = 'regression';
/** What transformers calls the only output. */
const outputName = 'LABEL_0';
export const noNumber = 'Their answers are no numbers: write them as 3.5.';

export const textNumbers = textClasses({
  loss: regression,
  measures: ['mean-absolute-error', 'root-mean-squared-error', 'pearson', 'spearman'],
  predicts: 'numbers',
  smooths: false,
  /** @throws AppError `numbers-missing`, `numbers-one` */
  prepare: (model, train, headFile, seed) => {
    const numbers = numbersOf(train);
    if (numbers.length === 0) {
      const answers = quoted([...new Set(answersOf(train))]);
      const have = answers === '' ? 'has an answer' : `has a number as its answer, but ${answers}`;
      throw new AppError(
        'numbers-missing',
        `None of the ${train.length} training records ${have}.`,
        'Write answers as numbers such as 3.5, or let the model learn labels.',
      );
    }
    if (new Set(numbers).size === 1) {
      throw new AppError(
        'numbers-one',
        `All ${numbers.length} answers are ${numbers[0]}, so there is nothing to learn.`,
        'Add records with other numbers.',
      );
    }
    if (model.objective === 'classification' && problemOf(model) === numberProblem) return withOwnHead(model);
    const head = {
      objective: 'classification',
      labels: [outputName],
      problemType: numberProblem,
      bias: [meanOf(numbers)],
    } as const;
    return withNewHead(model, head, headFile, seed);
  },
  aims: () => (answer) => {
    const number = numberIn(answer);
    return number === undefined ? { refused: noNumber } : { targets: Float32Array.of(number) };
  },
});

/** The answers that are numbers. */
export function numbersOf(records: readonly DatasetRecord[]): number[] {
  return answersOf(records).flatMap((answer) => numberIn(answer) ?? []);
}

export function meanOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

/** A sentence where some answers are no numbers. */
export function strayWarning(records: readonly DatasetRecord[]): string | undefined {
  const answers = answersOf(records);
  const stray = answers.filter((answer) => numberIn(answer) === undefined);
  if (stray.length === 0) return undefined;
  const said = quoted([...new Set(stray)]);
  return `${stray.length} of ${answers.length} answers are no numbers (${said}), and their records are left out.`;
}

/** Outputs further from 1 than this are learned slowly: steps of AdamW are as long as the learning rate, whatever the unit. */
const wideSpread = 30;

/** A sentence where the unit of the numbers makes them hard to learn. */
export function spreadWarning(numbers: readonly number[]): string | undefined {
  const mean = meanOf(numbers);
  const spread = Math.sqrt(meanOf(numbers.map((number) => (number - mean) ** 2)));
  if (spread <= wideSpread) return undefined;
  return (
    `The numbers differ by about ${spread.toPrecision(2)} from their mean ${mean.toPrecision(4)}, which is learned slowly: ` +
    'give them in a larger unit, such as thousands.'
  );
}
