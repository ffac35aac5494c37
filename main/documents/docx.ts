// Word documents: the package is rewritten (docx-rewrite.ts), mammoth turns it into HTML, and the HTML
// walker gives sections with heading paths. The only import of mammoth, which is loaded on the first
// document.
import { AppError } from '../errors.ts';
import { createNumbering } from './docx-numbering.ts';
import { type Rewritten, rewriteDocument, slimStyles } from './docx-rewrite.ts';
import { rootOf } from './html.ts';
import { sectionsOf } from './html-text.ts';
import type { Importer } from './importer.ts';
import { type Limits, plural } from './limits.ts';
import { cutText } from './text.ts';
import { childrenOf, parseXml, writeXml, type XmlElement } from './xml.ts';
import { readZip, writeZip } from './zip.ts';

export const docx: Importer = {
  id: 'docx',
  label: 'Word (DOCX)',
  description:
    'Headings, lists with their numbers, tables, notes and text boxes. Tracked changes are accepted.',
  extensions: ['docx', 'docm'],
  mimeTypes: ['application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  isText: false,
  async *read(file, _options, limits) {
    const parts = await partsOf(file.name, file.bytes, limits);
    const numbering = createNumbering(parts.numbering, parts.styles);
    const rewritten = rewriteDocument(parts.document, { ...parts, numbering });
    const html = await toHtml(rewritten.document, parts.styles);
    const sections = sectionsOf(await rootOf(`<html><body>${html}</body></html>`));
    if (sections.length === 0) {
      throw new AppError(
        'docx-no-text',
        `"${file.name}" holds no text.`,
        'Check the document in Word: its text may be pictures. Or leave it out.',
      );
    }
    for (const section of sections) {
      for (const piece of cutText(section.text)) yield { place: section.place, text: piece };
    }
    return { coverage: { notes: notesOn(rewritten, parts.hasMargins) }, rows: null, columns: [] };
  },
};

interface Parts {
  document: XmlElement;
  styles: XmlElement | undefined;
  numbering: XmlElement | undefined;
  footnotes: XmlElement | undefined;
  endnotes: XmlElement | undefined;
  /** Whether there are headers or footers, which are not read. */
  hasMargins: boolean;
}

/** The XML parts of the package, found through its relationships. */
async function partsOf(name: string, bytes: Uint8Array, limits: Limits): Promise<Parts> {
  try {
    const entries = await readZip(name, bytes, limits, (entry) => /\.(?:xml|rels)$/i.test(entry));
    const parse = async (path: string | undefined) => {
      const content = path === undefined ? undefined : entries.get(path);
      return content === undefined ? undefined : parseXml(content, `"${name}" (${path})`, limits.nesting);
    };
    const main = targetsOf(await parse('_rels/.rels'), '').get('officeDocument') ?? 'word/document.xml';
    const folder = main.slice(0, main.lastIndexOf('/') + 1);
    const targets = targetsOf(await parse(`${folder}_rels/${main.slice(folder.length)}.rels`), folder);
    const document = await parse(main);
    if (document === undefined) throw new Error(`the package holds no ${main}`);
    return {
      document,
      styles: await parse(targets.get('styles')),
      numbering: await parse(targets.get('numbering')),
      footnotes: await parse(targets.get('footnotes')),
      endnotes: await parse(targets.get('endnotes')),
      hasMargins: targets.has('header') || targets.has('footer'),
    };
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    const detail = thrown instanceof Error ? thrown.message.replace(/\.$/, '') : String(thrown);
    throw new AppError(
      'docx-broken',
      `"${name}" is not a complete Word document: ${detail}.`,
      'Open it in Word, save it again and import the new file, or leave it out.',
      { cause: thrown },
    );
  }
}

/** Path of each related part by the last word of its type, such as `styles` or `footnotes`. */
function targetsOf(relations: XmlElement | undefined, folder: string): Map<string, string> {
  const targets = new Map<string, string>();
  for (const relation of childrenOf(relations, 'Relationship')) {
    const { Type: type = '', Target: target = '', TargetMode: mode } = relation.attributes;
    if (mode === 'External') continue;
    const path = target.startsWith('/') ? target.slice(1) : folder + target;
    const parts: string[] = [];
    for (const part of path.split('/')) {
      if (part === '..') parts.pop();
      else if (part !== '.') parts.push(part);
    }
    targets.set(type.slice(type.lastIndexOf('/') + 1), parts.join('/'));
  }
  return targets;
}

async function toHtml(document: XmlElement, styles: XmlElement | undefined): Promise<string> {
  const { default: mammoth } = await import('mammoth');
  const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
  const package_ = 'http://schemas.openxmlformats.org/package/2006';
  const kind = 'application/vnd.openxmlformats-officedocument.wordprocessingml';
  const relations = (type: string, target: string) =>
    `<Relationships xmlns="${package_}/relationships"><Relationship Id="a" Type="${office}/${type}" ` +
    `Target="${target}"/></Relationships>`;
  const buffer = await writeZip({
    '[Content_Types].xml':
      `<Types xmlns="${package_}/content-types"><Default Extension="xml" ContentType="application/xml"/>` +
      `<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
      `<Override PartName="/word/document.xml" ContentType="${kind}.document.main+xml"/></Types>`,
    '_rels/.rels': relations('officeDocument', 'word/document.xml'),
    'word/_rels/document.xml.rels': relations('styles', 'styles.xml'),
    'word/styles.xml': writeXml(slimStyles(styles)),
    'word/document.xml': writeXml(document),
  });
  // The rewriting leaves no picture; without this a picture would arrive as base64.
  const convertImage = mammoth.images.imgElement(async () => ({ src: '' }));
  return (await mammoth.convertToHtml({ buffer }, { convertImage })).value;
}

function notesOn(rewritten: Rewritten, hasMargins: boolean): string[] {
  const notes: string[] = [];
  const { trackedChanges, textBoxes, hiddenRuns } = rewritten;
  if (trackedChanges > 0) {
    notes.push(`contains ${plural(trackedChanges, 'tracked change')}; imported as accepted`);
  }
  if (textBoxes > 0)
    notes.push(`${plural(textBoxes, 'text box', 'text boxes')} placed after their paragraphs`);
  if (rewritten.notes > 0) notes.push(`${plural(rewritten.notes, 'note')} placed after their paragraphs`);
  if (hiddenRuns > 0) notes.push(`${plural(hiddenRuns, 'hidden piece')} of text left out`);
  if (hasMargins) notes.push('headers and footers left out');
  return notes;
}
