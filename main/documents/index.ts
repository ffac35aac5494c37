// The registry of importers, and the choice among them by name and content. A new format is one line here.
import { AppError } from '../errors.ts';
import { conll } from './conll.ts';
import { csv } from './csv.ts';
import { docx } from './docx.ts';
import { html } from './html.ts';
import type { Importer } from './importer.ts';
import { json } from './json.ts';
import { jsonl } from './jsonl.ts';
import { markdown } from './markdown.ts';
import { pdf } from './pdf.ts';
import { sniff } from './sniff.ts';
import { text } from './text.ts';

export const importers: readonly Importer[] = [text, markdown, html, pdf, docx, csv, json, jsonl, conll];

/** Formats that people often drop, by name, so that the refusal can say what it is. */
const unsupported: Record<string, string> = {
  rtf: 'RTF',
  parquet: 'Parquet',
  xlsx: 'Excel',
  xls: 'Excel',
  pptx: 'PowerPoint',
  ppt: 'PowerPoint',
  odt: 'OpenDocument',
  ods: 'OpenDocument',
  odp: 'OpenDocument',
  epub: 'EPUB',
  doc: 'old Word (DOC)',
  pages: 'Pages',
};

/**
 * The importer for a file, by its content first and its extension second.
 * @param bytes the file, or at least its first 64 KB (a zip is searched whole for a Word document).
 * @returns the importer, with a note when name and content disagree.
 * @throws AppError `file-empty`, `type-not-supported`, `file-wrong-content`, `file-binary`,
 *   `docx-encrypted`,
 *   `docx-broken`, `pdf-broken`.
 */
export function importerFor(name: string, bytes: Uint8Array): { importer: Importer; notes: string[] } {
  if (bytes.length === 0) {
    throw new AppError(
      'file-empty',
      `"${name}" is empty (0 bytes).`,
      'Get a complete copy, or leave it out.',
    );
  }
  const extension = extensionOf(name);
  const named = importers.find((importer) => importer.extensions.includes(extension));
  const content = sniff(bytes);
  const found = { pdf: pdfFile, zip: zipFile, ole: oleFile, other: null, text: textFile, binary: null }[
    content.kind
  ]?.(name, extension, named, bytes);
  if (found !== undefined) return found;
  if (named === undefined) throw notSupported(name, extension);
  if (content.kind === 'other') throw wrongContent(name, named, content.label);
  throw new AppError(
    'file-binary',
    `"${name}" holds binary data, not ${named.label}.`,
    'Check where the file comes from, or leave it out.',
  );
}

type Found = { importer: Importer; notes: string[] } | undefined;

function pdfFile(_name: string, extension: string, named: Importer | undefined): Found {
  const notes = named === pdf ? [] : [`named .${extension}, but it is a PDF; read as PDF`];
  return { importer: pdf, notes };
}

function zipFile(name: string, extension: string, named: Importer | undefined, bytes: Uint8Array): Found {
  if (named === docx) return { importer: docx, notes: [] };
  if (extension in unsupported) throw notSupported(name, extension);
  const isWord = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes('word/document.xml');
  if (isWord) {
    return { importer: docx, notes: [`named .${extension}, but it is a Word document; read as one`] };
  }
  throw new AppError(
    'file-is-archive',
    `"${name}" is a zip archive.`,
    'Unpack it and import the files that are in it.',
  );
}

/** The old compound format: Word 97 documents, and new ones that are encrypted. */
function oleFile(name: string, extension: string, named: Importer | undefined, bytes: Uint8Array): Found {
  const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (raw.includes(Buffer.from('EncryptedPackage', 'utf16le'))) {
    throw new AppError(
      'docx-encrypted',
      `"${name}" is protected with a password.`,
      'Open it in Word, remove the password, and import it again. Or leave it out.',
    );
  }
  if (extension in unsupported) throw notSupported(name, extension);
  throw wrongContent(name, named, 'an old Office document');
}

function textFile(name: string, extension: string, named: Importer | undefined): Found {
  if (named?.isText) return { importer: named, notes: [] };
  if (named !== undefined) throw wrongContent(name, named, 'plain text');
  if (extension === '') return { importer: text, notes: ['no extension; read as plain text'] };
  return undefined;
}

function wrongContent(name: string, named: Importer | undefined, label: string): AppError {
  if (named === pdf || named === docx) {
    return new AppError(
      named === pdf ? 'pdf-broken' : 'docx-broken',
      `"${name}" is not a ${named.label} document: it holds ${label}.`,
      'Get a complete copy of the file, or give it the right extension.',
    );
  }
  const expected = named === undefined ? '' : `, not ${named.label}`;
  return new AppError(
    'file-wrong-content',
    `"${name}" is ${label}${expected}.`,
    `Import files of these types: ${supportedTypes()}.`,
  );
}

function notSupported(name: string, extension: string): AppError {
  const known = unsupported[extension];
  const plain = extension === '' ? 'files without an extension are' : `.${extension} is`;
  const what = known === undefined ? plain : `${known} files are`;
  return new AppError(
    'type-not-supported',
    `Tunesmith cannot read "${name}": ${what} not supported yet.`,
    `Save it as one of these types: ${supportedTypes()}.`,
  );
}

/** "Plain text, Markdown, ... and JSON Lines". */
export function supportedTypes(): string {
  const labels = importers.map((importer) => importer.label);
  return `${labels.slice(0, -1).join(', ')} and ${labels[labels.length - 1]}`;
}

/** Lower case, without the dot; empty for none. A name that only starts with a dot has none. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? '' : name.slice(dot + 1).toLowerCase();
}
