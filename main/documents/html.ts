// HTML: the main content by Readability, or the whole page when the user asks for it or when too little
// would be kept. The only import of Readability; linkedom is also used for XML (xml.ts). Both are loaded
// when the first page is read.
import { AppError } from '../errors.ts';
import { decodeText } from './encoding.ts';
import { type HtmlNode, type HtmlSection, sectionsOf } from './html-text.ts';
import type { Importer } from './importer.ts';
import { cutText } from './text.ts';

/** Main content below this share of the visible text is not trusted; the whole page is kept instead. */
const leastShare = 0.25;

export const html: Importer = {
  id: 'html',
  label: 'HTML',
  description: 'Web pages: the main content without menus; the share of text kept is shown.',
  extensions: ['html', 'htm', 'xhtml'],
  mimeTypes: ['text/html', 'application/xhtml+xml'],
  isText: true,
  async *read(file, options, limits) {
    const decoded = decodeText(file.bytes, options.encoding, declaredEncoding);
    const notes = [...decoded.notes];
    const root = await rootOf(decoded.text);
    const whole = sectionsOf(root);
    const visible = letters(whole);
    if (visible === 0) {
      throw new AppError(
        'html-no-text',
        `"${file.name}" has no visible text.`,
        'Save the page again after it has loaded, or leave it out.',
      );
    }
    // Readability walks by recursion, and takes minutes for pages of unclosed elements.
    const isDeep = depthOf(root) > limits.nesting;
    const main = options.wholePage === true || isDeep ? null : await mainContent(decoded.text);
    const share = main === null ? 0 : Math.min(1, letters(main) / visible);
    const useMain = main !== null && share >= leastShare;
    const sections = useMain ? main : whole;
    if (main === null && options.wholePage !== true) {
      const why = isDeep ? `elements nest more than ${limits.nesting} levels deep` : 'no main content found';
      notes.push(`${why}; the whole page is kept`);
    } else if (options.wholePage !== true && !useMain) {
      notes.push(`the main content has only ${percent(share)} of the visible text; the whole page is kept`);
    } else if (useMain && share < 0.995) notes.push(`main content: ${percent(share)} of the visible text`);
    for (const section of sections) {
      for (const piece of cutText(section.text)) yield { place: section.place, text: piece };
    }
    const keptShare = useMain ? share : 1;
    return {
      coverage: { encoding: decoded.encoding, encodingWhy: decoded.why, keptShare, notes },
      rows: null,
      columns: [],
    };
  },
};

/** Levels of elements below and with `root`. */
function depthOf(root: HtmlNode): number {
  let deepest = 0;
  const open: { node: HtmlNode; depth: number }[] = [{ node: root, depth: 1 }];
  for (let found = open.pop(); found !== undefined; found = open.pop()) {
    const { node, depth } = found;
    deepest = Math.max(deepest, depth);
    if (node.nextSibling !== null && depth > 1) open.push({ node: node.nextSibling, depth });
    if (node.firstChild !== null) open.push({ node: node.firstChild, depth: depth + 1 });
  }
  return deepest;
}

/** Sections of the main content, or null when Readability finds none (fragments, short pages). */
async function mainContent(text: string): Promise<HtmlSection[] | null> {
  const document = await parsePage(text);
  const { Readability } = await import('@mozilla/readability');
  const heading = document.querySelector('h1')?.textContent?.replace(/\s+/g, ' ').trim() ?? '';
  const article = new Readability<unknown>(
    document as unknown as ConstructorParameters<typeof Readability>[0],
    {
      serializer: (node) => node,
    },
  ).parse();
  if (article?.content === null || article?.content === undefined) return null;
  const sections = sectionsOf(article.content as HtmlNode);
  // Readability takes out the page's own title, which is the context of everything below it.
  const own = sections.findIndex((section) => section.text.startsWith(heading));
  if (heading === '' || document.querySelectorAll('h1').length > 1) return sections;
  if (own >= 0) {
    // It writes the title as a second-level heading, beside those that belong below it.
    for (const section of sections.slice(own + 1)) {
      if (!section.place.startsWith(heading)) section.place = `${heading} > ${section.place}`;
    }
    return sections;
  }
  const startsBare = sections[0]?.place === '';
  if (startsBare) sections[0].text = `${heading}\n\n${sections[0].text}`;
  for (const section of sections) section.place = section.place ? `${heading} > ${section.place}` : heading;
  if (!startsBare) sections.unshift({ place: heading, text: heading });
  return sections;
}

/** Root element of a page, made complete where it is a fragment. */
export async function rootOf(text: string): Promise<HtmlNode> {
  const document = await parsePage(text);
  return document.documentElement as unknown as HtmlNode;
}

/** linkedom wants exactly one root: pages without <html>, or with content before it, get one of their own. */
async function parsePage(text: string) {
  const { parseHTML } = await import('linkedom');
  const isComplete = /^\s*(?:<\?xml[^>]*>\s*)?(?:<!doctype[^>]*>\s*)?(?:<!--[\s\S]*?-->\s*)*<html[\s>]/i.test(
    text,
  );
  if (isComplete) return parseHTML(text).document;
  const inner = text.replace(/<!doctype[^>]*>|<\/?(?:html|body)(?:\s[^>]*)?>/gi, '');
  return parseHTML(`<!doctype html><html><head></head><body>${inner}</body></html>`).document;
}

/**
 * The charset that the page or its XML declaration names; looked for in the whole file, not only in its
 * head.
 */
export function declaredEncoding(bytes: Uint8Array): string | null {
  const ascii = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 1_000_000)).toString(
    'latin1',
  );
  const xml = /^\s*<\?xml[^>]*\sencoding\s*=\s*["']([\w:.-]+)["']/.exec(ascii);
  const meta = /<meta[^>]*\scharset\s*=\s*["']?\s*([\w:.-]+)/i;
  const older = /<meta[^>]*\scontent\s*=\s*["'][^"'>]*charset\s*=\s*([\w:.-]+)/i;
  return (xml ?? meta.exec(ascii) ?? older.exec(ascii))?.[1] ?? null;
}

/** Characters that are no white space. */
function letters(sections: HtmlSection[]): number {
  return sections.reduce((sum, section) => sum + section.text.replace(/\s+/g, '').length, 0);
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
