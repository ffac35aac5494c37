import { expect, it } from 'vitest';
import { accuracy } from '../../../main/metrics/accuracy.ts';

it('accuracy counts labels that are the same but for spaces around them', () => {
  const outputs = ['billing', ' billing\n', 'Billing', 'billing.'];
  const pairs = outputs.map((output) => ({ output, references: ['billing'] }));
  expect(accuracy.score(pairs)).toEqual({ value: 0.5, count: 4 });
  expect(accuracy.binary).toBe(true);
});
