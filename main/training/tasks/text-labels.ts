// Encoders that choose one label: the answers of the training records are the labels of a new output layer.
import { labelsOf, problemOf, singleLabel, withNewHead, withOwnHead } from '../../models/new-head.ts';
import { labelsFrom } from './answer-labels.ts';
import { classBatch } from './classification.ts';
import { labels } from './labels.ts';
import { textClasses } from './text-classes.ts';

export const textLabels = textClasses({
  loss: labels,
  measures: ['loss', 'accuracy', 'exact-match', 'f1-macro'],
  predicts: 'labels',
  smooths: true,
  /** A head for these labels; the one that the model has where it is for the same ones. */
  prepare: (model, train, headFile, seed) => {
    const wanted = labelsFrom(train);
    const own = [...(labelsOf(model) ?? [])].sort();
    if (problemOf(model) === singleLabel && own.join('\n') === wanted.join('\n')) return withOwnHead(model);
    const head = { objective: 'classification', labels: wanted, problemType: singleLabel } as const;
    return withNewHead(model, head, headFile, seed);
  },
  aims: (model) => {
    const ids = new Map(labelsOf(model)?.map((label, id) => [label, id]));
    return (answer) => {
      const id = ids.get(answer);
      return id === undefined ? 'unknown' : { target: Int32Array.of(id) };
    };
  },
  batch: (texts, options) =>
    classBatch(
      texts.map(({ ids, types, target }) => ({ ids, types, label: target?.[0] ?? 0 })),
      options,
    ),
});
