// What an importer is: bytes of one file in, parts of text and a coverage report out. Knows no format, no
// path and no process; `read.ts` runs one importer, `index.ts` lists them all.
import type { Coverage, DocumentPart } from '../contract/documents.ts';
import type { Limits } from './limits.ts';

/** One file to read. The name is what the user sees; its extension is only a hint. */
export interface ImportFile {
  name: string;
  bytes: Uint8Array;
}

/** The user's own choices; each overrides what an importer would find out by itself. */
export interface ImportOptions {
  encoding?: string;
  delimiter?: string;
  /** HTML: keep the whole page instead of its main content. */
  wholePage?: boolean;
  password?: string;
}

/** A part before its place in the whole text is known; `read.ts` adds `start`. */
export type PartDraft = Omit<DocumentPart, 'start'>;

/** What is known when the last part is out. Fields left out of `coverage` do not apply to the format. */
export interface Outcome {
  coverage: Partial<Coverage>;
  /** Rows of tabular or JSON files; null for prose. */
  rows: number | null;
  columns: string[];
}

/** One format. A new one is one file and one line in `index.ts`. */
export interface Importer {
  id: string;
  label: string;
  description: string;
  /** Lower case, without the dot. */
  extensions: readonly string[];
  mimeTypes: readonly string[];
  /** Whether the bytes are text in some encoding, so that binary content can be refused before reading. */
  isText: boolean;
  /** Yields the parts in order and returns the outcome. Throws AppError with a sentence for the user. */
  read(
    file: ImportFile,
    options: ImportOptions,
    limits: Limits,
  ): AsyncGenerator<PartDraft, Outcome, undefined>;
}
