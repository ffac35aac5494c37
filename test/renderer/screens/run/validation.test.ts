import { expect, test } from 'vitest';
import type { ValidationPoint } from '../../../../main/contract/runs.ts';
import { bestNote, bestPoint, bestWords, measureWords } from '../../../../renderer/screens/run/validation.ts';

const runOf = (validationMetric: 'loss' | 'accuracy', bestStep: number | null = 20) => ({
  bestStep,
  validationLoss: bestStep === null ? null : 0.5,
  recipe: { settings: { validationMetric } },
});
const points: ValidationPoint[] = [
  { step: 0, loss: 1.1, tokens: 12, best: false, score: 0.25 },
  { step: 10, loss: 0.4, tokens: 12, best: true, score: 0.75 },
  { step: 20, loss: 0.5, tokens: 12, best: true, score: 0.875 },
  { step: 30, loss: 0.6, tokens: 12, best: false, score: 0.5 },
];

test('the best validation is the one of the measure that the recipe names', () => {
  expect(bestPoint(runOf('loss'), points)?.step).toBe(10);
  expect(bestPoint(runOf('accuracy'), points)?.step).toBe(20);
  expect(bestPoint(runOf('accuracy'), [])).toBeNull();
});

test('the measure is shown with its newest and its best value', () => {
  expect(bestWords(runOf('accuracy'), points)).toMatch(
    /^Right labels \(accuracy\) 0\.50*; best 0\.8750* at step 20$/,
  );
  expect(bestWords(runOf('loss', 10), points)).toMatch(/^best 0\.40* at step 10$/);
  expect(bestWords(runOf('accuracy', null), [])).toBeNull();
  expect(bestWords(runOf('loss', null), [])).toBeNull();
});

test('the note in the chart says by what it is the best', () => {
  expect(bestNote(runOf('accuracy'), points[2])).toMatch(/^best by Right labels \(accuracy\), 0\.875/);
  expect(bestNote(runOf('loss'), points[1])).toMatch(/^best validation 0\.40*$/);
});

test('what ranks runs is told inside a sentence', () => {
  expect(measureWords('loss')).toBe('the validation loss');
  expect(measureWords('entities-f1')).toBe('"Labelled words (entity F1)"');
});
