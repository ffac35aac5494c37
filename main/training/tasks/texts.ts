// Texts as rows of a batch, one per row and padded on the right: what classifiers, masked models and encoder-decoders read.
import type { BatchArrays } from '../trainer.ts';

export interface Text {
  ids: ArrayLike<number>;
  /** Type of each token: 0 in the first text of a pair, 1 in the second. All 0 unless given. */
  types?: ArrayLike<number>;
}

type Laid = Pick<
  BatchArrays,
  'rows' | 'width' | 'inputIds' | 'positionIds' | 'segmentIds' | 'tokenTypeIds' | 'ends' | 'tokens'
>;

/** Lays texts in rows of `width` places; longer ones are cut at the end. Segments are 1 at tokens and 0 at padding. */
export function layTexts(texts: readonly Text[], { width, padId }: { width: number; padId: number }): Laid {
  const size = texts.length * width;
  const inputIds = new Int32Array(size).fill(padId);
  const segmentIds = new Int32Array(size);
  const tokenTypeIds = new Int32Array(size);
  const ends = new Int32Array(texts.length);
  texts.forEach(({ ids, types }, row) => {
    const length = Math.min(width, ids.length);
    const start = row * width;
    for (let place = 0; place < length; place++) {
      inputIds[start + place] = ids[place];
      segmentIds[start + place] = 1;
      tokenTypeIds[start + place] = types?.[place] ?? 0;
    }
    ends[row] = start + Math.max(0, length - 1);
  });
  const tokens = segmentIds.reduce((sum, seen) => sum + seen, 0);
  const positionIds = Int32Array.from({ length: size }, (_, i) => i % width);
  return { rows: texts.length, width, inputIds, positionIds, segmentIds, tokenTypeIds, ends, tokens };
}
