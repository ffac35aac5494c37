import { expect, test } from 'vitest';
import { ValidationMetric } from '../../../main/contract/losses.ts';
import {
  bestRun,
  betterWhen,
  notComparable,
  type Ranked,
  sharedMeasure,
  standingBy,
} from '../../../main/contract/ranking.ts';
import { metricById } from '../../../main/metrics/index.ts';

function run(
  validationMetric: ValidationMetric,
  validationLoss: number | null,
  validationScore: number | null = null,
  { versionId = 'v4', modelId = 'm1', plan = null as Ranked['plan'] } = {},
): Ranked {
  const recipe = { versionId, modelId, settings: { validationMetric } };
  return { recipe, plan, validationLoss, validationScore };
}
const planned = (lossUnit: string) => ({ lossUnit }) as Ranked['plan'];

test('each measure is better in the direction that evaluations have it', () => {
  for (const measure of ValidationMetric.options)
    expect([measure, betterWhen(measure)]).toEqual([measure, metricById(measure).betterWhen]);
});

test('runs judged by the loss are ranked by it; those without a validation do not count', () => {
  const runs = [run('loss', null), run('loss', 1.412), run('loss', 1.402)];
  expect(bestRun(runs)).toBe(runs[2]);
  expect(bestRun([run('loss', null)])).toBeNull();
  expect(bestRun([])).toBeNull();
});

test('runs judged by one measure are ranked by it, whatever their losses, the first of equal ones', () => {
  const runs = [
    run('entities-f1', null),
    run('entities-f1', 0.2, 0.81),
    run('entities-f1', 0.4, 0.93),
    run('entities-f1', 0.3, 0.93),
  ];
  expect(sharedMeasure(runs)).toBe('entities-f1');
  expect(bestRun(runs)).toBe(runs[2]);
  const errors = [run('mean-absolute-error', 0.1, 4), run('mean-absolute-error', 0.2, 3)];
  expect(bestRun(errors)).toBe(errors[1]);
});

test('runs judged by different measures, and those from before measures were kept, are ranked by the loss', () => {
  const mixed = [run('accuracy', 0.5, 0.9), run('loss', 0.4)];
  expect(sharedMeasure(mixed)).toBe('loss');
  expect(bestRun(mixed)).toBe(mixed[1]);
  const early = [run('accuracy', 0.5, 0.99), run('accuracy', 0.4)];
  expect(sharedMeasure(early)).toBe('loss');
  expect(bestRun(early)).toBe(early[1]);
  expect(standingBy(mixed[1], 'accuracy')).toBeNull();
});

test('runs on other data, another base model or another task are not ranked, and the reason is said', () => {
  const one = run('loss', 1);
  for (const [other, why] of [
    [run('loss', 2, null, { versionId: 'v5' }), 'dataset versions'],
    [run('loss', 2, null, { modelId: 'm2' }), 'base models'],
  ] as const) {
    expect(notComparable([one, other])).toContain(why);
    expect(bestRun([one, other])).toBeNull();
  }
  const tasks = ['nats per token', 'squared error'].map((unit) =>
    run('loss', 1, null, { plan: planned(unit) }),
  );
  expect(notComparable(tasks)).toContain('different tasks');
  expect(notComparable([tasks[0], one])).toBeNull(); // a run without a plan has no say
});
