// Makes the small files that the importer tests read: Word packages from XML, PDFs from drawing calls, and
// a reader that gathers what an importer yields.
/// <reference path="../../../resources/sample/pdfkit.d.ts" />
import PDFDocument from 'pdfkit';
import type { DocumentPart } from '../../../main/contract/documents.ts';
import type { ImportOptions } from '../../../main/documents/importer.ts';
import { defaultLimits, type Limits } from '../../../main/documents/limits.ts';
import { readSource } from '../../../main/documents/read.ts';
import { writeZip } from '../../../main/documents/zip.ts';
import { AppError } from '../../../main/errors.ts';

/** Reads one file in memory: its parts, its whole text and the summary. */
export async function readAll(
  name: string,
  bytes: Uint8Array | string,
  options: ImportOptions = {},
  limits: Limits = defaultLimits,
) {
  const parts: DocumentPart[] = [];
  const content = typeof bytes === 'string' ? Buffer.from(bytes, 'utf8') : bytes;
  const summary = await readSource({ name, bytes: content }, options, (part) => parts.push(part), limits);
  return { parts, text: parts.map((part) => part.text).join('\n\n'), ...summary };
}

/** The AppError that reading throws. */
export async function failureOf(
  name: string,
  bytes: Uint8Array | string,
  options: ImportOptions = {},
  limits: Limits = defaultLimits,
): Promise<AppError> {
  try {
    await readAll(name, bytes, options, limits);
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
    throw thrown;
  }
  throw new Error(`"${name}" was read without a failure`);
}

const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const packages = 'http://schemas.openxmlformats.org/package/2006';
const word = 'http://schemas.openxmlformats.org/wordprocessingml/2006/main';
const prefixes = [
  `xmlns:w="${word}"`,
  `xmlns:r="${office}"`,
  'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"',
  'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"',
  'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"',
  'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"',
  'xmlns:v="urn:schemas-microsoft-com:vml"',
].join(' ');

/** A Word package; each part is the inner XML of its root. */
export function makeDocx(parts: {
  body: string;
  numbering?: string;
  styles?: string;
  footnotes?: string;
}): Promise<Buffer> {
  const related = (['numbering', 'styles', 'footnotes'] as const).filter((name) => parts[name] !== undefined);
  const relation = (type: string, target: string) =>
    `<Relationship Id="${type}" Type="${office}/${type}" Target="${target}"/>`;
  const relations = (inner: string) =>
    `<Relationships xmlns="${packages}/relationships">${inner}</Relationships>`;
  return writeZip({
    '[Content_Types].xml':
      `<Types xmlns="${packages}/content-types">` +
      '<Default Extension="xml" ContentType="application/xml"/></Types>',
    '_rels/.rels': relations(relation('officeDocument', 'word/document.xml')),
    'word/_rels/document.xml.rels': relations(related.map((name) => relation(name, `${name}.xml`)).join('')),
    'word/document.xml': `<w:document ${prefixes}><w:body>${parts.body}</w:body></w:document>`,
    ...Object.fromEntries(
      related.map((name) => [`word/${name}.xml`, `<w:${name} ${prefixes}>${parts[name]}</w:${name}>`]),
    ),
  });
}

/** A paragraph; `properties` is the inner XML of `w:pPr`. */
export function paragraph(content: string, properties = ''): string {
  const inner = content.startsWith('<') ? content : run(content);
  return `<w:p><w:pPr>${properties}</w:pPr>${inner}</w:p>`;
}

export function run(text: string): string {
  return `<w:r><w:t xml:space="preserve">${text}</w:t></w:r>`;
}

/** The part of pdfkit that the tests draw with. */
export interface Drawing {
  page: { dictionary: { data: Record<string, unknown> } };
  on(event: string, listener: (chunk: Buffer) => void): this;
  addPage(): this;
  fontSize(points: number): this;
  text(content: string, x?: number, y?: number, options?: { lineBreak: boolean }): this;
  rect(x: number, y: number, width: number, height: number): this;
  fill(colour: string): this;
  rotate(degrees: number, options: { origin: [number, number] }): this;
  end(): void;
}

/** A PDF drawn by `draw`. */
export function makePdf(
  draw: (page: Drawing) => void,
  options: Record<string, unknown> = {},
): Promise<Buffer> {
  const create = PDFDocument as unknown as new (options: Record<string, unknown>) => Drawing;
  const document = new create({ size: 'A4', margin: 40, compress: false, ...options });
  const chunks: Buffer[] = [];
  return new Promise((resolve, reject) => {
    document.on('data', (chunk: Buffer) => chunks.push(chunk));
    document.on('end', () => resolve(Buffer.concat(chunks)));
    document.on('error', reject as () => void);
    draw(document);
    document.end();
  });
}

/** Lines at fixed places, without wrapping. */
export function writeLines(page: Drawing, x: number, y: number, lines: string[], pitch = 15): void {
  for (const [at, line] of lines.entries()) page.text(line, x, y + at * pitch, { lineBreak: false });
}
