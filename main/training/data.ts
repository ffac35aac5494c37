// Dataset records as the trainer takes them: rendered by the one renderer, cut, and told apart by whether anything in
// them is learned. Does not decide which record goes into which batch (updates.ts does).
import type { DatasetRecord, RecordContent } from '../contract/datasets.ts';
import { AppError } from '../errors.ts';
import type { EncodedRecord } from '../tokens/batch.ts';
import {
  type Rendered,
  renderCompletion,
  renderConversations,
  renderText,
  trainedCount,
} from '../tokens/render.ts';
import type { Tokenizer } from '../tokens/tokenizer.ts';
import { type CutSide, frameOf, keep, keptOf } from './cut.ts';
import type { MaskingOptions } from './tasks/masked.ts';

/** A record that can be trained on. */
export interface TrainingRecord extends EncodedRecord {
  recordId: string;
  ids: Int32Array;
  trained: Uint8Array;
  /** What is learned beside the text: the label of a classifier, or the tokens that a decoder writes (tasks/). */
  target?: Int32Array;
  /** Numbers to be met, one for each output of a classifier of several labels or of a regression (tasks/). */
  targets?: Float32Array;
  /** Types of the tokens of a pair of texts. */
  types?: Int32Array;
  /** How its tokens are masked (tasks/masked-words.ts). */
  masking?: MaskingOptions;
  /** Labels it gives. */
  labels: number;
  /** Whether tokens were cut off. */
  truncated: boolean;
}

export interface EncodedData {
  records: TrainingRecord[];
  /** Records in which nothing is left to learn at this length (field case C04), by id. */
  withoutLabel: string[];
  /** Records that the chat template or the kind of model refuses, with the sentence. */
  refused: { recordId: string; sentence: string }[];
  /** Records whose answer is no label of a classifier. */
  unknown?: TrainingRecord[];
}

/**
 * Renders records and cuts them to `maxLength` tokens. Throws an AppError where no record can be trained on.
 * `onProgress` gets the share done, 0 to 1; `cut` is what longer ones lose.
 */
export async function encodeRecords(
  tokenizer: Tokenizer,
  records: readonly DatasetRecord[],
  maxLength: number,
  onProgress: (share: number) => void = () => {},
  cut: CutSide = 'end',
): Promise<EncodedData> {
  const data: EncodedData = { records: [], withoutLabel: [], refused: [] };
  const slice = 256;
  for (let start = 0; start < records.length; start += slice) {
    const part = records.slice(start, start + slice);
    const rendered = await renderAll(
      tokenizer,
      part.map(({ content }) => content),
    );
    for (const [i, result] of rendered.entries()) take(data, part[i], result, { maxLength, cut });
    onProgress(Math.min(1, (start + slice) / records.length));
  }
  return data;
}

function take(
  data: EncodedData,
  { id: recordId, content }: DatasetRecord,
  result: Rendered | AppError,
  { maxLength, cut }: { maxLength: number; cut: CutSide },
): void {
  if (result instanceof AppError) {
    data.refused.push({ recordId, sentence: result.message });
    return;
  }
  const kept = keptOf(result.trained, frameOf(content, result), maxLength, cut);
  const trained = Uint8Array.from(keep(result.trained, kept));
  const labels = trainedCount({ trained });
  if (labels === 0) {
    data.withoutLabel.push(recordId);
    return;
  }
  data.records.push({
    recordId,
    ids: Int32Array.from(keep(result.ids, kept)),
    trained,
    labels,
    truncated: trained.length < result.ids.length,
  });
}

/** Renders contents of any mixture of types, chats in one batch. */
export async function renderAll(
  tokenizer: Tokenizer,
  contents: readonly RecordContent[],
): Promise<(Rendered | AppError)[]> {
  const chats = contents.flatMap((content) =>
    content.type === 'chat' ? [{ messages: content.messages }] : [],
  );
  const renderedChats = await renderConversations(tokenizer, chats, { train: 'assistant' });
  let next = 0;
  return Promise.all(
    contents.map((content) =>
      content.type === 'chat' ? renderedChats[next++] : renderOther(tokenizer, content),
    ),
  );
}

async function renderOther(tokenizer: Tokenizer, content: RecordContent): Promise<Rendered | AppError> {
  if (content.type === 'text') return renderText(tokenizer, content.text, { complete: content.complete });
  if (content.type === 'completion') return renderCompletion(tokenizer, content);
  return new AppError(
    'record-type-unsupported',
    `Records of type "${content.type}" cannot be trained on by this method yet.`,
    'Shape the dataset as chat, prompt and completion, or text.',
  );
}

/** Throws the sentence of field case C04 when nothing can be learned at all. */
export function requireLabels(data: EncodedData, total: number, maxLength: number): void {
  if (data.records.length > 0) return;
  if (data.refused.length > 0) {
    throw new AppError(
      'records-refused',
      `${data.refused.length} of ${total} records cannot be learned: ${data.refused[0].sentence}`,
      'Change the shape or the roles of the dataset, or choose another model.',
    );
  }
  throw new AppError(
    'nothing-to-learn',
    `${data.withoutLabel.length} of ${total} records have no trained token at length ${maxLength}.`,
    'Raise the maximum length, or shorten the prompts.',
  );
}
