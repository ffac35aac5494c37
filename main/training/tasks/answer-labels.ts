// The labels of a classifier: the different answers of the training records. Says in one sentence why answers cannot be
// labels. Knows no model.
import type { DatasetRecord } from '../../contract/datasets.ts';
import { AppError } from '../../errors.ts';
import { questionOf } from './question.ts';

export const mostLabels = 200;
const leastRecords = 2;
const remedy =
  'Give the records answers of a few kinds, or choose a model that writes text, such as a Llama- or Qwen-like one.';

/** How often each answer occurs, in the order of the labels (by code units). */
export function answerCounts(records: readonly DatasetRecord[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { content } of records) {
    const answer = questionOf(content)?.answer;
    if (answer !== undefined) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  }
  return new Map([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * The labels that the training records give, sorted.
 * @throws AppError `labels-missing`, `labels-one`, `labels-too-many`, `labels-rare`
 */
export function labelsFrom(train: readonly DatasetRecord[]): string[] {
  const counts = answerCounts(train);
  const labels = [...counts.keys()];
  const refuse = (code: string, sentence: string) => new AppError(code, sentence, remedy);
  if (labels.length === 0) {
    throw refuse(
      'labels-missing',
      `None of the ${train.length} training records has an answer to use as a label.`,
    );
  }
  if (labels.length === 1) {
    throw refuse(
      'labels-one',
      `All training records have the answer ${quoted(labels)}, so there is nothing to tell apart.`,
    );
  }
  if (labels.length > mostLabels) {
    throw refuse(
      'labels-too-many',
      `The training records have ${labels.length} different answers; a classifier learns at most ${mostLabels} labels.`,
    );
  }
  const rare = labels.filter((label) => (counts.get(label) ?? 0) < leastRecords);
  if (rare.length > 0) {
    const [verb, each] = rare.length === 1 ? ['is', ''] : ['are', ' each'];
    throw refuse(
      'labels-rare',
      `${quoted(rare)} ${verb} the answer of only one training record${each}; a label needs at least ${leastRecords}.`,
    );
  }
  return labels;
}

const shown = 5;

/** The first few, in quotes: `"billing", "repair" and 3 more`. */
export function quoted(labels: readonly string[]): string {
  const short = (label: string) => `"${label.length > 40 ? `${label.slice(0, 39)}…` : label}"`;
  const names = labels.slice(0, shown).map(short);
  const rest = labels.length - names.length;
  if (rest > 0) return `${names.join(', ')} and ${rest} more`;
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
