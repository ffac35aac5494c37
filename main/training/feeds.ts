// Batches as the graphs take them: the shape that chooses a program, and its inputs by name. Labels are padded, so that few
// shapes occur; padding has weight 0.
import type { Program } from '../compiler/lowering.ts';
import type { BatchShape } from './programs.ts';
import type { Numbers } from './session.ts';
import type { BatchArrays } from './trainer.ts';

const labelBucket = 64;

export interface Prepared {
  shape: BatchShape;
  /** Everything that a batch can tell; a program takes what it declares (`declaredFeeds`). */
  feeds: Record<string, Numbers>;
  /** Sum of the weights. */
  weight: number;
}

export function prepare(batch: BatchArrays): Prepared {
  const { rows, width, segmentIds, tokenTypeIds, ends, targetIds, targetWidth, targets } = batch;
  const labels = targets === undefined ? paddedCount(batch) : batch.weights.length;
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

/** A multiple of 64, or all places where there are fewer. */
function paddedCount(batch: BatchArrays): number {
  const count = batch.labels.length;
  const most = batch.rows * (batch.targetWidth ?? batch.width);
  return Math.max(1, Math.min(most, Math.ceil(count / labelBucket) * labelBucket), count);
}

/** The feeds that a program has inputs for. */
export function declaredFeeds(
  program: Program,
  feeds: Readonly<Record<string, Numbers>>,
): Record<string, Numbers> {
  return Object.fromEntries(Object.entries(feeds).filter(([name]) => program.inputs.has(name)));
}
