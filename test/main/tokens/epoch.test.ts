import { describe, expect, it } from 'vitest';
import { chooseWidths, planEpoch } from '../../../main/tokens/epoch.ts';

const lengths = Array.from({ length: 500 }, (_, at) => 1 + ((at * 7919) % 300));
const common = { seed: 11, epoch: 0, packing: false, maxLength: 256 } as const;

function recordsOf(plan: ReturnType<typeof planEpoch>): number[] {
  return plan.flatMap(({ rows }) => rows.flatMap((row) => row.map((piece) => piece.record)));
}

describe('an epoch', () => {
  it('has every record once, in an order that seed and epoch decide', () => {
    const plan = planEpoch(lengths, { ...common, batchSize: 8 });
    expect([...recordsOf(plan)].sort((a, b) => a - b)).toEqual([...lengths.keys()]);
    expect(planEpoch(lengths, { ...common, batchSize: 8 })).toEqual(plan);
    expect(recordsOf(planEpoch(lengths, { ...common, batchSize: 8, epoch: 1 }))).not.toEqual(recordsOf(plan));
    expect(recordsOf(planEpoch(lengths, { ...common, batchSize: 8, seed: 12 }))).not.toEqual(recordsOf(plan));
  });

  it('counts its batches as records over batch size, rounded up', () => {
    expect(planEpoch(lengths.slice(0, 10), { ...common, batchSize: 4 })).toHaveLength(3);
  });

  it('wastes little on padding, since batches hold records of like length', () => {
    const plan = planEpoch(lengths, { ...common, batchSize: 8 });
    const padded = plan.reduce((sum, { rows, width }) => sum + rows.length * width, 0);
    const tokens = lengths.reduce((sum, length) => sum + Math.min(length, 256), 0);
    expect(tokens / padded).toBeGreaterThan(0.75);
    expect(plan.every(({ width }) => width % 64 === 0)).toBe(true);
  });

  it('keeps the token budget of a batch', () => {
    const plan = planEpoch(lengths, { ...common, maxTokensPerBatch: 1024 });
    for (const { rows, width } of plan) expect(rows.length * width).toBeLessThanOrEqual(1024);
    expect(recordsOf(plan)).toHaveLength(500);
  });

  it('packs records into rows of the longest width', () => {
    const plan = planEpoch(lengths, { ...common, packing: 'bfd', batchSize: 4 });
    expect([...recordsOf(plan)].sort((a, b) => a - b)).toEqual([...lengths.keys()]);
    const rows = plan.flatMap((batch) => batch.rows);
    const used = rows.flat().reduce((sum, piece) => sum + piece.length, 0);
    expect(used / (rows.length * 256)).toBeGreaterThan(0.97);
  });

  it('keeps the order of the records for evaluation, and leaves empty ones out', () => {
    const plan = planEpoch([3, 0, 5, 4], { ...common, batchSize: 2, shuffle: false });
    expect(recordsOf(plan)).toEqual([0, 2, 3]);
  });

  it('needs exactly one way to size batches', () => {
    expect(() => planEpoch(lengths, common)).toThrow(expect.objectContaining({ code: 'batch-size' }));
    expect(() => planEpoch(lengths, { ...common, batchSize: 1, maxTokensPerBatch: 9 })).toThrow();
  });
});

describe('widths', () => {
  it('are few, and the last reaches the longest record', () => {
    const widths = chooseWidths([...Array(90).fill(30), ...Array(9).fill(200), 1000], 1024, 3);
    expect(widths).toEqual([64, 256, 1024]);
  });

  it('are one where all records are alike', () => {
    expect(chooseWidths([100, 101, 102], 512)).toEqual([128]);
    expect(chooseWidths([], 512)).toEqual([64]);
  });

  it('are used by the plan', () => {
    const plan = planEpoch([10, 100, 200], { ...common, batchSize: 1, widths: [128, 256] });
    expect(plan.map(({ width }) => width).sort()).toEqual([128, 128, 256]);
  });
});
