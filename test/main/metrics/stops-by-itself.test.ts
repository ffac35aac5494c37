import { expect, it } from 'vitest';
import { stopsByItself } from '../../../main/metrics/stops-by-itself.ts';

it('an answer cut at the limit did not stop by itself', () => {
  const pairs = [true, true, false, undefined].map((stopped) => ({ output: 'x', references: [], stopped }));
  expect(stopsByItself.score(pairs).value).toBe(0.5);
});
