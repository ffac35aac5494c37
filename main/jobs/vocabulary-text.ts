// The text that a vocabulary is made of, read piece by piece so that a large project does not have to fit into memory; and
// the passages that two tokenizers are compared on. Does not know what is done with it.
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import type { DatasetRecord } from '../contract/datasets.ts';
import type { DocumentPart } from '../contract/documents.ts';
import type { Fertility } from '../contract/models.ts';
import { recordText } from '../datasets/record.ts';
import { splitWords } from '../metrics/words.ts';
import { createRandom } from '../tokens/random.ts';
import type { Tokenizer } from '../tokens/tokenizer.ts';
import type { TextPlace } from './job.ts';

const blockBytes = 1 << 18;
const samplePassages = 300;
const passageCharacters = 2000;

export interface VocabularyText {
  /** The text to learn from, in order. `onShare` hears how much was read, 0 to 1. */
  read(onShare: (share: number) => void): Generator<string>;
  /** Passages to compare tokenizers on, after `read`: those kept apart where the dataset has some. */
  passages(): { texts: string[]; heldOut: boolean };
  /** Share of the files that `read` gives, 1 for all of them. */
  share: number;
}

/** Of files larger than `mostBytes`, `read` gives passages drawn at random that make up about so much. */
export function vocabularyText(place: TextPlace, seed: number, mostBytes = Infinity): VocabularyText {
  const files = place.kind === 'dataset' ? [place.recordsFile] : place.partsFiles;
  const all = files.reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);
  const share = Math.min(1, mostBytes / Math.max(1, all));
  const draw = createRandom(seed);
  const own = createSample(seed);
  const apart = createSample(seed);
  return {
    share,
    *read(onShare) {
      let before = 0;
      for (const file of files) {
        for (const { line, end } of jsonLines(file)) {
          onShare((before + end) / Math.max(1, all));
          if (share < 1 && draw.next() >= share) continue;
          const { text, isApart } = textOf(place, line);
          if (text === '') continue;
          (isApart ? apart : own).add(text);
          if (!isApart) yield text;
        }
        before += statSync(file).size;
      }
    },
    passages() {
      const texts = apart.texts();
      return texts.length > 0 ? { texts, heldOut: true } : { texts: own.texts(), heldOut: false };
    },
  };
}

/** Validation and test records are not learned from. */
function textOf({ kind }: TextPlace, line: string): { text: string; isApart: boolean } {
  if (kind === 'documents') return { text: (JSON.parse(line) as DocumentPart).text, isApart: false };
  const { content, split } = JSON.parse(line) as DatasetRecord;
  return { text: recordText(content), isApart: split !== 'train' };
}

/** Lines end at byte 0x0A only; `end` is where the line ends in the file. */
function* jsonLines(file: string): Generator<{ line: string; end: number }> {
  const handle = openSync(file, 'r');
  try {
    const block = Buffer.alloc(blockBytes);
    let rest = Buffer.alloc(0);
    let at = 0;
    for (;;) {
      const read = readSync(handle, block, 0, blockBytes, null);
      const bytes = Buffer.concat([rest, block.subarray(0, read)]);
      let from = 0;
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
        if (end > from) yield { line: bytes.toString('utf8', from, end), end: at + end + 1 };
        from = end + 1;
      }
      rest = bytes.subarray(from);
      at += from;
      if (read > 0) continue;
      if (rest.length > 0) yield { line: rest.toString('utf8'), end: at + rest.length };
      return;
    }
  } finally {
    closeSync(handle);
  }
}

/** A fair sample of all passages that were added (Vitter's algorithm R), each cut to some thousand characters. */
function createSample(seed: number) {
  const random = createRandom(seed);
  const kept: string[] = [];
  let seen = 0;
  return {
    add(text: string): void {
      const passage = text.slice(0, passageCharacters);
      seen++;
      if (kept.length < samplePassages) kept.push(passage);
      else {
        const at = random.below(seen);
        if (at < samplePassages) kept[at] = passage;
      }
    },
    texts: (): string[] => kept,
  };
}

/** Tokens per word and characters per token of a tokenizer on these passages. */
export async function fertilityOf(
  name: string,
  tokenizer: Tokenizer,
  texts: readonly string[],
): Promise<Fertility & { words: number }> {
  const encoded = await tokenizer.encodePlainBatch(texts);
  const tokens = encoded.reduce((sum, { ids }) => sum + ids.length, 0);
  const words = texts.reduce((sum, text) => sum + splitWords(text).length, 0);
  const characters = texts.reduce((sum, text) => sum + [...text].length, 0);
  return {
    name,
    vocabularySize: tokenizer.vocabularySize,
    tokensPerWord: tokens / Math.max(1, words),
    charactersPerToken: characters / Math.max(1, tokens),
    words,
  };
}
