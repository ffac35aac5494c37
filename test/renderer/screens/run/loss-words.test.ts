import { expect, test } from 'vitest';
import { lossUnitOf, lossWordsOf, sharedLossUnit } from '../../../../renderer/screens/run/loss-words.ts';
import { plan } from '../train/examples.ts';
import { runWith } from './examples.ts';

const tokens = runWith({ plan });
const numbers = runWith({ id: 'r8', plan: { ...plan, lossUnit: 'squared error' } });

test('a run names its loss by its task, and one without a plan as models that write text do', () => {
  expect(lossUnitOf(numbers)).toBe('squared error');
  expect(lossWordsOf(numbers)).toMatchObject({ short: 'squared error' });
  expect(lossUnitOf(runWith())).toBe('nats per token');
  expect(lossWordsOf(tokens)).toMatchObject({ short: 'nats/token' });
});

test('runs of different tasks share no unit; runs without a plan have no say', () => {
  expect(sharedLossUnit([tokens, runWith()])).toBe('nats per token');
  expect(sharedLossUnit([tokens, numbers])).toBeNull();
  expect(sharedLossUnit([])).toBeNull();
});
