// Small sources and a toy encoder for the dataset tests: one token a word, with the space after it.
import type { DatasetRecipe, Shape, SplitRecipe } from '../../../main/contract/datasets.ts';
import type { DocumentPart } from '../../../main/contract/documents.ts';
import type { EncodeBatch } from '../../../main/datasets/chunk.ts';
import { defaultSteps } from '../../../main/datasets/detect.ts';
import type { Passage } from '../../../main/datasets/passage.ts';
import type { LoadedSource } from '../../../main/datasets/shape.ts';
import { readAll } from '../documents/packages.ts';

export const encodeWords: EncodeBatch = async (texts) =>
  texts.map((text) => {
    const words = [...text.matchAll(/^\s+|\S+\s*/g)];
    const offsets = words.map((found) => [found.index, found.index + found[0].length] as const);
    return { ids: offsets, offsets };
  });

export function countWords(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}

/** A source with the parts that importing `content` gives. */
export async function importSource(
  name: string,
  content: string,
  id = name,
): Promise<LoadedSource & { parts: DocumentPart[] }> {
  const { parts, columns } = await readAll(name, content);
  return { id, name, columns, parts };
}

/** A source of prose with one part a text. */
export function proseSource(name: string, texts: string[]): LoadedSource & { parts: DocumentPart[] } {
  let start = 0;
  const parts = texts.map((text, at) => {
    const part = { place: `page ${at + 1}`, start, text };
    start += text.length + 2;
    return part;
  });
  return { id: name, name, columns: [], parts };
}

export function makeRecipe(
  sources: { id: string }[],
  shape: Shape,
  split: Partial<SplitRecipe> = {},
): DatasetRecipe {
  return {
    name: 'Test',
    sourceIds: sources.map((source) => source.id),
    steps: defaultSteps(),
    shape,
    split: { seed: 1, validation: 0.1, test: 0.1, column: null, groupBy: null, ...split },
  };
}

/** A passage of prose. */
export function passage(text: string, more: Partial<Passage> = {}): Passage {
  return {
    sourceId: 'a',
    sourceName: 'a.txt',
    place: '',
    start: 0,
    end: text.length,
    fields: { text },
    roles: null,
    isRow: false,
    isComplete: true,
    split: null,
    group: null,
    original: text,
    ...more,
  };
}

/** Different sentences of `words` words each, the same for the same seed. */
export function sentences(count: number, words: number, seed = 1): string[] {
  const vocabulary =
    'river stone green walks over every small house under bright morning clouds while seven grey birds'.split(
      ' ',
    );
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 8;
  };
  return Array.from({ length: count }, (_, at) => {
    const body = Array.from(
      { length: words - 2 },
      () => vocabulary[next() % vocabulary.length] + (next() % 50),
    );
    return `Sentence ${at} ${body.join(' ')}.`;
  });
}
