// The registries of what is learned: losses on top of a model, and kinds of models with how they read records.
import type { Architecture } from '../../models/architecture.ts';
import { causal } from './causal.ts';
import { multiLabel, regression } from './classification.ts';
import { labels } from './labels.ts';
import { reward } from './reward.ts';
import type { Task } from './task.ts';
import type { TaskType } from './task-type.ts';
import { textLabels } from './text-labels.ts';
import { textPairs } from './text-pairs.ts';

export const tasks: readonly Task[] = [labels, multiLabel, regression, reward];

/** The loss that a classifier's config.json asks for; undefined where it names none that is known. */
export function taskForProblem(problemType: string): Task | undefined {
  return tasks.find((task) => task.problemType === problemType);
}

const taskTypes = { causal, encoder: textLabels, seq2seq: textPairs } satisfies Record<
  Architecture['task'],
  TaskType
>;

/** How a model learns from records, by the kind that its architecture declares. */
export function taskTypeOf({ architecture }: { architecture: Pick<Architecture, 'task'> }): TaskType {
  return taskTypes[architecture.task];
}
