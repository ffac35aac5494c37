import { expect, test } from 'vitest';
import {
  clippedShare,
  healthOf,
  learningRateAt,
  meanOfLast,
  plannedRate,
} from '../../../../renderer/screens/run/health.ts';
import { balanced } from '../train/settings.ts';
import { metricAt, runWith } from './examples.ts';

const steps = (count: number, change: (step: number) => object = () => ({})) =>
  Array.from({ length: count }, (_, i) => metricAt(i + 1, change(i + 1)));
const checks = (losses: number[]) =>
  losses.map((loss, i) => ({ step: i * 50, loss, tokens: 100, best: false }));

test('the planned rate rises over the warm-up and falls to 0 at the end', () => {
  expect(learningRateAt(balanced, 0, 942)).toBe(0);
  expect(learningRateAt(balanced, 14, 942)).toBeCloseTo(1e-4, 10);
  expect(learningRateAt(balanced, 28, 942)).toBeCloseTo(2e-4, 10);
  expect(learningRateAt(balanced, 485, 942)).toBeCloseTo(1e-4, 10);
  expect(learningRateAt(balanced, 942, 942)).toBeCloseTo(0, 10);
  expect(learningRateAt({ ...balanced, schedule: 'linear' }, 485, 942)).toBeCloseTo(1e-4, 10);
  expect(learningRateAt({ ...balanced, schedule: 'constant' }, 900, 942)).toBe(2e-4);
  const planned = plannedRate(balanced, 548, 942);
  expect([planned[0]?.x, planned.at(-1)?.x]).toEqual([548, 942]);
  expect(plannedRate(balanced, 942, 942)).toEqual([]);
  const given = plannedRate(balanced, 50, 100, [0, 1, 3]);
  expect([given[0], given[25], given.at(-1)]).toEqual([
    { x: 50, y: 1 },
    { x: 75, y: 2 },
    { x: 100, y: 3 },
  ]);
});

test('a run whose loss is not a number says since when and why', () => {
  const note = healthOf(
    runWith(),
    steps(90, (step) => (step >= 88 ? { loss: Number.NaN } : {})),
    [],
  );
  expect(note.level).toBe('bad');
  expect(note.sentence).toBe(
    'Since step 88 the loss is not a number. The learning rate 0.0002 is probably too high.',
  );
});

test('a rising validation loss names the best step', () => {
  const note = healthOf(runWith(), steps(200), checks([2, 1.5, 1.6, 1.7]));
  expect(note.word).toBe('Validation rises');
  expect(note.sentence).toContain('since step 50');
  expect(healthOf(runWith(), steps(200), checks([2, 1.5, 1.4, 1.405])).level).toBe('good');
});

test('steps that are almost always clipped are a warning, but not the first few', () => {
  const clipped = (step: number) => ({ gradNorm: step % 10 === 0 ? 0.5 : 3 });
  expect(healthOf(runWith(), steps(40, clipped), []).word).toBe('Often clipped');
  expect(healthOf(runWith(), steps(20, clipped), []).level).toBe('good');
});

test('the share of clipped steps needs a limit', () => {
  expect(clippedShare([metricAt(1), metricAt(2, { gradNorm: 1.5 })], 1)).toBe(0.5);
  expect(clippedShare([metricAt(1)], 0)).toBeNull();
});

test('the mean of the last steps leaves out what is not a number', () => {
  const points = [metricAt(1, { loss: 9 }), metricAt(2, { loss: Number.NaN }), metricAt(3, { loss: 1 })];
  expect(meanOfLast(points, 2, (point) => point.loss)).toBe(1);
  expect(meanOfLast([], 20, (point) => point.loss)).toBeNull();
});
