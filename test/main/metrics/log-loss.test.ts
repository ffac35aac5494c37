import { expect, it } from 'vitest';
import { logLoss } from '../../../main/metrics/log-loss.ts';

it('log loss of a certain mistake is large but finite', () => {
  expect(logLoss.scoreRecord({ probabilities: [1, 0], truth: 1 })).toBeCloseTo(-Math.log(2 ** -52), 10);
  expect(logLoss.scoreRecord({ probabilities: [0.25, 0.75], truth: 0 })).toBeCloseTo(Math.log(4), 12);
});
