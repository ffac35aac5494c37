// The registry of losses.
import { multiLabel, regression } from './classification.ts';
import { labels } from './labels.ts';
import { reward } from './reward.ts';
import type { Task } from './task.ts';

export const tasks: readonly Task[] = [labels, multiLabel, regression, reward];
