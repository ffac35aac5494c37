// Noise on embeddings (NEFTune, Jain et al. 2023, https://arxiv.org/abs/2310.05914): uniform in
// +-alpha / sqrt(L d) with the length L of a text and the width d of its embeddings. L is that of each packed
// record; of a row that is one record it is the row with its padding, as transformers counts it.
import type { Random } from '../tokens/random.ts';
import type { BatchArrays } from './trainer.ts';

/** Values for the rows of embeddings, shape [rows * width, hidden]. Draws one number of `random` for each. */
export function embeddingNoise(
  random: Random,
  shape: readonly number[],
  batch: BatchArrays,
  alpha: number,
): Float32Array {
  const [places, hidden] = shape;
  const noise = new Float32Array(places * hidden);
  const lengths = textLengths(batch);
  for (let place = 0; place < places; place++) {
    const bound = alpha / Math.sqrt(lengths[place] * hidden);
    for (let i = place * hidden; i < (place + 1) * hidden; i++) noise[i] = (2 * random.next() - 1) * bound;
  }
  return noise;
}

/** For each place, the length in tokens of the text that it belongs to. */
function textLengths({ rows, width, segmentIds }: BatchArrays): Int32Array {
  const lengths = new Int32Array(rows * width).fill(width);
  if (segmentIds === undefined) return lengths;
  for (let row = 0; row < rows; row++) {
    const segments = segmentIds.subarray(row * width, (row + 1) * width);
    const counts = new Map<number, number>();
    for (const segment of segments) counts.set(segment, (counts.get(segment) ?? 0) + 1);
    segments.forEach((segment, i) => {
      lengths[row * width + i] = counts.get(segment) as number;
    });
  }
  return lengths;
}
