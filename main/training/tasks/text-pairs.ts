// Encoder-decoders: the prompt is the text that the encoder reads, the answer with an end token behind it is what the
// decoder learns.
import type { RenderedRecord } from '../../contract/datasets.ts';
import { contentHash } from '../../datasets/record.ts';
import { AppError } from '../../errors.ts';
import type { Model } from '../../models/load.ts';
import type { Tokenizer } from '../../tokens/tokenizer.ts';
import type { EncodedData } from '../data.ts';
import type { SurveyedRecord } from '../survey.ts';
import { labels } from './labels.ts';
import { encodeSources, endOf, noAnswer, type Question, questionOf } from './question.ts';
import { pairBatch } from './seq2seq.ts';
import type { EncodeCall, TaskType } from './task-type.ts';

/** Widths of targets are multiples of this, so that few shapes occur. */
const targetStep = 16;

export const textPairs: TaskType = {
  id: 'SEQ_2_SEQ_LM',
  peftTask: 'SEQ_2_SEQ_LM',
  loss: labels,
  autoClass: 'AutoModelForSeq2SeqLM',
  pipeline: 'text2text-generation',
  predicts: 'next tokens',
  explains:
    'This model reads a text and writes another: the prompt and the answer of each record. ' +
    'Chat templates and system messages play no part.',
  packs: false,
  takesNoise: false, // two texts are embedded, and the method is not defined for that
  smooths: true,
  prepare: (model, train) => {
    if (train.some(({ content }) => questionOf(content) !== undefined)) return model;
    throw new AppError(
      'answers-missing',
      `None of the ${train.length} training records has an answer, which "${model.name}" would learn to write.`,
      'Shape the dataset as prompts with answers, or choose a model that continues texts.',
    );
  },
  encode: encodePairs,
  lay: (records, { rows, width }, model, padId) => {
    const pairs = rows.map(([{ record }]) => records[record]);
    const longest = Math.max(1, ...pairs.map(({ target }) => target?.length ?? 0));
    const batch = pairBatch(
      pairs.map(({ ids, target = new Int32Array() }) => ({ ids, target })),
      { width, targetWidth: Math.ceil(longest / targetStep) * targetStep, padId, startId: startOf(model) },
    );
    const size = ({ ids, target }: (typeof pairs)[number]) =>
      Math.min(width, ids.length) + (target?.length ?? 0);
    return { ...batch, tokens: pairs.reduce((sum, pair) => sum + size(pair), 0) };
  },
  placesOf: ({ targetWidth, width }) => targetWidth ?? width,
  survey: surveyPairs,
  render: renderPair,
};

/** First token that the decoder reads. */
export const startOf = ({ architecture, config }: Model): number => architecture.decoderStart?.(config) ?? 0;

interface Encoded {
  question: Question | undefined;
  ids: Int32Array;
  length: number;
  /** With its end token. */
  target: number[];
}

async function encodeAll(
  { tokenizer, model, records }: Pick<EncodeCall, 'tokenizer' | 'model' | 'records'>,
  maxLength: number,
): Promise<Encoded[]> {
  const questions = records.map(({ content }) => questionOf(content));
  const sources = await encodeSources(
    tokenizer,
    questions.map((question) => question?.text ?? ''),
    maxLength,
  );
  const answers = questions.map((question) => question?.answer ?? '');
  const targets = await tokenizer.encodePlainBatch(answers, { addSpecial: false });
  const end = endOf(tokenizer, model);
  return questions.map((question, i) => ({
    question,
    ...sources[i],
    target: [...targets[i].ids, ...(end === undefined ? [] : [end])],
  }));
}

async function encodePairs(call: EncodeCall): Promise<EncodedData> {
  const data: EncodedData = { records: [], withoutLabel: [], refused: [] };
  const encoded = await encodeAll(call, call.maxLength);
  call.records.forEach(({ id: recordId }, i) => {
    const { question, ids, length, target } = encoded[i];
    const cut = Int32Array.from(target.slice(0, call.maxLength)); // what is cut off does not end there
    if (question === undefined) data.refused.push({ recordId, sentence: noAnswer });
    else if (cut.length === 0) data.withoutLabel.push(recordId);
    else {
      const trained = new Uint8Array(ids.length);
      const truncated = ids.length < length || cut.length < target.length;
      data.records.push({ recordId, ids, trained, target: cut, labels: cut.length, truncated });
    }
  });
  call.onProgress?.(1);
  return data;
}

async function surveyPairs(
  call: Pick<EncodeCall, 'tokenizer' | 'model' | 'records'>,
): Promise<SurveyedRecord[]> {
  const encoded = await encodeAll(call, Number.MAX_SAFE_INTEGER);
  return call.records.map(({ id, split, content }, i) => {
    const { question, length, target } = encoded[i];
    return {
      id,
      split,
      hash: contentHash(content),
      length: Math.max(length, target.length),
      trained: new Uint8Array(target.length + 1).fill(1, 1), // a survey counts from the second place on
      end: { id: target.at(-1) ?? -1, expected: true },
      refused: question === undefined ? noAnswer : null,
    };
  });
}

async function renderPair(
  tokenizer: Tokenizer,
  model: Model,
  record: EncodeCall['records'][number],
): Promise<RenderedRecord> {
  const [{ question, ids, target }] = await encodeAll(
    { tokenizer, model, records: [record] },
    Number.MAX_SAFE_INTEGER,
  );
  const token = (trained: boolean) => (id: number) => ({ id, text: tokenizer.tokenOf(id) ?? '', trained });
  const learned = question === undefined ? [] : target;
  return {
    text: question === undefined ? '' : `${question.text}\n${question.answer}`,
    tokens: [...[...ids].map(token(false)), ...learned.map(token(true))],
    trainedTokens: learned.length,
    contextLength: model.shape.contextLength,
  };
}
