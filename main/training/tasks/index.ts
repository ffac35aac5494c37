// The registry of losses.
import { multiLabel, regression } from './classification.ts';
import { labels } from './labels.ts';
import { reward } from './reward.ts';
import type { Task } from './task.ts';

export const tasks: readonly Task[] = [labels, multiLabel, regression, reward];

/** The loss that a classifier's config.json asks for; undefined where it names none that is known. */
export function taskForProblem(problemType: string): Task | undefined {
  return tasks.find((task) => task.problemType === problemType);
}
