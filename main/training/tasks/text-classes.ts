// What all classifiers of whole texts share: the prompt of a record is the text, and the answer is what the outputs are to
// give: a label, several, or a number. A record whose answer is no label has a text, but no label.
import type { DatasetRecord, RenderedRecord } from '../../contract/datasets.ts';
import { contentHash } from '../../datasets/record.ts';
import type { Model } from '../../models/load.ts';
import { labelsOf } from '../../models/new-head.ts';
import type { Tokenizer } from '../../tokens/tokenizer.ts';
import type { EncodedData, TrainingRecord } from '../data.ts';
import type { SurveyedRecord } from '../survey.ts';
import { targetBatch } from './classification.ts';
import { encodeTexts, pairFrame, typesOf } from './pairs.ts';
import { noAnswer, pairMark, questionOf } from './question.ts';
import type { EncodeCall, TaskType } from './task-type.ts';
import type { Text } from './texts.ts';

export const explainsEncoder =
  'This model reads a text and chooses a label: the different answers of a dataset, at most 200, become its labels. ' +
  'Answers may also be several labels, numbers, or the texts themselves with labelled words, as in [Anna](PER); texts ' +
  'without answers train it to tell masked words. ' +
  `Two texts with ${pairMark} between them are read as a pair. ` +
  'Chat templates and system messages play no part.';

/** What an answer asks of the outputs. */
export type Aim =
  | Required<Pick<TrainingRecord, 'target'>>
  | Required<Pick<TrainingRecord, 'targets'>>
  /** An answer that the outputs do not know; it counts as wrong. */
  | 'unknown'
  /** An answer that cannot be measured, with the reason. */
  | { refused: string };

/** A kind of answer. */
export interface AnswerKind extends Pick<TaskType, 'loss' | 'measures' | 'smooths' | 'predicts' | 'prepare'> {
  /** How answers are read for this model. */
  aims(model: Model): (answer: string) => Aim;
  /** Arrays of texts with their aims; `targetBatch` unless given. */
  batch?(
    texts: readonly (Text & Pick<TrainingRecord, 'target' | 'targets'>)[],
    options: { width: number; padId: number },
  ): ReturnType<typeof targetBatch>;
}

export function textClasses({ aims, batch: ownBatch, ...kind }: AnswerKind): TaskType {
  return {
    id: 'SEQ_CLS',
    peftTask: 'SEQ_CLS',
    autoClass: 'AutoModelForSequenceClassification',
    pipeline: 'text-classification',
    explains: explainsEncoder,
    packs: false,
    takesNoise: true,
    ...kind,
    encode: (call) => encodeAnswers(call, aims(call.model)),
    lay: (records, { rows, width }, model, padId) => {
      const texts = rows.map(([{ record }]) => records[record]);
      const outputs = labelsOf(model)?.length ?? 1;
      const batch =
        ownBatch?.(texts, { width, padId }) ??
        targetBatch(
          texts.map(({ ids, types, targets }) => ({
            ids,
            types,
            targets: [...(targets ?? new Float32Array(outputs))],
          })),
          { width, padId },
        );
      return { ...batch, tokens: texts.reduce((sum, { ids }) => sum + Math.min(width, ids.length), 0) };
    },
    placesOf: () => 1,
    survey: surveyTexts,
    render: renderText,
  };
}

async function encodeAnswers(
  { tokenizer, model, records, maxLength, onProgress }: EncodeCall,
  aimOf: (answer: string) => Aim,
): Promise<EncodedData> {
  const data: EncodedData = { records: [], withoutLabel: [], refused: [], unknown: [] };
  const questions = records.map(({ content }) => questionOf(content));
  const sources = await encodeTexts(
    tokenizer,
    questions.map((question) => question?.text ?? ''),
    maxLength,
  );
  const typed = await typesFor(tokenizer, model);
  records.forEach(({ id }, i) => {
    const question = questions[i];
    const aim = question === undefined ? { refused: noAnswer } : aimOf(question.answer);
    if (typeof aim === 'object' && 'refused' in aim) {
      data.refused.push({ recordId: id, sentence: aim.refused });
      return;
    }
    const { ids, length } = sources[i];
    const types = typed(ids);
    const record: TrainingRecord = {
      recordId: id,
      ids,
      trained: new Uint8Array(ids.length),
      ...(types === undefined ? {} : { types }),
      ...(aim === 'unknown' ? { target: new Int32Array() } : aim),
      labels: aim === 'unknown' ? 0 : 1,
      truncated: ids.length < length,
    };
    (aim === 'unknown' ? data.unknown : data.records)?.push(record);
  });
  onProgress?.(1);
  return data;
}

/** Types of the tokens of pairs, for models that read them. */
export async function typesFor(
  tokenizer: Tokenizer,
  { rawConfig }: Pick<Model, 'rawConfig'>,
): Promise<(ids: ArrayLike<number>) => Int32Array | undefined> {
  const { type_vocab_size: types } = rawConfig;
  if (typeof types === 'number' && types < 2) return () => undefined;
  const frame = await pairFrame(tokenizer);
  return (ids) => typesOf(ids, frame);
}

async function surveyTexts({
  tokenizer,
  records,
}: Pick<EncodeCall, 'tokenizer' | 'records'>): Promise<SurveyedRecord[]> {
  const questions = records.map(({ content }) => questionOf(content));
  const sources = await encodeTexts(
    tokenizer,
    questions.map((question) => question?.text ?? ''),
    Number.MAX_SAFE_INTEGER,
  );
  return records.map(({ id, split, content }, i) => ({
    id,
    split,
    hash: contentHash(content),
    length: sources[i].length,
    trained: Uint8Array.of(0, questions[i] === undefined ? 0 : 1), // one answer a text
    end: { id: -1, expected: false },
    refused: questions[i] === undefined ? noAnswer : null,
  }));
}

async function renderText(
  tokenizer: Tokenizer,
  model: Model,
  { content }: DatasetRecord,
): Promise<RenderedRecord> {
  const question = questionOf(content);
  const text = question?.text ?? '';
  const [{ ids }] = await encodeTexts(tokenizer, [text], Number.MAX_SAFE_INTEGER);
  const tokens: RenderedRecord['tokens'] = [...ids].map((id) => ({
    id,
    text: tokenizer.tokenOf(id) ?? '',
    trained: false,
  }));
  // the answer is no token; it stands behind the text as what is learned
  if (question !== undefined) tokens.push({ id: -1, text: question.answer, trained: true });
  const { contextLength } = model.shape;
  return { text, tokens, trainedTokens: question === undefined ? 0 : 1, contextLength };
}
