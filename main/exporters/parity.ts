// Proof of an export (RULES.md 11): what was written is opened again by our own loader, and its logits on
// fixed texts are held against those of the live model. Knows no format.
import type { ExportBase, Parity } from '../contract/exports.ts';
import type { TunedModel } from '../inference/weights.ts';
import { bitsOf, type QuantizationKind } from '../models/quantize-blocks.ts';
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
  const [found] = await differencesTo([live], written, folder);
  return parityOf(found, live, dtype);
}

/** A run over a base in few bits: the live model over either base, and what the files hold or need. */
export interface BothBases {
  original: TunedModel;
  quantized: TunedModel;
  kind: QuantizationKind;
  holds: ExportBase;
  /** The base is in the files; an adapter only needs it. */
  merges: boolean;
}

/**
 * As `compareParity`, against the model over the base that the files hold or need, which proves the files; and against
 * both, which tells how far they are from what was trained (field case D04).
 */
export async function compareBothBases(
  bases: BothBases,
  written: TunedModel,
  folder: string,
  dtype: keyof typeof tolerance,
): Promise<Parity> {
  const { original, quantized, kind, holds } = bases;
  const [toOriginal, toQuantized] = await differencesTo([original, quantized], written, folder);
  const own = holds === 'original' ? toOriginal : toQuantized;
  const overBases = {
    holds,
    kind,
    original: storedDifference(toOriginal),
    quantized: storedDifference(toQuantized),
    sentence: basesSentence(bases, { original: toOriginal, quantized: toQuantized }),
  };
  return { ...parityOf(own, original, dtype), overBases };
}

/** What two models give on the fixed texts. */
interface Difference {
  /** NaN where a logit is not a number. */
  maxLogitDifference: number;
  largestLogit: number;
  agreed: number;
  positions: number;
}

async function differencesTo(
  lives: readonly TunedModel[],
  written: TunedModel,
  folder: string,
): Promise<Difference[]> {
  const [{ model }] = lives;
  const all = await parityTexts(await loadTokenizer(folder), model.shape.contextLength);
  const differences = lives.map(
    (): Difference => ({ maxLogitDifference: 0, largestLogit: 0, agreed: 0, positions: 0 }),
  );
  for (const [index, ids] of all.entries()) {
    const target = all[(index + 1) % all.length];
    const found = await probe(written, ids, target);
    for (const [i, live] of lives.entries()) compare(await probe(live, ids, target), found, differences[i]);
  }
  return differences;
}

/** Adds one text to `difference`. */
function compare(expected: Probed, found: Probed, difference: Difference): void {
  const outputs = Math.min(expected.outputs, found.outputs);
  for (let position = 0; position < expected.positions; position++) {
    const at = ({ logits, outputs: own }: Probed) =>
      logits.subarray(position * own, position * own + outputs);
    const [a, b] = [at(expected), at(found)];
    for (let i = 0; i < outputs; i++) {
      difference.largestLogit = Math.max(difference.largestLogit, Math.abs(a[i]));
      const apart = Math.abs(a[i] - b[i]);
      if (!(apart <= difference.maxLogitDifference)) difference.maxLogitDifference = apart; // NaN is kept
    }
    difference.positions += 1;
    if (argmax(a) === argmax(b)) difference.agreed += 1;
  }
}

const agreementOf = ({ agreed, positions }: Difference): number => (positions === 0 ? 1 : agreed / positions);

const logitText = (difference: number): string =>
  Number.isNaN(difference) ? 'what is not a number' : difference.toPrecision(2);

/** JSON has no NaN. */
const storedDifference = (difference: Difference) => ({
  maxLogitDifference: Number.isNaN(difference.maxLogitDifference)
    ? Number.MAX_VALUE
    : difference.maxLogitDifference,
  topTokenAgreement: agreementOf(difference),
});

function parityOf(found: Difference, live: TunedModel, dtype: keyof typeof tolerance): Parity {
  const { predicts } = taskTypeOf(live.model);
  const { maxLogitDifference, largestLogit, agreed, positions } = found;
  const same =
    maxLogitDifference <= tolerance[dtype] * Math.max(1, largestLogit) &&
    agreementOf(found) >= leastAgreement[dtype];
  const number = logitText(maxLogitDifference);
  const near = maxLogitDifference === 0 ? 'all logits are equal' : `no logit differs by more than ${number}`;
  const counted = `${agreed} of ${positions} ${predicts} agree, and ${near}`;
  const others = positions - agreed;
  const differs = `${others} of ${positions} ${predicts} are others, and logits differ by up to ${number}`;
  const sentence =
    dtype === 'quantised'
      ? `Rounded: ${counted}.${same ? '' : ' A format with more bits is nearer.'}`
      : same
        ? `The same: ${counted} (${dtype}).`
        : `Differs: ${differs} (${dtype}).`;
  return { ...storedDifference(found), positions, same, sentence };
}

/** Names the base of the files, and says how far they are from the model over the other one, and why. */
function basesSentence(
  { original, kind, holds, merges }: BothBases,
  differences: Record<ExportBase, Difference>,
): string {
  const { predicts } = taskTypeOf(original.model);
  const told = ({ agreed, positions, maxLogitDifference }: Difference) =>
    `${agreed} of ${positions} ${predicts} agree, and logits differ by up to ${logitText(maxLogitDifference)}`;
  const bits = bitsOf[kind];
  if (holds === 'original') {
    const base = merges
      ? 'The adapter is merged into the original weights.'
      : 'The adapter is compared on the original weights.';
    return (
      `${base} It was trained, evaluated and asked in chat over the base in ${bits}; against that model, ` +
      `${told(differences.quantized)}. The difference is the error of quantization, which the adapter was learned with.`
    );
  }
  return (
    `The adapter is merged into the base in ${bits} as it stands, written as plain numbers: the files answer as the ` +
    `model was trained, evaluated and asked in chat. Against the adapter on the original weights, ${told(differences.original)}.`
  );
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
