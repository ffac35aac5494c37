// Encoders that label words of a text (token classification): each word gets a BIO tag at its first token, and its other
// tokens are not learned, as transformers' run_ner.py does. The labels are those that answers mark in their texts.
import type { DatasetRecord, RenderedRecord } from '../../contract/datasets.ts';
import { contentHash } from '../../datasets/record.ts';
import { AppError } from '../../errors.ts';
import type { Model } from '../../models/load.ts';
import { labelsOf, withNewHead, withOwnHead } from '../../models/new-head.ts';
import type { Span, Tokenizer } from '../../tokens/tokenizer.ts';
import type { EncodedData, TrainingRecord } from '../data.ts';
import type { SurveyedRecord } from '../survey.ts';
import { mostLabels } from './answer-labels.ts';
import { labels } from './labels.ts';
import { placeBatch } from './masked.ts';
import type { EncodeCall, TaskType } from './task-type.ts';
import { explainsEncoder } from './text-classes.ts';
import { outside, wordsOf } from './word-marks.ts';
import { type LabelledText, labelledTexts, wordLabels } from './word-records.ts';

const remedy =
  'Write each answer as its text with marks, such as "[Anna](PER) wrote to [Tarn](ORG).", or as one tag a word.';

export const labelledWords: TaskType = {
  id: 'TOKEN_CLS',
  peftTask: 'TOKEN_CLS',
  autoClass: 'AutoModelForTokenClassification',
  pipeline: 'token-classification',
  predicts: 'labels of tokens',
  strange: 'labels that no training record has',
  explains: explainsEncoder,
  loss: labels,
  measures: [
    'loss',
    'entities-f1',
    'entities-precision',
    'entities-recall',
    'entities-f1-macro',
    'word-accuracy',
  ],
  packs: false,
  takesNoise: true,
  smooths: true,
  /** @throws AppError `words-unreadable`, `labels-missing`, `labels-too-many` */
  prepare: (model, train, headFile, seed) => {
    const texts = labelledTexts(train);
    const wanted = wordLabels(texts);
    if (wanted.length === 0) {
      const faults = texts.flatMap((one) => ('refused' in one ? one.refused : []));
      const found = texts.length - faults.length;
      throw found === 0 && faults.length > 0
        ? new AppError(
            'words-unreadable',
            `None of the ${train.length} training records labels words. ${faults[0]}`,
            remedy,
          )
        : new AppError(
            'labels-missing',
            `None of the ${train.length} training records labels a word of its text.`,
            remedy,
          );
    }
    if (wanted.length > mostLabels) {
      throw new AppError(
        'labels-too-many',
        `The answers hold ${wanted.length} different labels; a model learns at most ${mostLabels}.`,
        'Give words labels of a few kinds.',
      );
    }
    const tags = [outside, ...wanted.flatMap((label) => [`B-${label}`, `I-${label}`])];
    const own = model.objective === 'token-classification' ? (labelsOf(model) ?? []) : [];
    if ([...own].sort().join('\n') === [...tags].sort().join('\n')) return withOwnHead(model);
    return withNewHead(model, { objective: 'token-classification', labels: tags }, headFile, seed);
  },
  encode: encodeRecords,
  lay: (records, { rows, width }, _, padId) => {
    const texts = rows.map(([{ record }]) => records[record]);
    const batch = placeBatch(
      texts.map(({ ids, target = new Int32Array() }) => ({ ids, labels: target })),
      { width, padId },
    );
    return { ...batch, tokens: texts.reduce((sum, { ids }) => sum + Math.min(width, ids.length), 0) };
  },
  placesOf: ({ width }) => width,
  survey: surveyRecords,
  render: renderRecord,
};

/** A text as such a model reads it. */
export interface EncodedWords {
  ids: Int32Array;
  /** Tokens before it was cut. */
  length: number;
  words: Span[];
  /** Place of the first token of each word; -1 for words that were cut off, and inside the token of the word before. */
  places: number[];
}

/** Tokens of texts with the places of their words; the frame of special tokens survives a cut. */
export async function encodeWords(
  tokenizer: Tokenizer,
  texts: readonly string[],
  maxLength: number,
): Promise<EncodedWords[]> {
  const encodings = await tokenizer.encodePlainBatch(texts, { addSpecial: true });
  return encodings.map(({ ids, offsets, specialMask }, i) => {
    const words = wordsOf(texts[i]);
    const behind = specialMask.length - 1 - specialMask.lastIndexOf(0); // special tokens behind the text
    const room = Math.max(0, Math.min(ids.length, maxLength) - behind);
    const kept = ids.length <= maxLength ? ids : [...ids.slice(0, room), ...ids.slice(ids.length - behind)];
    return {
      ids: Int32Array.from(kept.slice(0, maxLength)),
      length: ids.length,
      words,
      places: firstTokens(words, offsets.slice(0, room), specialMask),
    };
  });
}

function firstTokens(words: readonly Span[], offsets: readonly Span[], special: readonly number[]): number[] {
  let token = 0;
  let taken = -1;
  return words.map(([start]) => {
    while (token < offsets.length && (special[token] === 1 || offsets[token][1] <= start)) token += 1;
    if (token >= offsets.length || offsets[token][0] > start || token === taken) return -1;
    taken = token;
    return token;
  });
}

/** No label at this token. */
const ignored = -100;

async function encodeRecords(call: EncodeCall): Promise<EncodedData> {
  const { tokenizer, model, records, maxLength, onProgress } = call;
  const data: EncodedData = { records: [], withoutLabel: [], refused: [], unknown: [] };
  const ids = new Map(labelsOf(model)?.map((tag, id) => [tag, id]));
  const texts = labelledTexts(records);
  const encoded = await encodeWords(tokenizer, texts.map(textOf), maxLength);
  records.forEach(({ id }, i) => {
    const text = texts[i];
    if ('refused' in text) {
      data.refused.push({ recordId: id, sentence: text.refused });
      return;
    }
    const { ids: tokens, length, places } = encoded[i];
    const target = new Int32Array(tokens.length).fill(ignored);
    const known = text.tags.every((tag) => ids.has(tag));
    text.tags.forEach((tag, word) => {
      if (places[word] >= 0 && known) target[places[word]] = ids.get(tag) ?? ignored;
    });
    const trained = Uint8Array.from(target, (label) => (label === ignored ? 0 : 1));
    const record: TrainingRecord = {
      recordId: id,
      ids: tokens,
      trained,
      target,
      labels: trained.reduce((sum, one) => sum + one, 0),
      truncated: tokens.length < length,
    };
    if (!known) data.unknown?.push(record);
    else if (record.labels === 0) data.withoutLabel.push(id);
    else data.records.push(record);
  });
  onProgress?.(1);
  return data;
}

const textOf = (one: LabelledText | { refused: string }): string => ('text' in one ? one.text : '');

async function surveyRecords({
  tokenizer,
  records,
}: Pick<EncodeCall, 'tokenizer' | 'records'>): Promise<SurveyedRecord[]> {
  const texts = labelledTexts(records);
  const encoded = await encodeWords(tokenizer, texts.map(textOf), Number.MAX_SAFE_INTEGER);
  return records.map(({ id, split, content }, i) => {
    const text = texts[i];
    const { length, places } = encoded[i];
    const trained = new Uint8Array(length);
    if ('text' in text) for (const place of places) if (place >= 0) trained[place] = 1;
    const refused = 'refused' in text ? text.refused : null;
    const end = { id: -1, expected: false };
    return { id, split, hash: contentHash(content), length, trained, end, refused };
  });
}

/** A text with the tag behind the first token of each word that has a label; the tags are what is learned. */
async function renderRecord(
  tokenizer: Tokenizer,
  model: Model,
  record: DatasetRecord,
): Promise<RenderedRecord> {
  const [text] = labelledTexts([record]);
  const [{ ids, places }] = await encodeWords(tokenizer, [textOf(text)], Number.MAX_SAFE_INTEGER);
  const tags = 'tags' in text ? text.tags : [];
  const tagAt = new Map(tags.map((tag, word) => [places[word], tag]));
  const tokens = [...ids].flatMap((id, place) => {
    const tag = tagAt.get(place) ?? outside;
    const piece = { id, text: tokenizer.tokenOf(id) ?? '', trained: false };
    return tag === outside ? [piece] : [piece, { id: -1, text: tag, trained: true }];
  });
  const { contextLength } = model.shape;
  const trainedTokens = tags.filter((_, word) => places[word] >= 0).length;
  return { text: textOf(text), tokens, trainedTokens, contextLength };
}
