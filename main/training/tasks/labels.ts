// Cross-entropy over labelled rows: next tokens, masked tokens, target tokens, classes of texts and of tokens. Inputs: rows
// and labels [labels] int32, weights [labels].
import { crossEntropy } from '../../compiler/cross-entropy.ts';
import type { Task } from './task.ts';

export const labels: Task = {
  id: 'labels',
  label: 'One label of many',
  problemType: 'single_label_classification',
  loss: ({ g, builder, result, labels: count, labelSmoothing, differentiable }) => {
    const rows = g.input('rows', [count], 'int32');
    const ids = g.input('labels', [count], 'int32');
    const weights = g.input('weights', [count]);
    const { hidden, table, bias } = builder.headProduct(result);
    return crossEntropy(g, hidden, table, rows, ids, weights, {
      labelSmoothing,
      bias,
      softcap: result.head.softcap,
      differentiable,
    });
  },
};
