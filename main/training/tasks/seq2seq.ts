// Texts out of texts, for encoder-decoders: the decoder reads the target one place later, after a start token, and each
// place learns the next target token.
import type { BatchArrays } from '../trainer.ts';
import { layTexts, type Text } from './texts.ts';

/** A source, and the tokens of its target; the last is the token that ends a text. */
export interface TextPair extends Text {
  target: ArrayLike<number>;
}

export interface PairOptions {
  width: number;
  targetWidth: number;
  padId: number;
  /** First token that the decoder reads. */
  startId: number;
}

export function pairBatch(pairs: readonly TextPair[], options: PairOptions): BatchArrays {
  const { targetWidth, padId, startId } = options;
  const ids = new Int32Array(pairs.length * targetWidth).fill(padId);
  const labelRows: number[] = [];
  const labels: number[] = [];
  pairs.forEach(({ target }, row) => {
    const start = row * targetWidth;
    ids[start] = startId;
    for (let place = 0; place < Math.min(targetWidth, target.length); place++) {
      if (place + 1 < targetWidth) ids[start + place + 1] = target[place];
      labelRows.push(start + place);
      labels.push(target[place]);
    }
  });
  return {
    ...layTexts(pairs, options),
    targetWidth,
    targetIds: ids,
    labelRows: Int32Array.from(labelRows),
    labels: Int32Array.from(labels),
    weights: new Float32Array(labels.length).fill(1),
  };
}
