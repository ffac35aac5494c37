// Proof of an export (RULES.md 11): what was written is opened again by our own loader, and its logits on
// fixed texts are held against those of the live model. Knows no format.
import type { Parity } from '../contract/exports.ts';
import type { TunedModel } from '../inference/weights.ts';
import { loadTokenizer, type Tokenizer } from '../tokens/tokenizer.ts';
import type { TrainingRecord } from '../training/data.ts';
import { declaredFeeds, prepare } from '../training/feeds.ts';
import { compileLogits } from '../training/programs.ts';
import { createSession } from '../training/session.ts';
import { taskTypeOf } from '../training/tasks/index.ts';
import type { BatchArrays } from '../training/trainer.ts';

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
  const { predicts } = taskTypeOf(live.model);
  const all = await parityTexts(await loadTokenizer(folder), live.model.shape.contextLength);
  let largest = 0;
  let difference = 0;
  let agreed = 0;
  let positions = 0;
  for (const [index, ids] of all.entries()) {
    const target = all[(index + 1) % all.length];
    const expected = await probe(live, ids, target);
    const found = await probe(written, ids, target);
    const outputs = Math.min(expected.outputs, found.outputs);
    for (let position = 0; position < expected.positions; position++) {
      const at = ({ logits, outputs: own }: Probed) =>
        logits.subarray(position * own, position * own + outputs);
      const [a, b] = [at(expected), at(found)];
      for (let i = 0; i < outputs; i++) {
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
  const counted = `${agreed} of ${positions} ${predicts} agree, and ${near}`;
  const others = positions - agreed;
  const differs = `${others} of ${positions} ${predicts} are others, and logits differ by up to ${number}`;
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

interface Probed {
  /** [positions, outputs] */
  logits: Float32Array;
  positions: number;
  outputs: number;
}

/**
 * All that the output layer gives for one text: logits of each next token, of the labels, or, for an encoder-decoder, of
 * each token of a given `target`.
 */
async function probe(tuned: TunedModel, ids: readonly number[], target: readonly number[]): Promise<Probed> {
  const { model } = tuned;
  const record: TrainingRecord = {
    recordId: '',
    ids: Int32Array.from(ids),
    trained: new Uint8Array(ids.length),
    target: Int32Array.from(model.architecture.task === 'seq2seq' ? target : [0]),
    labels: 1,
    truncated: false,
  };
  const rows = [[{ record: 0, start: 0, length: ids.length }]];
  const taskType = taskTypeOf(model);
  const batch = taskType.lay([record], { rows, width: ids.length }, model, 0);
  const places = taskType.placesOf(batch);
  const logits = await logitsOfBatch(tuned, batch);
  const positions = batch.targetWidth === undefined ? places : Math.min(places, target.length); // without padding
  return { logits, positions, outputs: logits.length / places };
}

/** Logits [tokens, vocabulary] of one text that a decoder goes on from. */
export async function logitsOf(tuned: TunedModel, ids: readonly number[]): Promise<Float32Array> {
  return (await probe(tuned, ids, ids)).logits;
}

async function logitsOfBatch({ model, weights }: TunedModel, batch: BatchArrays): Promise<Float32Array> {
  const { shape, feeds } = prepare(batch);
  const program = compileLogits(shape, {
    model,
    pages: weights?.pages ?? [],
    sites: weights?.sites ?? [],
    provider: 'cpu',
    recompute: 'off',
    dropout: 0,
    labelSmoothing: 0,
  });
  const session = await createSession(program, { weightsFolder: model.weightsFolder });
  try {
    const { logits } = await session.run({
      ...declaredFeeds(program, feeds),
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
