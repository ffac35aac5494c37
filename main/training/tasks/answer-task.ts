// What an encoder learns from a dataset: found from the answers of its training records, with one sentence why. Knows no
// model.
import type { DatasetRecord } from '../../contract/datasets.ts';
import type { TrainSettings } from '../../contract/runs.ts';
import { mostLabels, quoted } from './answer-labels.ts';
import { labelsIn, separatorIn } from './label-sets.ts';
import { questionOf } from './question.ts';
import { labelledTexts, wordLabels } from './word-records.ts';

export type EncoderTask = Exclude<TrainSettings['task'], 'automatic'>;

export interface FoundTask {
  task: EncoderTask;
  /** One sentence. */
  why: string;
}

/** The number that an answer is; undefined for other answers, such as `3,5` and `about 3`. */
export function numberIn(answer: string): number | undefined {
  const text = answer.trim();
  if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text)) return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}

/** Answers of the records that have one. */
export function answersOf(records: readonly DatasetRecord[]): string[] {
  return records.flatMap(({ content }) => questionOf(content)?.answer ?? []);
}

/** Most different whole numbers that are taken as names of classes. */
const mostNumberedClasses = 20;

export function taskFromAnswers(train: readonly DatasetRecord[]): FoundTask {
  const answers = answersOf(train);
  const of = answers.length;
  if (of === 0)
    return {
      task: 'masked-words',
      why: `None of the ${train.length} training records has an answer: the model learns to tell masked words.`,
    };
  const words = taskFromWords(train, of);
  if (words !== undefined) return words;
  const numbers = answers.map(numberIn);
  const kinds = new Set(answers).size;
  if (numbers.every((number) => number !== undefined)) {
    if (!areClasses(numbers))
      return {
        task: 'number',
        why: `${of} of ${of} answers are numbers: the model learns to give one (regression).`,
      };
    return {
      task: 'one-label',
      why:
        `The ${of} answers are ${kinds} whole numbers that occur again and again: they are taken as labels. ` +
        'Choose the task "A number" where they are amounts.',
    };
  }
  const separator = separatorIn(answers);
  if (separator !== undefined) {
    const sets = answers.map((answer) => labelsIn(answer, separator));
    const labels = new Set(sets.flat()).size;
    if (labels <= mostLabels) {
      const several = sets.filter(({ length }) => length > 1).length;
      const mark =
        separator === '\n' ? 'one on each line' : `with ${quoted([separator.trim()])} between them`;
      return {
        task: 'several-labels',
        why:
          `${several} of ${of} answers hold several of ${labels} labels, ${mark}: the model learns for each label ` +
          'whether a text has it.',
      };
    }
  }
  return {
    task: 'one-label',
    why: `The ${of} answers are of ${kinds} ${kinds === 1 ? 'kind' : 'kinds'}: the model learns to choose one label.`,
  };
}

/** Where most answers are their texts with labelled words. */
function taskFromWords(train: readonly DatasetRecord[], answers: number): FoundTask | undefined {
  const texts = labelledTexts(train).filter((one) => 'spans' in one);
  const labelled = texts.filter(({ spans }) => spans.length > 0).length;
  // tags of single words may as well be labels of texts
  const hasTexts = texts.some(({ words }) => words.length > 1);
  if (labelled === 0 || !hasTexts || texts.length < answers / 2) return undefined;
  const labels = wordLabels(texts);
  if (labels.length > mostLabels) return undefined;
  return {
    task: 'labelled-words',
    why:
      `${labelled} of ${answers} answers label words of their texts (${quoted(labels)}): the model learns which words ` +
      'have which label.',
  };
}

/** Few whole numbers, each several times: stars and numbered classes, which have an order at most. */
function areClasses(numbers: readonly number[]): boolean {
  const counts = new Map<number, number>();
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
  const isFew = counts.size <= mostNumberedClasses;
  return isFew && [...counts].every(([number, count]) => Number.isInteger(number) && count > 1);
}
