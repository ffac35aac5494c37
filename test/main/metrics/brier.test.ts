import { expect, it } from 'vitest';
import { brier } from '../../../main/metrics/brier.ts';

it('Brier takes class 1 of two classes, and sums over more', () => {
  expect(brier.scoreRecord({ probabilities: [0.25, 0.75], truth: 1 })).toBeCloseTo(0.0625, 12);
  expect(brier.scoreRecord({ probabilities: [0.5, 0.5, 0], truth: 2 })).toBeCloseTo(1.5, 12);
});
