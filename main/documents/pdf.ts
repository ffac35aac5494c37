// PDF: text by page, in reading order. Says what is missing: pages without text, passwords, copy
// restrictions. The only import of pdf-parse, which is loaded on the first document. Which line belongs to
// which column is decided in pdf-layout.ts.
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { PDFParse } from 'pdf-parse';
import { AppError } from '../errors.ts';
import { log } from '../log.ts';
import type { Importer } from './importer.ts';
import { expandLigatures } from './ligatures.ts';
import { holdLimit, type Limits, plural } from './limits.ts';
import { type Block, layoutPage, type TextRun } from './pdf-layout.ts';
import { addWords, createVocabulary, pageText } from './pdf-paragraphs.ts';
import { cutText } from './text.ts';

export const pdf: Importer = {
  id: 'pdf',
  label: 'PDF',
  description: 'Text of each page in reading order, columns one after the other. Scanned pages are named.',
  extensions: ['pdf'],
  mimeTypes: ['application/pdf'],
  isText: false,
  async *read(file, options, limits) {
    const parser = new (await import('pdf-parse')).PDFParse({
      // pdf-parse detaches the buffer that it gets.
      data: file.bytes.slice(),
      password: options.password,
      // Predefined character maps of East Asian fonts; without them such text is lost.
      cMapUrl: `${dataFolder()}/cmaps/`,
      cMapPacked: true,
      standardFontDataUrl: `${dataFolder()}/standard_fonts/`,
      disableFontFace: true,
      isEvalSupported: false,
      maxImageSize: 1,
    });
    try {
      const document = await open(parser, file.name, options.password);
      const { pages, unread } = await readPages(document, file.name, limits);
      const restricted = await restrictsCopying(document);
      const emptyPages = pages.flatMap((page, at) => (page.length === 0 ? [at + 1] : []));
      const notes: string[] = [];
      if (restricted) notes.push('the author restricts copying from this file');
      if (unread.length > 0)
        notes.push(`${plural(unread.length, 'page')} could not be read (${listed(unread)})`);
      if (emptyPages.length === pages.length) throw noText(file.name, pages.length, file.bytes, restricted);
      if (emptyPages.length > 0) {
        const many = `${emptyPages.length} of ${plural(pages.length, 'page')} (${listed(emptyPages)})`;
        notes.push(`no text on ${many}${hasPictures(file.bytes) ? ': scanned or pictures only' : ''}`);
      }
      const vocabulary = createVocabulary();
      for (const page of pages)
        for (const { lines } of page) for (const { text } of lines) addWords(vocabulary, text);
      for (const [at, page] of pages.entries()) {
        for (const piece of cutText(pageText(page, vocabulary)))
          yield { place: `page ${at + 1}`, text: piece };
      }
      return { coverage: { pages: pages.length, emptyPages, notes }, rows: null, columns: [] };
    } finally {
      await parser.destroy();
    }
  },
};

/** The parts of pdf.js that are used here; pdf-parse gives no access to positioned text by itself. */
interface PdfDocument {
  numPages: number;
  getPage(number: number): Promise<PdfPage>;
  getPermissions(): Promise<number[] | null>;
}
interface PdfPage {
  view: number[];
  getTextContent(options: { disableNormalization: boolean }): Promise<{
    items: (Omit<TextRun, 'vertical'> & { fontName: string })[];
    styles: Record<string, { vertical: boolean } | undefined>;
  }>;
  cleanup(): void;
}

async function open(parser: PDFParse, name: string, password: string | undefined): Promise<PdfDocument> {
  try {
    // `load` is what getText() calls first; private only in the type declarations.
    return await (parser as unknown as { load(): Promise<PdfDocument> }).load();
  } catch (thrown) {
    throw openingFault(thrown, name, password);
  }
}

function openingFault(thrown: unknown, name: string, password: string | undefined): AppError {
  const kind = thrown instanceof Error ? thrown.name : '';
  const cause = { cause: thrown };
  if (kind === 'PasswordException') {
    const wrong = password !== undefined && password !== '';
    return new AppError(
      wrong ? 'pdf-password-wrong' : 'pdf-encrypted',
      wrong ? `The password does not open "${name}".` : `"${name}" is protected with a password.`,
      wrong ? 'Enter another password, or leave the file out.' : 'Enter the password, or leave the file out.',
      cause,
    );
  }
  const detail = thrown instanceof Error ? thrown.message.replace(/\.$/, '') : String(thrown);
  return new AppError(
    'pdf-broken',
    `"${name}" is not a readable PDF: ${detail}.`,
    'Get a complete copy of the file, or leave it out.',
    cause,
  );
}

/** Blocks of every page. Pages that fail alone are named, and count as empty. */
async function readPages(
  document: PdfDocument,
  name: string,
  limits: Limits,
): Promise<{ pages: Block[][]; unread: number[] }> {
  holdLimit(name, document.numPages, limits.pages, 'pages');
  const pages: Block[][] = [];
  const unread: number[] = [];
  let characters = 0;
  for (let number = 1; number <= document.numPages; number++) {
    const page = await textOfPage(document, number);
    if (page === null) {
      pages.push([]);
      unread.push(number);
    } else {
      const { content, view } = page;
      const [x0, y0, x1, y1] = view;
      const runs = content.items
        .filter((item) => typeof item.str === 'string')
        .map((item) => ({
          ...item,
          // U+F0B7 is the bullet of the Symbol font.
          str: expandLigatures(item.str).replaceAll('\uF0B7', '\u2022'),
          vertical: content.styles[item.fontName]?.vertical ?? false,
        }));
      characters += runs.reduce((sum, run) => sum + run.str.length, 0);
      pages.push(layoutPage(runs, x1 - x0, y1 - y0));
    }
    holdLimit(name, characters, limits.characters, 'characters');
  }
  return { pages, unread };
}

/** Positioned text of one page; null when the parser cannot read the page. */
async function textOfPage(document: PdfDocument, number: number) {
  try {
    const page = await document.getPage(number);
    const content = await page.getTextContent({ disableNormalization: true });
    page.cleanup();
    return { content, view: page.view };
  } catch (thrown) {
    log('warn', 'pdf-page-unread', { page: number, cause: thrown });
    return null;
  }
}

/** PDF permission bit 5: copy text and graphics. No permissions at all means no restriction. */
async function restrictsCopying(document: PdfDocument): Promise<boolean> {
  const permissions = await document.getPermissions();
  return permissions !== null && !permissions.includes(0x10);
}

function noText(name: string, pages: number, bytes: Uint8Array, restricted: boolean): AppError {
  const copying = restricted ? ' The author restricts copying from it.' : '';
  const scanned = hasPictures(bytes);
  const message = scanned
    ? `"${name}" has ${plural(pages, 'page')}, no text: scanned.${copying}`
    : `"${name}" has no text on ${plural(pages, 'page')}.${copying}`;
  const remedy = scanned
    ? 'Run text recognition (OCR) on it and import the result, or leave it out.'
    : 'Check the file in a viewer, or leave it out.';
  return new AppError('pdf-no-text', message, remedy);
}

/** Picture dictionaries stand unpacked in the file, also when it is encrypted. */
function hasPictures(bytes: Uint8Array): boolean {
  const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return raw.includes('/Subtype/Image') || raw.includes('/Subtype /Image');
}

/** Up to 8 page numbers. */
function listed(pages: number[]): string {
  return pages.slice(0, 8).join(', ') + (pages.length > 8 ? ', ...' : '');
}

/** Folder of pdfjs-dist, found from pdf-parse, which brings it. */
function dataFolder(): string {
  const fromHere = createRequire(import.meta.url);
  const fromParser = createRequire(fromHere.resolve('pdf-parse'));
  return dirname(fromParser.resolve('pdfjs-dist/package.json'));
}
