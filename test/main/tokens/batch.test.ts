import { describe, expect, it } from 'vitest';
import { type EncodedRecord, makeBatch, padBatch, recordsWithoutLabel } from '../../../main/tokens/batch.ts';
import { batchingRowsCheck } from '../../conformance/batching-rows.ts';

const record = (ids: number[], trained: number[]): EncodedRecord => ({ ids, trained });

it('rows, labels, truncation and token masks are those of the reference', async () => {
  const folder = `${import.meta.dirname}/../../reference/batching`;
  const rows: string[] = [];
  for await (const row of batchingRowsCheck.run(folder, { provider: 'cpu' })) {
    expect(row).toMatchObject({ status: 'passed' });
    rows.push(row.quantity);
  }
  expect(rows.length).toBeGreaterThan(10);
});

describe('packed rows (C03)', () => {
  const records = [record([1, 5, 6, 7], [0, 1, 1, 1]), record([1, 8, 9], [1, 1, 1]), record([2, 3], [0, 1])];
  const plan = [
    [
      { record: 0, start: 0, length: 4 },
      { record: 1, start: 0, length: 3 },
    ],
    [{ record: 2, start: 0, length: 2 }],
  ];
  const batch = makeBatch(records, plan, { padId: 0, multipleOf: 8 });

  it('use no label across a border, even where the first token of a record is trained', () => {
    expect([...batch.labelRows]).toEqual([0, 1, 2, 4, 5, 8]);
    expect([...batch.labels]).toEqual([5, 6, 7, 8, 9, 3]);
  });

  it('number segments and positions per record, and tell padding by segment', () => {
    expect([...batch.segmentIds]).toEqual([0, 0, 0, 0, 1, 1, 1, -1, 0, 0, -1, -1, -1, -1, -1, -1]);
    expect([...batch.positionIds]).toEqual([0, 1, 2, 3, 0, 1, 2, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    expect(batch.records).toEqual([[0, 1], [2]]);
    expect([batch.tokens, batch.labelTokens, batch.width]).toEqual([9, 6, 8]);
  });

  it('a piece of a record learns nothing from the piece before it', () => {
    const piece = makeBatch(records, [[{ record: 0, start: 2, length: 2 }]], { padId: 0 });
    expect([...piece.labels]).toEqual([7]);
  });
});

it('a padded EOS is padding by position, a real one is learned (B02)', () => {
  const eos = 2;
  const batch = padBatch([record([5, 6, eos], [0, 1, 1]), record([7, eos], [0, 1])], { padId: eos });
  expect([...batch.inputIds]).toEqual([5, 6, eos, 7, eos, eos]);
  expect([...batch.labels]).toEqual([6, eos, eos]);
  expect([...batch.segmentIds]).toEqual([0, 0, 0, 0, 0, -1]);
});

it('padding on the left moves rows to the end', () => {
  const batch = padBatch([record([5, 6], [0, 1]), record([7, 8, 9], [0, 1, 1])], {
    padId: 0,
    padding: 'left',
  });
  expect([...batch.inputIds]).toEqual([0, 5, 6, 7, 8, 9]);
  expect([...batch.positionIds]).toEqual([0, 0, 1, 0, 1, 2]);
  expect([...batch.labelRows]).toEqual([1, 3, 4]);
});

it('empty rows can be asked for, and weights travel with their labels', () => {
  const weighted = { ids: [5, 6, 7], trained: [0, 1, 1], weights: [9, 0.5, 2] };
  const batch = padBatch([weighted], { padId: 0, rows: 3 });
  expect(batch.rows).toBe(3);
  expect([...batch.weights]).toEqual([0.5, 2]);
  expect([...batch.segmentIds.subarray(3)]).toEqual([-1, -1, -1, -1, -1, -1]);
});

it('records without a label are named (C04)', () => {
  const records = [
    record([1, 2], [0, 1]),
    record([1, 2], [1, 0]),
    record([1], [1]),
    record([1, 2, 3], [0, 0, 0]),
  ];
  expect(recordsWithoutLabel(records)).toEqual([1, 2, 3]);
});
