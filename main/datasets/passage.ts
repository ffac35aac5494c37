// A passage: what cleaning steps work on. A part of prose has one field; a row has the columns that its
// shape uses, so that two rows count as equal when they would give equal records, whatever their ids say.
import type { Message, StepReport } from '../contract/datasets.ts';

export interface Passage {
  sourceId: string;
  sourceName: string;
  /** Page, heading path or row. */
  place: string;
  /** Span in the source's extracted text, in UTF-16 units. */
  start: number;
  end: number;
  /** Prose: `text`. Rows: the columns in use. Messages: `0`, `1`, ... */
  fields: Record<string, string>;
  /** Roles of the messages, in order; null for other shapes. */
  roles: Message['role'][] | null;
  /** Rows stand alone; prose goes on in the next passage of its source. */
  isRow: boolean;
  /** Whether the text ends here; only rows of an exported dataset say no. */
  isComplete: boolean;
  /** Value of the split column, if there is one. */
  split: string | null;
  /** Value of the group column, if there is one. */
  group: string | null;
  /** The prose as it was imported, to find spans again after cleaning; null for rows. */
  original: string | null;
}

export type StepSample = StepReport['samples'][number];

export interface StepResult {
  passages: Passage[];
  removed: number;
  changed: number;
  /** At most `maxSamples`. */
  samples: StepSample[];
}

export const maxSamples = 20;
const sampleCharacters = 600;

/** All text of a passage. */
export function passageText(passage: Passage): string {
  const texts = Object.values(passage.fields);
  return texts.length === 1 ? texts[0] : texts.join('\n');
}

/**
 * Changes every field by `change`. Passages that become blank are removed.
 */
export function mapTexts(passages: Passage[], change: (text: string) => string): StepResult {
  const kept: Passage[] = [];
  const samples: StepSample[] = [];
  let removed = 0;
  let changed = 0;
  for (const passage of passages) {
    const fields: Record<string, string> = {};
    let differs = false;
    for (const [name, text] of Object.entries(passage.fields)) {
      fields[name] = change(text);
      differs ||= fields[name] !== text;
    }
    if (!differs) {
      kept.push(passage);
      continue;
    }
    const after = { ...passage, fields };
    // A row that was empty before stays, so that it is named when records are made.
    const wasText = !passage.isRow || passageText(passage).trim() !== '';
    const isBlank = wasText && passageText(after).trim() === '';
    if (isBlank) removed++;
    else {
      changed++;
      kept.push(after);
    }
    if (samples.length < maxSamples) {
      const pair = aroundChange(passageText(passage), passageText(after));
      samples.push({ ...pair, after: isBlank ? null : pair.after, kept: null, place: placeOf(passage) });
    }
  }
  return { passages: kept, removed, changed, samples };
}

/** Keeps the passages that `isKept` is true for. */
export function filterPassages(passages: Passage[], isKept: (passage: Passage) => boolean): StepResult {
  const kept: Passage[] = [];
  const samples: StepSample[] = [];
  for (const passage of passages) {
    if (isKept(passage)) kept.push(passage);
    else if (samples.length < maxSamples) samples.push(removedSample(passage, null));
  }
  return { passages: kept, removed: passages.length - kept.length, changed: 0, samples };
}

/** Sample of a removed passage; `twin` is what stays in its place. */
export function removedSample(passage: Passage, twin: Passage | null): StepSample {
  return {
    before: cut(passageText(passage)),
    after: null,
    kept: twin === null ? null : cut(`${placeOf(twin)}: ${passageText(twin)}`),
    place: placeOf(passage),
  };
}

/** "handbook.docx, Safety > Brakes". */
export function placeOf(passage: Passage): string {
  return passage.place === '' ? passage.sourceName : `${passage.sourceName}, ${passage.place}`;
}

/** The stretch around the first difference of two long texts. */
function aroundChange(before: string, after: string): { before: string; after: string } {
  let same = 0;
  while (same < before.length && before[same] === after[same]) same++;
  const from = Math.max(0, same - 80);
  return { before: cut(before.slice(from)), after: cut(after.slice(from)) };
}

function cut(text: string): string {
  return text.length <= sampleCharacters ? text : `${text.slice(0, sampleCharacters)} ...`;
}
