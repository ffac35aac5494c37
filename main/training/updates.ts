// Which records make which update: epochs are shuffled by seed, cut into groups of `batchSize` records, and each group is
// laid out in micro-batches of few shapes. Pure and equal on every machine, so that resuming needs no stored order.
// The last group of an epoch is smaller, and is trained on all the same (field case C02).
import { type Batch, makeBatch } from '../tokens/batch.ts';
import { fillRows, type Piece } from '../tokens/packing.ts';
import { createRandom, mixSeed, shuffle } from '../tokens/random.ts';
import { chooseWidths } from '../tokens/widths.ts';
import type { TrainingRecord } from './data.ts';
import type { BatchArrays } from './trainer.ts';

export interface UpdateOptions {
  seed: number;
  /** Records per update. */
  batchSize: number;
  /** May be a fraction: 0.5 ends in the middle of the first epoch. */
  epochs: number;
  /** Several records in one row, which do not see each other. */
  packing: boolean;
  /** Longest record, in tokens. */
  maxLength: number;
  /** Tokens with padding that one micro-batch holds at most; at least one row. */
  microBatchTokens: number;
}

export interface MicroBatchPlan {
  rows: Piece[][];
  width: number;
}

export interface UpdatePlan {
  stepsPerEpoch: number;
  steps: number;
  /** Micro-batches of update `step`, counted from 0. */
  batchesOf(step: number): MicroBatchPlan[];
}

export function planUpdates(lengths: readonly number[], options: UpdateOptions): UpdatePlan {
  const { seed, batchSize, epochs, packing, maxLength } = options;
  const stepsPerEpoch = Math.max(1, Math.ceil(lengths.length / batchSize));
  const steps = Math.max(1, Math.round(stepsPerEpoch * epochs));
  const widths = packing
    ? packedWidths(lengths, maxLength)
    : chooseWidths(lengths, maxLength, 4, maxLength < 64 ? 16 : 64);
  let known = -1;
  let order: number[] = [];
  return {
    stepsPerEpoch,
    steps,
    batchesOf: (step) => {
      const epoch = Math.floor(step / stepsPerEpoch);
      if (epoch !== known) {
        known = epoch;
        order = shuffle(
          lengths.map((_, record) => record),
          createRandom(mixSeed(seed, epoch)),
        );
      }
      const start = (step % stepsPerEpoch) * batchSize;
      return layOut(order.slice(start, start + batchSize), lengths, widths, options);
    },
  };
}

/**
 * The usual width of packed rows, which fill better the more records fit, but cost attention to what is not seen; and
 * where there are longer records, a second one for rows that hold one of them.
 */
function packedWidths(lengths: readonly number[], maxLength: number): number[] {
  const longest = Math.min(maxLength, Math.max(1, ...lengths));
  const mean =
    lengths.reduce((sum, length) => sum + Math.min(length, maxLength), 0) / Math.max(1, lengths.length);
  const usual = Math.min(512, 4 * mean);
  const rounded = (width: number) => Math.ceil(width / 32) * 32;
  return longest > 1.25 * usual ? [rounded(usual), rounded(longest)] : [rounded(Math.max(longest, usual))];
}

/** Packs or groups records by width, and cuts them into micro-batches that hold at most `microBatchTokens`. */
function layOut(
  records: readonly number[],
  lengths: readonly number[],
  widths: readonly number[],
  { packing, maxLength, microBatchTokens }: UpdateOptions,
): MicroBatchPlan[] {
  const cut = (record: number) => Math.min(lengths[record], maxLength);
  const rows: Piece[][] = packing
    ? fillRows(records.map(cut), widths[widths.length - 1], 'bfd', widths[0]).map((row) =>
        row.map((piece) => ({ ...piece, record: records[piece.record] })),
      )
    : records.map((record) => [{ record, start: 0, length: cut(record) }]);
  const widthOf = (row: Piece[]) => {
    const length = row.reduce((sum, piece) => sum + piece.length, 0);
    return widths.find((width) => width >= length) ?? widths[widths.length - 1];
  };
  const plans: MicroBatchPlan[] = [];
  for (const width of widths) {
    const mine = rows.filter((row) => widthOf(row) === width);
    const perBatch = Math.max(1, Math.floor(microBatchTokens / width));
    for (let start = 0; start < mine.length; start += perBatch) {
      plans.push({ rows: mine.slice(start, start + perBatch), width });
    }
  }
  return plans;
}

/** The arrays of a micro-batch. Rows with one record each need no segments: causality alone keeps padding out. */
export function batchArrays(
  records: readonly TrainingRecord[],
  plan: MicroBatchPlan,
  padId: number,
): BatchArrays & { tokens: number } {
  const batch: Batch = makeBatch(records, plan.rows, { padId, width: plan.width });
  const single = plan.rows.every((row) => row.length === 1);
  return {
    rows: batch.rows,
    width: batch.width,
    inputIds: batch.inputIds,
    positionIds: batch.positionIds,
    ...(single ? {} : { segmentIds: batch.segmentIds }),
    labelRows: batch.labelRows,
    labels: batch.labels,
    weights: batch.weights,
    tokens: batch.tokens,
  };
}

/** Micro-batches that hold each record once, in order of length; for validation. */
export function planOnce(
  lengths: readonly number[],
  maxLength: number,
  microBatchTokens: number,
): MicroBatchPlan[] {
  const widths = chooseWidths(lengths, maxLength, 3, maxLength < 64 ? 16 : 64);
  const all = lengths.map((_, record) => record);
  return layOut(all, lengths, widths, {
    seed: 0,
    batchSize: all.length,
    epochs: 1,
    packing: false,
    maxLength,
    microBatchTokens,
  });
}
