// What a dataset is to a model before anything is trained: length, learned tokens and end of each record,
// at any maximum length. Made once by the one renderer; everything else here is counting.
import type { DatasetRecord, RenderedRecord, Repair, Split } from '../contract/datasets.ts';
import { contentHash } from '../datasets/record.ts';
import { AppError } from '../errors.ts';
import type { Tokenizer } from '../tokens/tokenizer.ts';
import { type CutSide, type Frame, frameOf, keep, keptOf } from './cut.ts';
import { renderAll } from './data.ts';

export interface SurveyedRecord {
  id: string;
  split: Split;
  /** SHA-256 of the content. */
  hash: string;
  /** Tokens, uncut. */
  length: number;
  /** 1 for each token that is learned. */
  trained: Uint8Array;
  /** Where its prompt can be cut; absent where only ends are. */
  frame?: Frame;
  /** The last token that is learned; -1 = none. A text that goes on elsewhere is not expected to end. */
  end: { id: number; expected: boolean };
  /** Why nothing can be learned from the record, in one sentence. */
  refused: string | null;
  /** Whether it is the chat template that refuses it, in its own words. */
  refusedByTemplate?: boolean;
  /** What the build of the dataset changed of the conversation. */
  repaired?: readonly Repair[];
}

const groupSize = 256;

/** Renders all records. `onGroup` is called now and then, to let others in. */
export async function surveyRecords(
  tokenizer: Tokenizer,
  records: readonly DatasetRecord[],
  onGroup: () => Promise<void> = async () => {},
): Promise<SurveyedRecord[]> {
  const surveyed: SurveyedRecord[] = [];
  for (let start = 0; start < records.length; start += groupSize) {
    const group = records.slice(start, start + groupSize);
    const rendered = await renderAll(
      tokenizer,
      group.map(({ content }) => content),
    );
    group.forEach(({ id, split, content, repaired }, i) => {
      const one = rendered[i];
      const known = { id, split, hash: contentHash(content), ...(repaired && { repaired }) };
      if (one instanceof AppError) {
        const end = { id: -1, expected: false };
        const nothing = { length: 0, trained: new Uint8Array(), end };
        const refusedByTemplate = one.code === 'template-refused';
        surveyed.push({ ...known, ...nothing, refused: one.message, refusedByTemplate });
        return;
      }
      const expected = content.type !== 'text' || content.complete;
      const end = { id: one.ids[one.trained.lastIndexOf(1)] ?? -1, expected };
      const { ids, trained } = one;
      const frame = frameOf(content, one);
      surveyed.push({ ...known, length: ids.length, trained, frame, end, refused: null });
    });
    await onGroup();
  }
  return surveyed;
}

/** Labels of a record cut at `maxLength`: learned tokens with a token before them. */
export function labelsAt(record: SurveyedRecord, maxLength: number, cut: CutSide = 'end'): number {
  const { trained, length, frame } = record;
  const left = length > maxLength && frame && cut !== 'end' ? cutTrained(record, frame, maxLength) : trained;
  let count = 0;
  for (let i = 1; i < Math.min(left.length, maxLength); i++) count += left[i];
  return count;
}

const cutTrained = ({ trained }: SurveyedRecord, frame: Frame, maxLength: number): number[] =>
  keep(trained, keptOf(trained, frame, maxLength, 'prompt-start'));

export interface TokenStats {
  tokens: number;
  trainedTokens: number;
  longest: number;
  histogram: { upTo: number; records: number }[];
  overLimit: number;
  withoutTrained: number;
  problems: string[];
}

/** Counts over all splits, at a maximum length. */
export function tokenStats(all: readonly SurveyedRecord[], maxLength: number): TokenStats {
  const records = all.filter(({ refused }) => refused === null);
  const longest = records.reduce((most, { length }) => Math.max(most, length), 0);
  const labels = records.map((record) => labelsAt(record, maxLength));
  const withoutTrained = labels.filter((count) => count === 0).length;
  const overLimit = records.filter(({ length }) => length > maxLength).length;
  const problems = refusals(all);
  if (withoutTrained > 0) problems.push(nothingLearned(withoutTrained, records.length, maxLength));
  return {
    tokens: records.reduce((sum, { length }) => sum + length, 0),
    trainedTokens: labels.reduce((sum, count) => sum + count, 0),
    longest,
    histogram: histogram(
      records.map(({ length }) => length),
      longest,
    ),
    overLimit,
    withoutTrained,
    problems,
  };
}

/** One sentence for each reason why records are refused. */
export function refusals(all: readonly SurveyedRecord[]): string[] {
  const counts = new Map<string, number>();
  const byTemplate = new Set<string>();
  for (const { refused, refusedByTemplate } of all) {
    if (refused === null) continue;
    counts.set(refused, (counts.get(refused) ?? 0) + 1);
    if (refusedByTemplate === true) byTemplate.add(refused);
  }
  return [...counts].map(([sentence, count]) =>
    byTemplate.has(sentence)
      ? `The chat template refuses ${count} of ${all.length} records: ${sentence}`
      : `${count} of ${all.length} records cannot be learned: ${sentence}`,
  );
}

export function nothingLearned(count: number, total: number, maxLength: number): string {
  return `${count} of ${total} records have no trained token at length ${maxLength}.`;
}

const mostBuckets = 32;

/** Records by length, in at most 32 equal steps of a power of two. */
function histogram(lengths: readonly number[], longest: number): TokenStats['histogram'] {
  let step = 1;
  while (step * mostBuckets < longest) step *= 2;
  const count = Math.ceil(longest / step);
  const buckets = Array.from({ length: count }, (_, i) => ({ upTo: (i + 1) * step, records: 0 }));
  for (const length of lengths) if (length > 0) buckets[Math.ceil(length / step) - 1].records += 1;
  return buckets;
}

/** A record as the model sees it, cut nowhere. Throws the reason when it cannot be rendered. */
export async function renderRecord(
  tokenizer: Tokenizer,
  { content }: DatasetRecord,
  contextLength: number,
): Promise<RenderedRecord> {
  const [rendered] = await renderAll(tokenizer, [content]);
  if (rendered instanceof AppError) throw rendered;
  const tokens = rendered.tokens.map(({ id, text, trained }) => ({ id, text, trained }));
  const trainedTokens = tokens.filter(({ trained }, i) => trained && i > 0).length;
  return { text: rendered.text, tokens, trainedTokens, contextLength };
}
