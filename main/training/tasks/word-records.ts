// Records whose answers label words of their texts: as marks such as `[Anna Berg](PER)`, or as one tag a word (`B-PER I-PER
// O`). Says of what cannot be read what is wrong, and where first. Knows no model.
import type { DatasetRecord, RecordContent } from '../../contract/datasets.ts';
import type { Span } from '../../tokens/tokenizer.ts';
import { quoted } from './answer-labels.ts';
import { noAnswer, questionOf } from './question.ts';
import { isTag, type LabelledSpan, readMarks, spacedWords, spansOf, tagsOf, wordsOf } from './word-marks.ts';

/** A text with the labels of its words. */
export interface LabelledText {
  text: string;
  /** In order, from word to word. */
  spans: LabelledSpan[];
  words: Span[];
  /** `B-X`, `I-X` or `O` for each word. */
  tags: string[];
}

type FaultKind = 'answer' | 'text' | 'word' | 'count' | 'names';

/** Why an answer labels no words. */
export interface Fault {
  kind: FaultKind;
  /** What is wrong in this record. */
  shown: string;
}

/** What is wrong with a kind of records, the first of which is `place`. */
const faultSentences: Record<FaultKind, (place: string, shown: string) => string> = {
  answer: () => noAnswer,
  text: (place, shown) =>
    `Their answers are not their texts with marks such as [Anna](PER): that of ${place} differs at ${shown}.`,
  word: (place, shown) => `Their labels end inside words: in ${place}, ${shown}.`,
  count: (place, shown) => `They have not as many tags as words: ${place} has ${shown}.`,
  names: (place) =>
    `Their tags are numbers, which say no names: that of ${place} is the first. Write tags as B-PER, I-PER and O.`,
};

/** A list of strings written as JSON, as a column of words or tags gives it. */
function listIn(text: string): unknown[] | undefined {
  if (!/^\s*\[/.test(text)) return undefined;
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list : undefined;
  } catch {
    return undefined; // a text that begins with a bracket
  }
}

/** The text of a record that may be a list of words. */
export function joinedText(text: string): string {
  const words = listIn(text);
  return words?.every((word) => typeof word === 'string') ? words.join(' ') : text;
}

/** The labels that the answer of a record gives to words of its text. */
export function labelledText(content: RecordContent): LabelledText | Fault {
  const question = questionOf(content);
  if (question === undefined) return { kind: 'answer', shown: '' };
  const text = joinedText(question.text);
  const spans = spansIn(text, question.answer);
  if (!Array.isArray(spans)) return spans;
  const words = wordsOf(text);
  const tags = tagsOf(words, spans);
  if (Array.isArray(tags)) return { text, spans, words, tags };
  const { span, word } = tags;
  const [part, whole] = [text.slice(span.start, span.end), text.slice(...word)];
  return { kind: 'word', shown: `${span.label} of ${quoted([part])} ends inside ${quoted([whole])}` };
}

function spansIn(text: string, answer: string): LabelledSpan[] | Fault {
  const list = listIn(answer);
  if (list?.some((tag) => typeof tag === 'number')) return { kind: 'names', shown: '' };
  const strings = list?.every((tag) => typeof tag === 'string') ? list : undefined;
  const tags = strings ?? answer.split(/\s+/);
  if (answer !== '' && tags.length > 0 && tags.every((tag) => isTag(tag))) {
    const words = spacedWords(text);
    if (tags.length === words.length) return spansOf(words, tags);
    // a text of one letter O is a text, and no tag
    if (text.trim() !== answer) {
      return { kind: 'count', shown: `${tags.length} tags for ${words.length} words` };
    }
  }
  const marks = readMarks(text, answer);
  return 'spans' in marks ? marks.spans : { kind: 'text', shown: quoted([marks.differsAt.trim()]) };
}

/** `list.csv, row 12`, or the id of a record that comes from nowhere. */
function placeOf({ id, provenance: [from] }: DatasetRecord): string {
  if (from === undefined) return id;
  return [from.sourceName, from.place].filter((part) => part !== '').join(', ') || id;
}

/** All records with their labels, or with a sentence that names the first one that is wrong in the same way. */
export function labelledTexts(records: readonly DatasetRecord[]): (LabelledText | { refused: string })[] {
  const sentences = new Map<FaultKind, string>();
  return records.map((record) => {
    const found = labelledText(record.content);
    if (!('kind' in found)) return found;
    const { kind, shown } = found;
    const refused = sentences.get(kind) ?? faultSentences[kind](placeOf(record), shown);
    sentences.set(kind, refused);
    return { refused };
  });
}

/** The different labels of texts, sorted. */
export function wordLabels(texts: readonly (LabelledText | { refused: string })[]): string[] {
  const labels = texts.flatMap((one) => ('spans' in one ? one.spans.map(({ label }) => label) : []));
  return [...new Set(labels)].sort((a, b) => (a < b ? -1 : 1));
}
