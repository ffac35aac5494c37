// Cleaned passages of one source as one running text, with the way back from every place in it to the span
// in the imported text. Also cuts a document into sections, where documents are too few to be split whole.
import type { Provenance } from '../contract/documents.ts';
import type { Passage } from './passage.ts';

export interface RunningText {
  text: string;
  /** Passages with their start in `text`, in order. */
  pieces: { passage: Passage; start: number }[];
}

/** Joins passages. A page that ends inside a sentence runs on; otherwise a blank line stands between them. */
export function joinPassages(passages: Passage[]): RunningText {
  let text = '';
  const pieces: RunningText['pieces'] = [];
  for (const passage of passages) {
    const next = passage.fields.text;
    if (text !== '') text += /[\p{L},;]$/u.test(text) && /^\p{Ll}/u.test(next) ? ' ' : '\n\n';
    pieces.push({ passage, start: text.length });
    text += next;
  }
  return { text, pieces };
}

/** Cuts the passages of one document into `count` runs of about equal length. */
export function sectionsOf(passages: Passage[], count: number): Passage[][] {
  const total = passages.reduce((sum, passage) => sum + passage.fields.text.length, 0);
  const sections: Passage[][] = [];
  let done = 0;
  for (const passage of passages) {
    const at = Math.min(count - 1, Math.floor((done / Math.max(1, total)) * count));
    done += passage.fields.text.length;
    if (sections.length === 0 || at >= sections.length) sections.push([]);
    sections[sections.length - 1].push(passage);
  }
  return sections;
}

/** Where `[start, end)` of the running text comes from; neighbours of one place become one entry. */
export function provenanceOf(running: RunningText, start: number, end: number): Provenance[] {
  const found: Provenance[] = [];
  for (let at = firstAt(running, start); at < running.pieces.length; at++) {
    const { passage, start: from } = running.pieces[at];
    if (from >= end) break;
    const length = passage.fields.text.length;
    if (from + length <= start) continue;
    const first = passage.start + originalOffset(passage, Math.max(0, start - from));
    const last = passage.start + originalOffset(passage, Math.min(length, end - from));
    const { sourceId, sourceName, place } = passage;
    const previous = found[found.length - 1];
    if (previous?.place === place && previous.sourceId === sourceId) previous.end = last;
    else found.push({ sourceId, sourceName, place, start: first, end: last });
  }
  return found;
}

/** Index of the last piece that starts at or before `offset`. */
function firstAt(running: RunningText, offset: number): number {
  let low = 0;
  let high = running.pieces.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (running.pieces[middle].start <= offset) low = middle;
    else high = middle - 1;
  }
  return Math.max(0, low);
}

const maps = new WeakMap<Passage, Uint32Array>();

/**
 * Offset in the imported text for an offset in the cleaned one. Exact where cleaning only removed or
 * replaced.
 */
function originalOffset(passage: Passage, offset: number): number {
  const original = passage.original;
  const cleaned = passage.fields.text;
  if (original === null) return offset >= cleaned.length ? passage.end - passage.start : 0;
  if (original === cleaned) return offset;
  const map = maps.get(passage) ?? align(cleaned, original);
  maps.set(passage, map);
  return map[Math.min(offset, cleaned.length)];
}

/** Characters that must agree before two texts count as in step again, and how far ahead is looked. */
const agreement = 8;
const lookAhead = 64;

/**
 * For every offset of `cleaned`, the offset in `original`: a walk through both that catches up after
 * differences.
 */
function align(cleaned: string, original: string): Uint32Array {
  const map = new Uint32Array(cleaned.length + 1);
  let there = 0;
  for (let here = 0; here < cleaned.length; ) {
    if (cleaned[here] === original[there]) {
      map[here++] = there++;
      continue;
    }
    const [ahead, beyond] = resync(cleaned, here, original, there);
    for (let step = 0; step < ahead; step++) map[here++] = there;
    there = Math.min(original.length, there + beyond);
  }
  map[cleaned.length] = original.length;
  return map;
}

/** The shortest skip in both texts after which they agree for a while. */
function resync(cleaned: string, here: number, original: string, there: number): [number, number] {
  for (let distance = 1; distance <= lookAhead; distance++) {
    for (let ahead = 0; ahead <= distance; ahead++) {
      const beyond = distance - ahead;
      const a = cleaned.slice(here + ahead, here + ahead + agreement);
      if (a === original.slice(there + beyond, there + beyond + agreement)) return [ahead, beyond];
    }
  }
  return [1, 1];
}
