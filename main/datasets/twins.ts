// Records that are equal or nearly equal, which must not stand in two splits. Short texts only count when
// equal, since "Alpha 1 costs 30" and "Alpha 2 costs 31" are two facts. Pure.
import type { RecordContent } from '../contract/datasets.ts';
import { createNearIndex } from './near.ts';
import { inputText, recordText } from './record.ts';

/** Similarity of word 5-shingles from which texts are near-equal, and the words they must have for it. */
const threshold = 0.8;
const leastWords = 30;

export type Pair = [earlier: number, later: number];

export interface Twins {
  /** Same text, or the same question where questions differ in general. */
  equal: Pair[];
  near: Pair[];
}

/** Every record that has an earlier twin, with that twin. Indices are into `contents`. */
export function findTwins(contents: readonly RecordContent[]): Twins {
  const equal: Pair[] = [];
  const near: Pair[] = [];
  const firstWith = new Map<string, number>();
  const index = createNearIndex(threshold, leastWords, true);
  const useInputs = inputsDiffer(contents);
  for (const [at, content] of contents.entries()) {
    const text = recordText(content);
    const keys = [`all ${sameText(text)}`, ...(useInputs ? [`input ${sameText(inputText(content))}`] : [])];
    const twin = keys.map((key) => firstWith.get(key)).find((found) => found !== undefined);
    if (twin !== undefined) equal.push([twin, at]);
    for (const key of keys) if (!firstWith.has(key)) firstWith.set(key, at);
    const similar = index.add(at, text);
    if (similar >= 0 && similar !== twin) near.push([similar, at]);
  }
  return { equal, near };
}

/** An instruction that is the same in most records ("Summarise this") tells nothing about leaks. */
function inputsDiffer(contents: readonly RecordContent[]): boolean {
  const inputs = new Set(contents.map(inputText));
  return inputs.size > contents.length / 2;
}

/** Case, punctuation and spaces do not count; digits and signs before them do. */
function sameText(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}+\-%$\u20AC]+/gu, ' ')
    .trim();
}
