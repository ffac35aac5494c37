// Losses of classifiers against their definitions, and batches of texts with labels.
import { describe, expect, test } from 'vitest';
import {
  classBatch,
  multiLabel,
  regression,
  targetBatch,
} from '../../../../main/training/tasks/classification.ts';
import { taskForProblem, tasks } from '../../../../main/training/tasks/index.ts';
import { createTrainer } from '../../../../main/training/trainer.ts';
import { logitsOf, plain } from '../../../conformance/training.ts';
import { openReference } from '../../../helpers/reference-model.ts';

const model = openReference('bert_classifier');
const texts = [{ ids: [2, 119, 177, 3], types: [0, 0, 1, 1] }, { ids: [2, 60, 130, 38, 69, 3] }];
const options = { width: 8, padId: 0 };

test('texts are padded on the right, and long ones are cut', () => {
  const batch = classBatch(
    texts.map((text, row) => ({ ...text, label: row })),
    { width: 5, padId: 9 },
  );
  expect([...batch.inputIds]).toEqual([2, 119, 177, 3, 9, 2, 60, 130, 38, 69]);
  expect([...(batch.segmentIds ?? [])]).toEqual([1, 1, 1, 1, 0, 1, 1, 1, 1, 1]);
  expect([...(batch.tokenTypeIds ?? [])]).toEqual([0, 0, 1, 1, 0, 0, 0, 0, 0, 0]);
  expect([...(batch.ends ?? [])]).toEqual([3, 9]);
  expect(batch.tokens).toBe(9);
});

test('weights of classes become weights of labels', () => {
  const batch = classBatch(
    texts.map((text, row) => ({ ...text, label: 2 * row })),
    { ...options, classWeights: [1, 2, 0.5] },
  );
  expect([...batch.weights]).toEqual([1, 0.5]);
});

describe('losses of numbers', () => {
  const targets = [
    [1, 0, 1],
    [0, 0.5, 0],
  ];
  const batch = targetBatch(
    texts.map((text, row) => ({ ...text, targets: targets[row] })),
    options,
  );
  const formulas = {
    'multi-label': (z: number, y: number) => Math.log(1 + Math.exp(z)) - z * y,
    regression: (z: number, y: number) => (z - y) ** 2,
  };

  test.each([multiLabel, regression])('$id', async (task) => {
    const logits = await logitsOf(model, 'cpu', batch);
    const formula = formulas[task.id as keyof typeof formulas];
    const expected = [...logits].map((z, i) => formula(z, targets.flat()[i]));
    const trainer = await createTrainer({ model, ...plain, task });
    const losses = await trainer.losses(batch);
    const { lossSum, weight } = await trainer.accumulate(batch);
    await trainer.release();
    expect(losses.length).toBe(6);
    losses.forEach((loss, i) => {
      expect(loss).toBeCloseTo(expected[i], 5);
    });
    expect(lossSum).toBeCloseTo(
      expected.reduce((sum, loss) => sum + loss, 0),
      5,
    );
    expect(weight).toBe(6);
  });
});

test('a problem type of config.json finds its loss', () => {
  expect(taskForProblem('multi_label_classification')).toBe(multiLabel);
  expect(taskForProblem('regression')).toBe(regression);
  expect(taskForProblem('single_label_classification')?.id).toBe('labels');
  expect(taskForProblem('ranking')).toBeUndefined();
  expect(new Set(tasks.map(({ id }) => id)).size).toBe(tasks.length);
});
