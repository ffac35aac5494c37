import { describe, expect, it } from 'vitest';
import { batchArrays, planOnce, planUpdates } from '../../../main/training/updates.ts';

const options = { seed: 3, batchSize: 4, epochs: 1, packing: false, maxLength: 64, microBatchTokens: 64 };
const lengths = [5, 9, 30, 12, 7, 60, 3, 18, 22, 10];

const recordsOf = (plan: ReturnType<typeof planUpdates>, step: number) =>
  plan.batchesOf(step).flatMap(({ rows }) => rows.flat().map(({ record }) => record));

describe('planUpdates', () => {
  it('trains on the last, partial group too: 10 records in groups of 4 are 3 updates (C02)', () => {
    const plan = planUpdates(lengths, options);
    expect(plan.steps).toBe(3);
    const sizes = [0, 1, 2].map((step) => recordsOf(plan, step).length);
    expect(sizes).toEqual([4, 4, 2]);
    expect([0, 1, 2].flatMap((step) => recordsOf(plan, step)).sort((a, b) => a - b)).toEqual([
      ...lengths.keys(),
    ]);
  });

  it('gives the same updates whatever was asked for before, so that resuming needs no stored order', () => {
    const straight = planUpdates(lengths, { ...options, epochs: 3 });
    const resumed = planUpdates(lengths, { ...options, epochs: 3 });
    for (let step = 0; step < 5; step++) straight.batchesOf(step);
    expect(resumed.batchesOf(5)).toEqual(straight.batchesOf(5));
    expect(resumed.batchesOf(2)).toEqual(planUpdates(lengths, { ...options, epochs: 3 }).batchesOf(2));
  });

  it('shuffles each epoch anew', () => {
    const plan = planUpdates(lengths, { ...options, epochs: 2 });
    expect(recordsOf(plan, 0)).not.toEqual(recordsOf(plan, 3));
  });

  it('holds no more tokens in a micro-batch than it may, but at least one row', () => {
    const plan = planUpdates(lengths, { ...options, batchSize: 10, microBatchTokens: 100 });
    for (const { rows, width } of plan.batchesOf(0))
      expect(rows.length === 1 || rows.length * width <= 100).toBe(true);
  });

  it('packs every record whole, and only once', () => {
    const plan = planUpdates(lengths, { ...options, packing: true, batchSize: 10, microBatchTokens: 4096 });
    const pieces = plan.batchesOf(0).flatMap(({ rows }) => rows.flat());
    expect(pieces.map(({ record, length }) => [record, length]).sort((a, b) => a[0] - b[0])).toEqual(
      lengths.map((length, record) => [record, length]),
    );
  });

  it('ends in the middle of an epoch when the epochs are a fraction', () => {
    expect(planUpdates(lengths, { ...options, batchSize: 1, epochs: 0.5 }).steps).toBe(5);
  });

  it('plans one update for a batch that is larger than the dataset', () => {
    expect(planUpdates(lengths, { ...options, batchSize: 100 }).steps).toBe(1);
  });
});

describe('batchArrays', () => {
  const records = lengths.map((length, i) => ({
    recordId: String(i),
    ids: Int32Array.from({ length }, (_, k) => 100 * i + k),
    trained: new Uint8Array(length).fill(1),
    labels: length - 1,
    truncated: false,
  }));

  it('leaves segments out where causality alone keeps padding away', () => {
    const [plan] = planOnce([5, 9], 64, 64);
    expect(batchArrays(records, plan, 0).segmentIds).toBeUndefined();
  });

  it('counts tokens without padding', () => {
    const total = planOnce(lengths, 64, 4096).reduce(
      (sum, plan) => sum + batchArrays(records, plan, 0).tokens,
      0,
    );
    expect(total).toBe(lengths.reduce((sum, length) => sum + length, 0));
  });
});
