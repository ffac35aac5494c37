// Encoders that say for each label whether a text has it: the answers are lists of labels, and each label of the training
// records is an output of its own, true from a probability of one half on.
import { AppError } from '../../errors.ts';
import { labelsOf, problemOf, separatorOf, withNewHead, withOwnHead } from '../../models/new-head.ts';
import { mostLabels, quoted } from './answer-labels.ts';
import { answersOf } from './answer-task.ts';
import { multiLabel } from './classification.ts';
import { labelsIn, separatorIn } from './label-sets.ts';
import { textClasses } from './text-classes.ts';

/** `problem_type` of classifiers that may give several labels. */
export const severalLabels = 'multi_label_classification';

const remedy = 'Write the labels of each record one on a line, or with commas between them.';

export const textLabelSets = textClasses({
  loss: multiLabel,
  measures: ['loss', 'label-sets', 'label-sets-f1-micro', 'label-sets-f1-macro'],
  predicts: 'labels',
  smooths: false,
  /** @throws AppError `labels-missing`, `labels-one`, `labels-too-many` */
  prepare: (model, train, headFile, seed) => {
    const answers = answersOf(train);
    const separator = separatorIn(answers) ?? (answers.some((answer) => answer.includes('\n')) ? '\n' : ', ');
    const sets = answers.map((answer) => labelsIn(answer, separator));
    const labels = [...new Set(sets.flat())].sort((a, b) => (a < b ? -1 : 1));
    const refuse = (code: string, sentence: string) => new AppError(code, sentence, remedy);
    if (labels.length === 0)
      throw refuse(
        'labels-missing',
        `None of the ${train.length} training records has a label in its answer.`,
      );
    if (sets.every(({ length }) => length === labels.length))
      throw refuse(
        'labels-one',
        `All training records have the labels ${quoted(labels)}, so there is nothing to tell apart.`,
      );
    if (labels.length > mostLabels)
      throw refuse(
        'labels-too-many',
        `The answers hold ${labels.length} different labels; a classifier learns at most ${mostLabels}.`,
      );
    const own = [...(labelsOf(model) ?? [])].sort((a, b) => (a < b ? -1 : 1));
    const isSame = own.join('\n') === labels.join('\n') && separatorOf(model) === separator;
    if (problemOf(model) === severalLabels && isSame) return withOwnHead(model);
    const head = { objective: 'classification', labels, problemType: severalLabels, separator } as const;
    return withNewHead(model, head, headFile, seed);
  },
  aims: (model) => {
    const labels = labelsOf(model) ?? [];
    const ids = new Map(labels.map((label, id) => [label, id]));
    const separator = separatorOf(model);
    return (answer) => {
      const targets = new Float32Array(labels.length);
      for (const label of labelsIn(answer, separator)) {
        const id = ids.get(label);
        if (id === undefined) return 'unknown';
        targets[id] = 1;
      }
      return { targets };
    };
  },
});
