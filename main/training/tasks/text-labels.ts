// Encoders: the answers of the training records are the labels of a new output layer, and the prompt is the text. A record
// whose answer is no label has a text, but no label.
import type { DatasetRecord, RenderedRecord } from '../../contract/datasets.ts';
import { contentHash } from '../../datasets/record.ts';
import type { Model } from '../../models/load.ts';
import { labelsOf, singleLabel, withNewHead, withOwnHead } from '../../models/new-head.ts';
import type { EncodedData, TrainingRecord } from '../data.ts';
import type { SurveyedRecord } from '../survey.ts';
import { labelsFrom } from './answer-labels.ts';
import { classBatch } from './classification.ts';
import { encodeSources, noAnswer, questionOf } from './question.ts';
import type { EncodeCall, TaskType } from './task-type.ts';

export const textLabels: TaskType = {
  id: 'SEQ_CLS',
  autoClass: 'AutoModelForSequenceClassification',
  pipeline: 'text-classification',
  predicts: 'labels',
  explains:
    'This model reads a text and chooses a label: the different answers of a dataset, at most 200, become its labels. ' +
    'Chat templates and system messages play no part.',
  packs: false,
  takesNoise: true,
  prepare: withLabels,
  encode: encodeTexts,
  lay: (records, { rows, width }, _, padId) => {
    const texts = rows.map(([{ record }]) => records[record]);
    const batch = classBatch(
      texts.map(({ ids, target }) => ({ ids, label: target?.[0] ?? 0 })),
      { width, padId },
    );
    return { ...batch, tokens: texts.reduce((sum, { ids }) => sum + Math.min(width, ids.length), 0) };
  },
  placesOf: () => 1,
  survey: surveyTexts,
  render: async (tokenizer, model, { content }) => {
    const question = questionOf(content);
    const text = question?.text ?? '';
    const [{ ids }] = await encodeSources(tokenizer, [text], Number.MAX_SAFE_INTEGER);
    const tokens: RenderedRecord['tokens'] = [...ids].map((id) => ({
      id,
      text: tokenizer.tokenOf(id) ?? '',
      trained: false,
    }));
    // the label is no token; it stands behind the text as what is learned
    if (question !== undefined) tokens.push({ id: -1, text: question.answer, trained: true });
    const { contextLength } = model.shape;
    return { text, tokens, trainedTokens: question === undefined ? 0 : 1, contextLength };
  },
};

/** A head for these labels; the one that the model has where it is for the same ones. */
function withLabels(
  model: Model,
  train: readonly DatasetRecord[],
  headFile: string | null,
  seed: number,
): Model {
  const labels = labelsFrom(train);
  const own = [...(labelsOf(model) ?? [])].sort();
  const isSingle = (model.rawConfig.problem_type ?? singleLabel) === singleLabel;
  if (isSingle && own.join('\n') === labels.join('\n')) return withOwnHead(model);
  const head = { objective: 'classification', labels, problemType: singleLabel } as const;
  return withNewHead(model, head, headFile, seed);
}

async function encodeTexts({
  tokenizer,
  model,
  records,
  maxLength,
  onProgress,
}: EncodeCall): Promise<EncodedData> {
  const labels = new Map(labelsOf(model)?.map((label, id) => [label, id]));
  const data: EncodedData = { records: [], withoutLabel: [], refused: [], unknown: [] };
  const questions = records.map(({ content }) => questionOf(content));
  const sources = await encodeSources(
    tokenizer,
    questions.map((question) => question?.text ?? ''),
    maxLength,
  );
  records.forEach(({ id }, i) => {
    const question = questions[i];
    if (question === undefined) {
      data.refused.push({ recordId: id, sentence: noAnswer });
      return;
    }
    const { ids, length } = sources[i];
    const label = labels.get(question.answer);
    const record: TrainingRecord = {
      recordId: id,
      ids,
      trained: new Uint8Array(ids.length),
      target: Int32Array.from(label === undefined ? [] : [label]),
      labels: label === undefined ? 0 : 1,
      truncated: ids.length < length,
    };
    (label === undefined ? data.unknown : data.records)?.push(record);
  });
  onProgress?.(1);
  return data;
}

async function surveyTexts({
  tokenizer,
  records,
}: Pick<EncodeCall, 'tokenizer' | 'records'>): Promise<SurveyedRecord[]> {
  const questions = records.map(({ content }) => questionOf(content));
  const sources = await encodeSources(
    tokenizer,
    questions.map((question) => question?.text ?? ''),
    Number.MAX_SAFE_INTEGER,
  );
  return records.map(({ id, split, content }, i) => ({
    id,
    split,
    hash: contentHash(content),
    length: sources[i].length,
    trained: Uint8Array.of(0, questions[i] === undefined ? 0 : 1), // one label a text
    end: { id: -1, expected: false },
    refused: questions[i] === undefined ? noAnswer : null,
  }));
}
