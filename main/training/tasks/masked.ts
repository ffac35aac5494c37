// Masked tokens (Devlin et al. 2019, section 3.1): 15 % of a text are to be told; of these 80 % are replaced by the mask
// token, 10 % by a random one, and 10 % stay. The choice is a function of the seed alone.
import { createRandom } from '../../tokens/random.ts';
import type { BatchArrays } from '../trainer.ts';
import { layTexts, type Text } from './texts.ts';

/** A text with masks, and at each place the token to tell; -100 where none is. */
export interface MaskedText extends Text {
  labels: ArrayLike<number>;
}

export interface MaskingOptions {
  maskId: number;
  vocabularySize: number;
  /** Tokens that are never to be told, such as [CLS] and [SEP]. */
  special: ReadonlySet<number>;
  seed: number;
  /** Share of the tokens that are to be told. */
  share?: number;
}

/** Chooses what is to be told; at least one token, where a text has any. */
export function maskText(text: Text, options: MaskingOptions): MaskedText {
  const { maskId, vocabularySize, special, seed, share = 0.15 } = options;
  const random = createRandom(seed);
  const ids = Int32Array.from(text.ids);
  const labels = new Int32Array(ids.length).fill(-100);
  const places = [...ids.keys()].filter((place) => !special.has(ids[place]));
  const chosen = places.filter(() => random.next() < share);
  if (chosen.length === 0 && places.length > 0) chosen.push(places[random.below(places.length)]);
  for (const place of chosen) {
    labels[place] = ids[place];
    const fate = random.next();
    if (fate < 0.8) ids[place] = maskId;
    else if (fate < 0.9) ids[place] = random.below(vocabularySize);
  }
  return { ...text, ids, labels };
}

/** A batch whose labels lie at the places they are of: also for classes of tokens. */
export function placeBatch(
  texts: readonly MaskedText[],
  { width, padId }: { width: number; padId: number },
): BatchArrays {
  const labelRows: number[] = [];
  const labels: number[] = [];
  texts.forEach((text, row) => {
    for (let place = 0; place < Math.min(width, text.labels.length); place++) {
      if (text.labels[place] === -100) continue;
      labelRows.push(row * width + place);
      labels.push(text.labels[place]);
    }
  });
  return {
    ...layTexts(texts, { width, padId }),
    labelRows: Int32Array.from(labelRows),
    labels: Int32Array.from(labels),
    weights: new Float32Array(labels.length).fill(1),
  };
}
