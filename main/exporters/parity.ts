// Proof of an export (RULES.md 11): what was written is opened again by our own loader, and its logits on
// fixed texts are held against those of the live model. Knows no format.
import type { Parity } from '../contract/exports.ts';
import type { TunedModel } from '../inference/weights.ts';
import { loadTokenizer, type Tokenizer } from '../tokens/tokenizer.ts';
import { compileLogits } from '../training/programs.ts';
import { createSession } from '../training/session.ts';

const texts = [
  'The quick brown fox jumps over the lazy dog, and then it rests.',
  'Question: how long does the warranty last? Answer: two years.',
  '{"name": "Ada", "age": 36, "tags": ["a", "b"]}',
  'Bitte prüfen Sie 3.141 × 10⁵ Zeichen; 请检查。',
] as const;

/** Longest text compared, in tokens. */
const mostTokens = 64;

/**
 * Largest difference that rounding to this type explains, as a share of the largest logit. float32 files
 * differ only by the order of sums, and by a merge.
 */
const tolerance = { float32: 1e-4, float16: 1e-2, bfloat16: 6e-2, quantised: 0.3 } as const;
const leastAgreement = { float32: 1, float16: 0.98, bfloat16: 0.9, quantised: 0.8 } as const;

/** Token ids of the fixed texts. */
export async function parityTexts(tokenizer: Tokenizer, contextLength: number): Promise<number[][]> {
  const encodings = await tokenizer.encodePlainBatch(texts, { addSpecial: true });
  return encodings
    .map(({ ids }) => ids.slice(0, Math.min(mostTokens, contextLength)))
    .filter(({ length }) => length > 0);
}

/** Compares `written` with `live` on the fixed texts, in the tokens of the base model's folder. */
export async function compareParity(
  live: TunedModel,
  written: TunedModel,
  folder: string,
  dtype: keyof typeof tolerance,
): Promise<Parity> {
  const vocabulary = Math.min(live.model.shape.vocabularySize, written.model.shape.vocabularySize);
  const all = await parityTexts(await loadTokenizer(folder), live.model.shape.contextLength);
  let largest = 0;
  let difference = 0;
  let agreed = 0;
  let positions = 0;
  for (const ids of all) {
    const expected = await logitsOf(live, ids);
    const found = await logitsOf(written, ids);
    for (let position = 0; position < ids.length; position++) {
      const at = (logits: Float32Array, { model }: TunedModel) => {
        const start = position * model.shape.vocabularySize;
        return logits.subarray(start, start + vocabulary);
      };
      const [a, b] = [at(expected, live), at(found, written)];
      for (let i = 0; i < vocabulary; i++) {
        largest = Math.max(largest, Math.abs(a[i]));
        const apart = Math.abs(a[i] - b[i]);
        if (!(apart <= difference)) difference = apart; // NaN is kept
      }
      positions += 1;
      if (argmax(a) === argmax(b)) agreed += 1;
    }
  }
  const agreement = positions === 0 ? 1 : agreed / positions;
  const same = difference <= tolerance[dtype] * Math.max(1, largest) && agreement >= leastAgreement[dtype];
  const number = Number.isNaN(difference) ? 'what is not a number' : difference.toPrecision(2);
  const near = difference === 0 ? 'all logits are equal' : `no logit differs by more than ${number}`;
  const counted = `${agreed} of ${positions} next tokens agree, and ${near}`;
  const others = positions - agreed;
  const differs = `${others} of ${positions} next tokens are others, and logits differ by up to ${number}`;
  const sentence =
    dtype === 'quantised'
      ? `Rounded: ${counted}.${same ? '' : ' A format with more bits is nearer.'}`
      : same
        ? `The same: ${counted} (${dtype}).`
        : `Differs: ${differs} (${dtype}).`;
  return {
    maxLogitDifference: Number.isNaN(difference) ? Number.MAX_VALUE : difference,
    topTokenAgreement: agreement,
    positions,
    same,
    sentence,
  };
}

/** Logits [tokens, vocabulary] of one text. */
export async function logitsOf(
  { model, weights }: TunedModel,
  ids: readonly number[],
): Promise<Float32Array> {
  const width = ids.length;
  const program = compileLogits(
    { rows: 1, width, labels: 1, segments: false },
    {
      model,
      pages: weights?.pages ?? [],
      sites: weights?.sites ?? [],
      provider: 'cpu',
      recompute: 'off',
      dropout: 0,
      labelSmoothing: 0,
    },
  );
  const session = await createSession(program, { weightsFolder: model.weightsFolder });
  try {
    const { logits } = await session.run({
      ids: Int32Array.from(ids),
      positions: Int32Array.from(ids, (_, i) => i),
      ...weights?.parameters.named('p'),
    });
    return logits as Float32Array;
  } finally {
    await session.release();
  }
}

function argmax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}
