// Encoded records to batches: fixed-width rows of ids with positions, segments and shifted labels. Pure
// functions; knows no tokenizer and no model. Which records go into which batch is decided in epoch.ts, how
// rows are filled in packing.ts.
import { assert } from '../errors.ts';
import type { Piece } from './packing.ts';

/** One record as the renderer gives it (`Rendered` fits). */
export interface EncodedRecord {
  ids: ArrayLike<number>;
  /** 1 where the token is learned. */
  trained: ArrayLike<number>;
  /** Weight of each token's loss; 1 unless given. */
  weights?: ArrayLike<number>;
}

/** Rows of tokens; lists of rows * width entries are row-major. */
export interface Batch {
  rows: number;
  width: number;
  /** [rows * width]; padding holds `padId` but is told by `segmentIds`, never by id. */
  inputIds: Int32Array;
  /** [rows * width]; from 0 in each segment, 0 in padding. */
  positionIds: Int32Array;
  /** [rows * width]; number of the segment in its row, -1 = padding. Tokens see only their own segment. */
  segmentIds: Int32Array;
  /** [labelTokens]; row * width + t of the position whose logits predict the label; ascending. */
  labelRows: Int32Array;
  /** [labelTokens]; the next token there. */
  labels: Int32Array;
  /** [labelTokens]; weight of each label's loss. */
  weights: Float32Array;
  /** Per row, the records in it (as numbered in the list that was packed). */
  records: number[][];
  /** Real tokens, padding not counted. */
  tokens: number;
  labelTokens: number;
}

export interface BatchOptions {
  padId: number;
  /** Width of the rows; the longest row unless given. */
  width?: number;
  /** Rows are widened to a multiple of this. */
  multipleOf?: number;
  /** Where padding goes; left is for generation. */
  padding?: 'right' | 'left';
  /** Rows are added until there are this many; they hold padding only. */
  rows?: number;
}

/**
 * Lays rows of pieces out. A label is a trained token with another token of the same piece before it, so none
 * reaches over a border between segments.
 */
export function makeBatch(
  records: readonly EncodedRecord[],
  plan: readonly (readonly Piece[])[],
  options: BatchOptions,
): Batch {
  const { padId, multipleOf = 1, padding = 'right' } = options;
  const lengths = plan.map((row) => row.reduce((sum, piece) => sum + piece.length, 0));
  const longest = Math.max(1, ...lengths);
  const width = Math.ceil((options.width ?? longest) / multipleOf) * multipleOf;
  const rows = Math.max(plan.length, options.rows ?? 0);
  assert(longest <= width || plan.length === 0, `a row of ${longest} tokens fits the width ${width}`);
  const inputIds = new Int32Array(rows * width).fill(padId);
  const positionIds = new Int32Array(rows * width);
  const segmentIds = new Int32Array(rows * width).fill(-1);
  const labelRows: number[] = [];
  const labels: number[] = [];
  const weights: number[] = [];
  plan.forEach((row, at) => {
    let flat = at * width + (padding === 'left' ? width - lengths[at] : 0);
    row.forEach((piece, segment) => {
      const { ids, trained, weights: given } = records[piece.record];
      for (let position = 0; position < piece.length; position++, flat++) {
        const token = piece.start + position;
        inputIds[flat] = ids[token];
        positionIds[flat] = position;
        segmentIds[flat] = segment;
        if (position === 0 || !trained[token]) continue;
        labelRows.push(flat - 1);
        labels.push(ids[token]);
        weights.push(given === undefined ? 1 : given[token]);
      }
    });
  });
  return {
    rows,
    width,
    inputIds,
    positionIds,
    segmentIds,
    labelRows: Int32Array.from(labelRows),
    labels: Int32Array.from(labels),
    weights: Float32Array.from(weights),
    records: plan.map((row) => row.map((piece) => piece.record)),
    tokens: lengths.reduce((sum, length) => sum + length, 0),
    labelTokens: labels.length,
  };
}

/** One record per row. */
export function padBatch(records: readonly EncodedRecord[], options: BatchOptions): Batch {
  const plan = records.map((record, at) => [{ record: at, start: 0, length: record.ids.length }]);
  return makeBatch(records, plan, options);
}

/** What must not be trained on (C04): records without a label, by position in `records`. */
export function recordsWithoutLabel(records: readonly Pick<EncodedRecord, 'trained'>[]): number[] {
  return records.flatMap(({ trained }, at) => {
    for (let token = 1; token < trained.length; token++) if (trained[token]) return [];
    return [at];
  });
}
