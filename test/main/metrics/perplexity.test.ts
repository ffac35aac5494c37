import { expect, it } from 'vitest';
import { perplexity } from '../../../main/metrics/perplexity.ts';

it('perplexity is exp of the token-weighted loss, not a mean of perplexities', () => {
  const records = [
    { sum: 3, tokens: 1, bytes: 1 },
    { sum: 20, tokens: 10, bytes: 1 },
    { sum: 100, tokens: 100, bytes: 1 },
  ];
  expect(perplexity.score(records).value).toBeCloseTo(3.0286, 4);
});
