// Batches as the graphs take them: the shape that chooses a program, and its inputs by name. Labels are padded, so that few
// shapes occur; padding has weight 0.
import { derivedFeeds, type Program } from '../compiler/lowering.ts';
import type { BatchShape } from './programs.ts';
import type { Numbers } from './session.ts';
import type { BatchArrays } from './trainer.ts';

/** Counts of labels that programs of one batch shape are made for: each takes a second, its padding little. */
const labelBuckets = 4;

export interface Prepared {
  shape: BatchShape;
  /** Everything that a batch can tell; a program takes what it declares (`declaredFeeds`). */
  feeds: Record<string, Numbers>;
  /** Sum of the weights. */
  weight: number;
}

export function prepare(batch: BatchArrays): Prepared {
  const { rows, width, segmentIds, tokenTypeIds, ends, targetIds, targetWidth, targets } = batch;
  const labels =
    targets === undefined
      ? paddedLabels(batch.labels.length, rows * (targetWidth ?? width))
      : batch.weights.length;
  const padded = <List extends Int32Array | Float32Array>(list: List, empty: List): List => {
    empty.set(list);
    return empty;
  };
  return {
    shape: { rows, width, labels, segments: segmentIds !== undefined, targetWidth },
    feeds: {
      ids: batch.inputIds,
      positions: batch.positionIds,
      tokenTypes: tokenTypeIds ?? new Int32Array(rows * width),
      ...(segmentIds === undefined ? {} : { segments: segmentIds }),
      ...(ends === undefined ? {} : { ends }),
      ...(targetIds === undefined ? {} : { targetIds }),
      ...(targets === undefined ? {} : { targets }),
      rows: padded(batch.labelRows, new Int32Array(labels)),
      labels: padded(batch.labels, new Int32Array(labels)),
      weights: padded(batch.weights, new Float32Array(labels)),
    },
    weight: batch.weights.reduce((sum, weight) => sum + weight, 0),
  };
}

/** Labels that a program is made for: one of four counts, so that few are made; of few places a multiple of 64. */
export function paddedLabels(labels: number, places: number): number {
  const step = Math.max(64, Math.ceil(places / labelBuckets));
  return Math.max(1, labels, Math.min(places, Math.ceil(labels / step) * step));
}

/** The feeds that a program has inputs for. As in transformers, the longest text of a batch decides how all are rotated. */
export function declaredFeeds(
  program: Program,
  feeds: Readonly<Record<string, Numbers>>,
): Record<string, Numbers> {
  const declared = Object.fromEntries(Object.entries(feeds).filter(([name]) => program.inputs.has(name)));
  const positions = feeds.positions as Int32Array;
  const lengths = () =>
    new Int32Array(positions.length).fill(1 + positions.reduce((most, one) => Math.max(most, one), 0));
  return { ...declared, ...derivedFeeds(program, positions, lengths) };
}
