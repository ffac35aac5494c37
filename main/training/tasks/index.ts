// The registries of what is learned: losses on top of a model, and kinds of models with how they read records.
import type { DatasetRecord } from '../../contract/datasets.ts';
import type { TrainSettings } from '../../contract/runs.ts';
import type { Architecture } from '../../models/architecture.ts';
import type { Model } from '../../models/load.ts';
import { problemOf, singleLabel, tokenLabels } from '../../models/new-head.ts';
import { type EncoderTask, taskFromAnswers } from './answer-task.ts';
import { causal } from './causal.ts';
import { multiLabel, regression } from './classification.ts';
import { labelledWords } from './labelled-words.ts';
import { labels } from './labels.ts';
import { maskedWords } from './masked-words.ts';
import { reward } from './reward.ts';
import type { Task } from './task.ts';
import type { TaskType } from './task-type.ts';
import { severalLabels, textLabelSets } from './text-label-sets.ts';
import { textLabels } from './text-labels.ts';
import { numberProblem, textNumbers } from './text-numbers.ts';
import { textPairs } from './text-pairs.ts';

export const tasks: readonly Task[] = [labels, multiLabel, regression, reward];

/** The loss that a classifier's config.json asks for; undefined where it names none that is known. */
export function taskForProblem(problemType: string): Task | undefined {
  return tasks.find((task) => task.problemType === problemType);
}

type Asked = Pick<Model, 'objective' | 'rawConfig'> & { architecture: Pick<Architecture, 'task'> };

const byProblem: Record<string, TaskType> = {
  [singleLabel]: textLabels,
  [severalLabels]: textLabelSets,
  [numberProblem]: textNumbers,
  [tokenLabels]: labelledWords,
};

const taskTypes = {
  causal: () => causal,
  encoder: (model) =>
    model.objective === 'masked-lm' ? maskedWords : (byProblem[problemOf(model)] ?? textLabels),
  seq2seq: () => textPairs,
} satisfies Record<Architecture['task'], (model: Asked) => TaskType>;

/** How a model learns from records, by the kind that its architecture declares and the output layer that it has. */
export function taskTypeOf(model: Asked): TaskType {
  return taskTypes[model.architecture.task](model);
}

const encoderTasks: Record<EncoderTask, { type: TaskType; label: string }> = {
  'one-label': { type: textLabels, label: 'one label' },
  'several-labels': { type: textLabelSets, label: 'several labels' },
  number: { type: textNumbers, label: 'a number' },
  'labelled-words': { type: labelledWords, label: 'labels of words' },
  'masked-words': { type: maskedWords, label: 'masked words' },
};

/**
 * How a run on these records teaches the model, with one sentence why: what the recipe says, or for an encoder what the
 * answers are. `why` is empty where nothing was to be chosen.
 */
export function chooseTask(
  model: Model,
  train: readonly DatasetRecord[],
  wanted: TrainSettings['task'],
): { type: TaskType; why: string } {
  const { architecture } = model;
  if (architecture.task !== 'encoder') {
    const ignored = `The task of the recipe is not used: a ${architecture.label} model writes text.`;
    return { type: taskTypeOf(model), why: wanted === 'automatic' ? '' : ignored };
  }
  if (wanted === 'automatic') {
    const { task, why } = taskFromAnswers(train);
    return { type: encoderTasks[task].type, why };
  }
  const { type, label } = encoderTasks[wanted];
  return { type, why: `The recipe says what the model learns: ${label}.` };
}
