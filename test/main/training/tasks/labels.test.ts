// Cross-entropy on the rows that have a label, wherever they lie.
import { expect, test } from 'vitest';
import { labels } from '../../../../main/training/tasks/labels.ts';
import { placeBatch } from '../../../../main/training/tasks/masked.ts';
import { createTrainer } from '../../../../main/training/trainer.ts';
import { logitsOf, plain } from '../../../conformance/training.ts';
import { openReference } from '../../../helpers/reference-model.ts';

test('the loss of a label is the logarithm of its share, of each chosen place', async () => {
  const model = openReference('bert_mlm');
  const batch = placeBatch([{ ids: [2, 119, 4, 4, 3], labels: [-100, -100, 177, 53, -100] }], {
    width: 6,
    padId: 0,
  });
  expect([...batch.labelRows]).toEqual([2, 3]);
  const logits = await logitsOf(model, 'cpu', batch);
  const expected = [177, 53].map((label, i) => {
    const row = logits.subarray((2 + i) * 512, (3 + i) * 512);
    return Math.log(row.reduce((sum, z) => sum + Math.exp(z), 0)) - row[label];
  });
  const trainer = await createTrainer({ model, ...plain, task: labels });
  const losses = await trainer.losses(batch);
  await trainer.release();
  expect(losses.length).toBe(2);
  for (const [i, loss] of losses.entries()) expect(loss).toBeCloseTo(expected[i], 4);
});
