// Encoders on texts without answers: some words are masked, and the model learns to tell them (continued pretraining). Each
// update masks anew, as RoBERTa does; validation and evaluation mask each text always alike, so that losses can be compared.
import type { DatasetRecord, RecordContent, RenderedRecord } from '../../contract/datasets.ts';
import { contentHash } from '../../datasets/record.ts';
import { AppError } from '../../errors.ts';
import type { Model } from '../../models/load.ts';
import { mixSeed } from '../../tokens/random.ts';
import type { Tokenizer } from '../../tokens/tokenizer.ts';
import type { EncodedData, TrainingRecord } from '../data.ts';
import type { SurveyedRecord } from '../survey.ts';
import { labelledWords } from './labelled-words.ts';
import { labels } from './labels.ts';
import { type MaskedText, type MaskingOptions, maskText, placeBatch } from './masked.ts';
import { encodeSources, pairMark, questionOf, type Source } from './question.ts';
import type { EncodeCall, TaskType } from './task-type.ts';
import { explainsEncoder } from './text-classes.ts';
import { textLabels } from './text-labels.ts';
import { labelledText } from './word-records.ts';

export const maskedWords: TaskType = {
  id: 'MASKED_LM',
  peftTask: null,
  autoClass: 'AutoModelForMaskedLM',
  pipeline: 'fill-mask',
  predicts: 'words',
  explains: explainsEncoder,
  loss: labels,
  measures: ['loss', 'perplexity'],
  packs: false,
  takesNoise: true,
  smooths: true,
  /** @throws AppError `head-missing` */
  prepare: (model) => {
    if (model.objective === 'masked-lm') return model;
    throw new AppError(
      'head-missing',
      `"${model.name}" has an output layer for labels, and none that tells masked words.`,
      'Choose the model that it was made from, or records with answers.',
    );
  },
  encode: encodeMasked,
  lay: (records, { rows, width }, _, padId, draw) => {
    const texts = rows.map(([{ record }]) => masked(records[record], draw));
    const batch = placeBatch(texts, { width, padId });
    return { ...batch, tokens: texts.reduce((sum, { ids }) => sum + Math.min(width, ids.length), 0) };
  },
  placesOf: ({ width }) => width,
  survey: surveyMasked,
  render: renderMasked,
};

/** The text of a record, with all that is said in it; undefined for records that are no text. */
export function wholeText(content: RecordContent): string | undefined {
  if (content.type === 'text') return content.text;
  if (content.type === 'completion') return `${content.prompt}\n${content.completion}`;
  if (content.type === 'labelled')
    return [content.text, ...(content.pair === undefined ? [] : [content.pair])].join('\n');
  if (content.type === 'chat') {
    const said = content.messages.filter(({ role }) => role === 'user' || role === 'assistant');
    return said.map((one) => one.content).join('\n');
  }
  return undefined;
}

/** A record with masks: those of an update, or always the same. Texts that nobody masks have none. */
function masked({ ids, masking }: TrainingRecord, draw: number | undefined): MaskedText {
  if (masking === undefined) return { ids, labels: new Int32Array(ids.length).fill(-100) };
  const seed = draw === undefined ? masking.seed : mixSeed(masking.seed, draw + 1);
  return maskText({ ids }, { ...masking, seed });
}

/** The token that stands for a masked word; undefined where the tokenizer has none. */
export function maskIdOf(tokenizer: Tokenizer): number | undefined {
  const named = tokenizer.specialTokens.mask_token;
  return [named, '[MASK]', '<mask>']
    .flatMap((token) => (token === undefined ? [] : (tokenizer.idOf(token) ?? [])))
    .at(0);
}

type Masking = Omit<MaskingOptions, 'seed'>;

/** @throws AppError `mask-missing` */
function maskingOf(tokenizer: Tokenizer, model: Model): Masking {
  const maskId = maskIdOf(tokenizer);
  if (maskId === undefined) {
    throw new AppError(
      'mask-missing',
      `The tokenizer of "${model.name}" has no token that stands for a masked word, such as [MASK].`,
      'Choose a model that was trained on masked words, such as BERT.',
    );
  }
  const special = new Set<number>();
  for (let id = 0; id < tokenizer.idLimit; id++) if (tokenizer.isSpecial(id)) special.add(id);
  return { maskId, vocabularySize: Math.min(tokenizer.idLimit, model.shape.vocabularySize), special };
}

const noText = 'They hold no text.';

/** The same for equal texts, on every machine. */
const seedOf = ({ content }: DatasetRecord): number => Number.parseInt(contentHash(content).slice(0, 8), 16);

async function sourcesOf(
  { tokenizer, records }: Pick<EncodeCall, 'tokenizer' | 'records'>,
  maxLength: number,
): Promise<(Source | undefined)[]> {
  const texts = records.map(({ content }) => wholeText(content)?.replaceAll(pairMark, ''));
  const sources = await encodeSources(
    tokenizer,
    texts.map((text) => text ?? ''),
    maxLength,
  );
  return sources.map((source, i) => (texts[i] === undefined ? undefined : source));
}

/** 1 for each token that is masked without a draw. */
function maskedPlaces(ids: Int32Array, masking: MaskingOptions): Uint8Array {
  return Uint8Array.from(maskText({ ids }, masking).labels, (label) => (label === -100 ? 0 : 1));
}

async function encodeMasked(call: EncodeCall): Promise<EncodedData> {
  const { tokenizer, model, records, maxLength, onProgress } = call;
  const masking = maskingOf(tokenizer, model);
  const sources = await sourcesOf(call, maxLength);
  const data: EncodedData = { records: [], withoutLabel: [], refused: [] };
  records.forEach((record, i) => {
    const source = sources[i];
    if (source === undefined) {
      data.refused.push({ recordId: record.id, sentence: noText });
      return;
    }
    const { ids, length } = source;
    const own = { ...masking, seed: seedOf(record) };
    const trained = maskedPlaces(ids, own);
    const count = trained.reduce((sum, one) => sum + one, 0);
    if (count === 0) data.withoutLabel.push(record.id);
    else {
      const truncated = ids.length < length;
      data.records.push({ recordId: record.id, ids, trained, masking: own, labels: count, truncated });
    }
  });
  onProgress?.(1);
  return data;
}

async function surveyMasked(call: Omit<EncodeCall, 'maxLength' | 'onProgress'>): Promise<SurveyedRecord[]> {
  const masking = maskingOf(call.tokenizer, call.model);
  const sources = await sourcesOf(call, Number.MAX_SAFE_INTEGER);
  return call.records.map((record, i) => {
    const source = sources[i];
    const seed = seedOf(record);
    return {
      id: record.id,
      split: record.split,
      hash: contentHash(record.content),
      length: source?.length ?? 0,
      trained: source === undefined ? new Uint8Array() : maskedPlaces(source.ids, { ...masking, seed }),
      end: { id: -1, expected: false },
      refused: source === undefined ? noText : null,
    };
  });
}

function labelsWords(content: RecordContent): boolean {
  const found = labelledText(content);
  return 'spans' in found && found.spans.length > 0;
}

/** A text with the words that are to be told; a record with an answer as a classifier reads it. */
async function renderMasked(
  tokenizer: Tokenizer,
  model: Model,
  record: DatasetRecord,
): Promise<RenderedRecord> {
  if (questionOf(record.content) !== undefined || maskIdOf(tokenizer) === undefined)
    return (labelsWords(record.content) ? labelledWords : textLabels).render(tokenizer, model, record);
  const masking = { ...maskingOf(tokenizer, model), seed: seedOf(record) };
  const [source] = await sourcesOf({ tokenizer, records: [record] }, Number.MAX_SAFE_INTEGER);
  const ids = source?.ids ?? new Int32Array();
  const trained = maskedPlaces(ids, masking);
  return {
    text: wholeText(record.content) ?? '',
    tokens: [...ids].map((id, i) => ({ id, text: tokenizer.tokenOf(id) ?? '', trained: trained[i] === 1 })),
    trainedTokens: trained.reduce((sum, one) => sum + one, 0),
    contextLength: model.shape.contextLength,
  };
}
