// Documents: imported files (sources), the text read from them, and the record of the right to use them.
import { z } from 'zod';
import { call, FileToken, Id, Nothing, Page, Time, WireError } from './wire.ts';

/** Where a piece of text comes from. Character spans are UTF-16 offsets into the source's extracted text. */
export const Provenance = z.object({
  sourceId: Id,
  sourceName: z.string(),
  /** Page (1-based), heading path ("Safety > Brakes") or row ("row 14"); empty when the file has none. */
  place: z.string(),
  start: z.int(),
  end: z.int(),
});
export type Provenance = z.infer<typeof Provenance>;

/** What reading a file could and could not do. */
export const Coverage = z.object({
  /** Encoding used, such as `utf-8`; null for formats that name their own. */
  encoding: z.string().nullable(),
  encodingWhy: z.string().nullable(),
  delimiter: z.string().nullable(),
  pages: z.int().nullable(),
  /** 1-based numbers of pages without text. */
  emptyPages: z.array(z.int()),
  /** U+0000, U+FFFD and private-use characters. */
  unreadableCharacters: z.int(),
  firstUnreadablePlace: z.string().nullable(),
  /** Share of the visible text kept (HTML main content), 0 to 1. */
  keptShare: z.number().nullable(),
  /** Sentences, such as "contains 3 tracked changes; imported as accepted". */
  notes: z.array(z.string()),
});
export type Coverage = z.infer<typeof Coverage>;

export const Rights = z.object({
  basis: z.enum(['own-work', 'employer-owned', 'licensed', 'public-domain', 'consent', 'other']),
  /** Who attests it. */
  who: z.string().trim().min(1, 'Name who attests the right to use the file.').max(200),
  note: z.string().max(2000).default(''),
  attestedAt: Time,
});
export type Rights = z.infer<typeof Rights>;

export const Source = z.object({
  id: Id,
  projectId: Id,
  name: z.string(),
  /** Importer id, such as `pdf`; null until recognised. */
  format: z.string().nullable(),
  bytes: z.int(),
  sha256: z.string(),
  state: z.enum(['reading', 'read', 'failed', 'left-out']),
  failure: WireError.nullable(),
  characters: z.int(),
  words: z.int(),
  /** Rows of tabular or JSON sources; null for prose. */
  rows: z.int().nullable(),
  columns: z.array(z.string()),
  language: z.string().nullable(),
  coverage: Coverage.nullable(),
  rights: Rights.nullable(),
  addedAt: Time,
});
export type Source = z.infer<typeof Source>;

/** One part of the extracted text: a page, a section or a table row. */
export const DocumentPart = z.object({
  place: z.string(),
  start: z.int(),
  text: z.string(),
  /** Named cells of a row; all values are the exact strings of the file. */
  cells: z.record(z.string(), z.string()).optional(),
  /** A row of JSON that is not flat keeps its value here. */
  value: z.unknown().optional(),
});
export type DocumentPart = z.infer<typeof DocumentPart>;

const SourceIds = z.object({ sourceIds: z.array(Id).min(1).max(10_000) });

export const documents = {
  'documents.list': call({
    input: z.object({
      projectId: Id,
      filter: z.enum(['all', 'failed', 'no-rights', 'left-out']).default('all'),
      ...Page,
    }),
    output: z.object({
      sources: z.array(Source),
      total: z.int(),
      counts: z.object({
        all: z.int(),
        read: z.int(),
        failed: z.int(),
        noRights: z.int(),
        leftOut: z.int(),
        bytes: z.int(),
        characters: z.int(),
        pages: z.int(),
      }),
    }),
  }),
  /** Files or folders by token. One job reads them all; each file succeeds or fails alone. */
  'documents.import': call({
    input: z.object({ projectId: Id, tokens: z.array(FileToken).min(1).max(10_000) }),
    output: z.object({ jobId: Id }),
  }),
  'documents.preview': call({
    input: z.object({ projectId: Id, sourceId: Id, ...Page }),
    output: z.object({ parts: z.array(DocumentPart), total: z.int() }),
  }),
  /** Reads a source again with the user's own choices. */
  'documents.reread': call({
    input: z.object({
      projectId: Id,
      sourceId: Id,
      options: z.object({
        encoding: z.string().optional(),
        delimiter: z.string().max(4).optional(),
        wholePage: z.boolean().optional(),
        password: z.string().max(500).optional(),
      }),
    }),
    output: z.object({ jobId: Id }),
  }),
  'documents.replace': call({
    input: z.object({ projectId: Id, sourceId: Id, token: FileToken }),
    output: z.object({ jobId: Id }),
  }),
  'documents.setRights': call({
    input: SourceIds.extend({ projectId: Id, rights: Rights.omit({ attestedAt: true }) }),
    output: z.array(Source),
  }),
  'documents.leaveOut': call({
    input: SourceIds.extend({ projectId: Id, leftOut: z.boolean() }),
    output: z.array(Source),
  }),
  'documents.remove': call({ input: SourceIds.extend({ projectId: Id }), output: Nothing }),
  /** Undoes the last removal of these sources. */
  'documents.restore': call({ input: SourceIds.extend({ projectId: Id }), output: z.array(Source) }),
};
