// Reads one file from bytes to numbered parts and a coverage report. Pure over plain data: no path, no
// process, no database. `worker.ts` runs it in a thread of its own.
import type { Coverage, DocumentPart } from '../contract/documents.ts';
import { AppError } from '../errors.ts';
import type { ImportFile, ImportOptions } from './importer.ts';
import { importerFor } from './index.ts';
import { defaultLimits, holdLimit, type Limits } from './limits.ts';

/** What is known of a source after reading. */
export interface SourceSummary {
  /** Importer id. */
  format: string;
  /** UTF-16 units of all parts. */
  characters: number;
  words: number;
  rows: number | null;
  columns: string[];
  coverage: Coverage;
  /** Some text of the source, for telling its language; at most 20,000 characters. */
  sample: string;
}

const sampleCharacters = 20_000;
/** Between two parts of prose in the source's text; rows have a line end between them. */
export const partBreak = { prose: '\n\n', rows: '\n' };

/**
 * Reads `file` and hands every part to `onPart`, in order, with its start in the source's text.
 * @throws AppError with a sentence for the user when nothing can be read or a limit is passed.
 */
export async function readSource(
  file: ImportFile,
  options: ImportOptions,
  onPart: (part: DocumentPart) => void,
  limits: Limits = defaultLimits,
): Promise<SourceSummary> {
  holdLimit(file.name, file.bytes.length, limits.fileBytes, 'bytes');
  const { importer, notes } = importerFor(file.name, file.bytes);
  const tally = createTally();
  const parts = importer.read(file, options, limits);
  let step = await parts.next();
  while (!step.done) {
    const draft = step.value;
    const gap = draft.cells === undefined ? partBreak.prose : partBreak.rows;
    const start = tally.parts === 0 ? 0 : tally.end + gap.length;
    tally.add(draft.place, draft.text, start);
    holdLimit(file.name, tally.characters, limits.characters, 'characters');
    onPart({ place: draft.place, start, text: draft.text, ...rest(draft) });
    step = await parts.next();
  }
  if (tally.words === 0) {
    throw new AppError(
      'file-no-text',
      `"${file.name}" holds no text.`,
      'Check the file in another program, or leave it out.',
    );
  }
  const { coverage, rows, columns } = step.value;
  return {
    format: importer.id,
    characters: tally.characters,
    words: tally.words,
    rows,
    columns,
    sample: tally.sample,
    coverage: {
      encoding: null,
      encodingWhy: null,
      delimiter: null,
      pages: null,
      emptyPages: [],
      keptShare: null,
      ...coverage,
      unreadableCharacters: tally.unreadable,
      firstUnreadablePlace: tally.firstUnreadable,
      notes: [...notes, ...(coverage.notes ?? [])],
    },
  };
}

function rest(draft: { cells?: Record<string, string>; value?: unknown }) {
  return {
    ...(draft.cells === undefined ? {} : { cells: draft.cells }),
    ...(draft.value === undefined ? {} : { value: draft.value }),
  };
}

/** Running counts over the parts. */
function createTally() {
  return {
    parts: 0,
    characters: 0,
    words: 0,
    end: 0,
    unreadable: 0,
    firstUnreadable: null as string | null,
    sample: '',
    add(place: string, text: string, start: number) {
      this.parts++;
      this.characters += text.length;
      this.end = start + text.length;
      this.words += countWords(text);
      if (this.sample.length < sampleCharacters) {
        this.sample += `${text.slice(0, sampleCharacters - this.sample.length)}\n`;
      }
      const unreadable = countUnreadable(text);
      if (unreadable > 0) this.firstUnreadable ??= place === '' ? 'the start of the text' : place;
      this.unreadable += unreadable;
    },
  };
}

/** U+0000, U+FFFD and private-use characters (the last two planes begin with the surrogates DB80 to DBFF). */
export function countUnreadable(text: string): number {
  let found = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    const isPrivate = (unit >= 0xe000 && unit <= 0xf8ff) || (unit >= 0xdb80 && unit <= 0xdbff);
    if (unit === 0 || unit === 0xfffd || isPrivate) found++;
  }
  return found;
}

/** Runs of characters between white space. */
export function countWords(text: string): number {
  let words = 0;
  let inWord = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    const isSpace = unit <= 0x20 || unit === 0xa0 || unit === 0x3000;
    if (!isSpace && !inWord) words++;
    inWord = !isSpace;
  }
  return words;
}
