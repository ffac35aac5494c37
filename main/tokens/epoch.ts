// Which records make which batch of an epoch: shuffled by seed and epoch, then packed or grouped by length.
// Equal input gives equal plans on every machine, so a plan need not be stored. Knows lengths only.
import { AppError } from '../errors.ts';
import { fillRows, type Packing, type Piece } from './packing.ts';
import { createRandom, mixSeed, shuffle } from './random.ts';

export interface EpochOptions {
  seed: number;
  /** From 0. Each epoch has its own order. */
  epoch: number;
  /** Rows per batch. Either this or `maxTokensPerBatch`. */
  batchSize?: number;
  /** Rows * width of a batch at most, padding counted; at least one row. */
  maxTokensPerBatch?: number;
  /** Fill rows with several records; false = one record a row. */
  packing: Packing | false;
  /**
   * Longest row: the width of packed rows, and where longer records are cut. The longest record unless given.
   */
  maxLength?: number;
  /**
   * Widths that rows may have, ascending; multiples of 64 unless given. The last one must reach `maxLength`.
   */
  widths?: readonly number[];
  /** False keeps the order of the records (evaluation). */
  shuffle?: boolean;
}

export interface BatchPlan {
  rows: Piece[][];
  width: number;
}

/** Batches whose records are looked at together: grouping by length within them keeps the order random. */
const batchesPerGroup = 32;

/**
 * The batches of one epoch. Every record of length > 0 is in exactly one of them (split ones piece by piece);
 * the last batch may have fewer rows.
 * @throws AppError `batch-size` without exactly one of `batchSize` and `maxTokensPerBatch`
 */
export function planEpoch(lengths: readonly number[], options: EpochOptions): BatchPlan[] {
  const { batchSize, maxTokensPerBatch } = options;
  const maxLength = options.maxLength ?? longestOf(lengths, Number.POSITIVE_INFINITY);
  if (
    (batchSize === undefined) === (maxTokensPerBatch === undefined) ||
    (batchSize ?? maxTokensPerBatch!) < 1
  ) {
    throw new AppError(
      'batch-size',
      'A batch needs either a number of rows or a number of tokens, at least 1.',
      'Set one of them.',
    );
  }
  const random = createRandom(mixSeed(options.seed, options.epoch));
  const order = Int32Array.from(lengths.keys()).filter((record) => lengths[record] > 0);
  const shuffled = options.shuffle !== false;
  if (shuffled) shuffle(order, random);
  const widthFor = (length: number): number =>
    widthOf(Math.min(length, maxLength), maxLength, options.widths);
  const rows =
    options.packing === false
      ? singleRows(order, lengths, maxLength)
      : packedRows(order, lengths, { ...options, maxLength }, options.packing);
  const tokensOf = (row: Piece[]): number => row.reduce((sum, piece) => sum + piece.length, 0);
  const sized = rows.map((row) => ({ row, width: widthFor(tokensOf(row)) }));
  const group = (batchSize ?? Math.ceil(maxTokensPerBatch! / maxLength)) * batchesPerGroup;
  const batches: BatchPlan[] = [];
  for (let start = 0; start < sized.length; start += group) {
    const members = sized.slice(start, start + group);
    if (shuffled) members.sort((a, b) => b.width - a.width); // stable: random within a width
    batches.push(...cut(members, batchSize, maxTokensPerBatch));
  }
  return shuffled ? shuffle(batches, random) : batches;
}

function singleRows(order: Int32Array, lengths: readonly number[], maxLength: number): Piece[][] {
  return Array.from(order, (record) => [{ record, start: 0, length: Math.min(lengths[record], maxLength) }]);
}

/** Packs the shuffled records in groups, so that which records share a row differs from epoch to epoch. */
function packedRows(
  order: Int32Array,
  lengths: readonly number[],
  options: EpochOptions & { maxLength: number },
  packing: Packing,
): Piece[][] {
  const recordsPerGroup = 4096; // enough to fill rows to over 99 %
  const rows: Piece[][] = [];
  for (let start = 0; start < order.length; start += recordsPerGroup) {
    const group = order.subarray(start, start + recordsPerGroup);
    const filled = fillRows(
      Array.from(group, (record) => lengths[record]),
      options.maxLength,
      packing,
    );
    for (const row of filled) rows.push(row.map((piece) => ({ ...piece, record: group[piece.record] })));
  }
  if (options.shuffle === false) return rows;
  return shuffle(rows, createRandom(mixSeed(options.seed, options.epoch, 1)));
}

function cut(
  members: readonly { row: Piece[]; width: number }[],
  batchSize: number | undefined,
  maxTokens: number | undefined,
): BatchPlan[] {
  const batches: BatchPlan[] = [];
  let rows: Piece[][] = [];
  let width = 0;
  for (const member of members) {
    const wider = Math.max(width, member.width);
    const full = batchSize === undefined ? (rows.length + 1) * wider > maxTokens! : rows.length === batchSize;
    if (full && rows.length > 0) {
      batches.push({ rows, width });
      rows = [];
      width = 0;
    }
    rows.push(member.row);
    width = Math.max(width, member.width);
  }
  if (rows.length > 0) batches.push({ rows, width });
  return batches;
}

function widthOf(length: number, maxLength: number, widths: readonly number[] | undefined): number {
  if (widths === undefined) return Math.ceil(length / 64) * 64;
  return widths.find((width) => width >= length) ?? Math.max(maxLength, widths[widths.length - 1]);
}

/**
 * At most `count` widths, multiples of `step`, that waste the fewest padding tokens on these lengths; the
 * last one reaches the longest. Few widths mean few sessions to create.
 */
export function chooseWidths(lengths: readonly number[], maxLength: number, count = 4, step = 64): number[] {
  const slots = Math.ceil(longestOf(lengths, maxLength) / step);
  const records = new Float64Array(slots + 1); // records whose smallest multiple is slot * step
  for (const length of lengths) if (length > 0) records[Math.ceil(Math.min(length, maxLength) / step)]++;
  const upTo = new Float64Array(slots + 1);
  for (let slot = 1; slot <= slots; slot++) upTo[slot] = upTo[slot - 1] + records[slot];
  // cost[k][s]: fewest row tokens for the records up to slot s with k widths, the last of them at s.
  let cost = Float64Array.from(upTo, (total, slot) => (slot === 0 ? 0 : total * slot));
  const choices: Int32Array[] = [];
  for (let used = 1; used < Math.min(count, slots); used++) {
    const next = new Float64Array(slots + 1);
    const choice = new Int32Array(slots + 1);
    for (let slot = 1; slot <= slots; slot++) {
      next[slot] = cost[slot];
      choice[slot] = slot;
      for (let before = 1; before < slot; before++) {
        const tokens = cost[before] + (upTo[slot] - upTo[before]) * slot;
        if (tokens < next[slot]) {
          next[slot] = tokens;
          choice[slot] = before;
        }
      }
    }
    choices.push(choice);
    cost = next;
  }
  const widths = [slots];
  for (const choice of choices.reverse()) {
    const before = choice[widths[0]];
    if (before !== widths[0]) widths.unshift(before);
  }
  return widths.map((slot) => slot * step);
}

/** At least 1, so that an empty list still has a width. */
function longestOf(lengths: readonly number[], limit: number): number {
  let longest = 1;
  for (const length of lengths) longest = Math.max(longest, Math.min(length, limit));
  return longest;
}
