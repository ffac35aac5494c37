// Curves of runs: downsampling keeps spikes, resuming replaces points, nothing that is not a number is stored.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MetricPoint } from '../../../main/contract/runs.ts';
import { openStore, type ProjectStore, type Store } from '../../../main/store/index.ts';
import { downsample } from '../../../main/store/metrics.ts';
import { temporaryFolder } from '../../helpers/home.ts';

describe('downsample', () => {
  const curve = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 600 });

  test('never gives more than the limit, keeps order, first and last', () => {
    fc.assert(
      fc.property(curve, fc.integer({ min: 4, max: 100 }), (values, limit) => {
        const steps = downsample(
          values.map((value, step) => [step, value]),
          limit,
        );
        expect(steps.length).toBeLessThanOrEqual(Math.max(limit, 1));
        expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
        expect(steps[0]).toBe(0);
        expect(steps.at(-1)).toBe(values.length - 1);
      }),
    );
  });

  test('the lowest and the highest value of the whole curve survive', () => {
    fc.assert(
      fc.property(curve, fc.integer({ min: 4, max: 50 }), (values, limit) => {
        const kept = downsample(
          values.map((value, step) => [step, value]),
          limit,
        ).map((step) => values[step]);
        expect(Math.max(...kept)).toBe(Math.max(...values));
        expect(Math.min(...kept)).toBe(Math.min(...values));
      }),
    );
  });
});

describe('stored curves', () => {
  const { folder, remove } = temporaryFolder();
  let store: Store;
  let project: ProjectStore;
  const point = (step: number, loss: number): MetricPoint => ({
    step,
    epoch: step / 100,
    loss,
    learningRate: 1e-3,
    gradNorm: 1,
    tokensPerSecond: 1000,
    residentBytes: 3.5e9,
    secondsLeft: null,
    time: 1_700_000_000_000 + step,
  });

  beforeAll(() => {
    store = openStore(folder);
    project = store.createProject({ name: 'Curves', description: '', isSample: false });
    const train = Array.from({ length: 20_000 }, (_, step) =>
      point(step, step === 7777 ? 99 : 2 - step / 20_000),
    );
    project.runs.metrics.add('r', {
      train,
      validation: [
        { step: 50, loss: 2.1, tokens: 5000, best: true, score: 0.75 },
        { step: 100, loss: 1.9, tokens: 5000, best: true },
      ],
      samples: [],
    });
  });
  afterAll(() => {
    store.close();
    remove();
  });

  test('20,000 steps come back as at most 1,000 points with the one spike among them', () => {
    const { train, validation } = project.runs.metrics.read('r', -1, 1000);
    expect(train.length).toBeLessThanOrEqual(1000);
    expect(train.find((one) => one.loss === 99)).toEqual(point(7777, 99));
    expect(validation).toEqual([
      { step: 50, loss: 2.1, tokens: 5000, best: true, score: 0.75 },
      { step: 100, loss: 1.9, tokens: 5000, best: true },
    ]);
  });

  test('only points after a step are read when asked so', () => {
    expect(project.runs.metrics.read('r', 19_997, 1000).train.map((one) => one.step)).toEqual([
      19_998, 19_999,
    ]);
  });

  test('a step that is computed again replaces its point', () => {
    project.runs.metrics.add('r', { train: [point(19_999, 5)], validation: [], samples: [] });
    expect(project.runs.metrics.read('r', 19_998, 10).train).toEqual([point(19_999, 5)]);
  });

  test('a loss that is not a number is left out', () => {
    project.runs.metrics.add('n', {
      train: [point(0, Number.NaN), point(1, 1)],
      validation: [],
      samples: [],
    });
    expect(project.runs.metrics.read('n', -1, 10).train.map((one) => one.step)).toEqual([1]);
  });
});
