import { expect, test } from 'vitest';
import {
  bucketMinMax,
  extent,
  lastAtOrBefore,
  linearTicks,
  logTicks,
  nearest,
  type Point,
  paddedDomain,
  smoothingWindow,
  toCsv,
  trailingMean,
} from '../../../../renderer/components/charts/series.ts';

const line = (length: number, y: (x: number) => number): Point[] =>
  Array.from({ length }, (_, x) => ({ x, y: y(x) }));

test('thinning keeps the limit, the order, the ends and a spike of one point', () => {
  const points = line(20_000, (x) => (x === 13_337 ? 99 : x === 5_001 ? -7 : Math.sin(x / 50)));
  const thin = bucketMinMax(points, 1000, (point) => point.y!);
  expect(thin.length).toBeLessThanOrEqual(1000);
  expect(thin.length).toBeGreaterThan(900);
  expect(thin[0]).toBe(points[0]);
  expect(thin.at(-1)).toBe(points.at(-1));
  expect(Math.max(...thin.map((point) => point.y!))).toBe(99);
  expect(Math.min(...thin.map((point) => point.y!))).toBe(-7);
  expect(thin.every((point, i) => i === 0 || point.x > thin[i - 1]!.x)).toBe(true);
});

test('thinning leaves a short list as it is', () => {
  const points = line(1000, (x) => x);
  expect(bucketMinMax(points, 1000, (point) => point.y!)).toEqual(points);
});

test('the smoothed line is the mean of the last steps and not of later ones', () => {
  const smoothed = trailingMean(
    line(6, (x) => x * 10),
    3,
  );
  expect(smoothed.map((point) => point.y)).toEqual([0, 5, 10, 20, 30, 40]);
});

test('a loss that is not a number is a gap and does not spoil what follows', () => {
  const smoothed = trailingMean(
    [
      { x: 0, y: 1 },
      { x: 1, y: Number.NaN },
      { x: 2, y: null },
      { x: 3, y: 3 },
      { x: 4, y: 5 },
    ],
    2,
  );
  expect(smoothed.map((point) => point.y)).toEqual([1, 1, null, 3, 4]);
});

test('the smoothing window is 20 steps and grows for long runs', () => {
  expect(smoothingWindow(300)).toBe(20);
  expect(smoothingWindow(5000)).toBe(100);
});

test('the extent ignores gaps and says when there is nothing', () => {
  expect(extent([[{ x: 0, y: null }], [{ x: 1, y: 2 }], [{ x: 2, y: Number.NaN }]])).toEqual([2, 2]);
  expect(extent([[{ x: 0, y: null }]])).toBeNull();
});

test('linear ticks are round and lie inside', () => {
  expect(linearTicks(1.13, 2.24, 5)).toEqual([1.2, 1.4, 1.6, 1.8, 2, 2.2]);
  expect(linearTicks(0, 942, 10)).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
  expect(linearTicks(5, 5, 4)).toEqual([5]);
});

test('log ticks are 1, 2, 5 steps over decades and linear within one', () => {
  expect(logTicks(0.015, 6)).toEqual([0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5]);
  expect(logTicks(1.2, 1.95)).toEqual([1.2, 1.4, 1.6, 1.8]);
});

test('an axis has room around the data and never starts below zero for a loss', () => {
  expect(paddedDomain([0.01, 2], 'linear')[0]).toBe(0);
  expect(paddedDomain([2, 2], 'linear')).toEqual([1.8, 2.2]);
  const [low, high] = paddedDomain([0.01, 1], 'log');
  expect(low).toBeGreaterThan(0);
  expect(high).toBeGreaterThan(1);
});

test('the cursor finds the nearest point and the newest one before it', () => {
  const points = [{ x: 0 }, { x: 50 }, { x: 100 }];
  expect(nearest(points, 70)?.x).toBe(50);
  expect(nearest(points, 80)?.x).toBe(100);
  expect(nearest([], 3)).toBeNull();
  expect(lastAtOrBefore(points, 99)?.x).toBe(50);
  expect(lastAtOrBefore(points, -1)).toBeNull();
});

test('CSV quotes what needs it and leaves missing values empty', () => {
  expect(
    toCsv(
      ['step', 'note'],
      [
        [1, 'a "b", c'],
        [2, null],
        [Number.NaN, 'line\nbreak'],
      ],
    ),
  ).toBe('step,note\r\n1,"a ""b"", c"\r\n2,\r\n,"line\nbreak"\r\n');
});
