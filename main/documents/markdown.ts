// Markdown: one part a section, its place is the path of headings. The text stays Markdown; taking the
// marks out is a cleaning step, so that the user sees it.
import { decodeText } from './encoding.ts';
import type { Importer } from './importer.ts';
import { cutText } from './text.ts';

export const markdown: Importer = {
  id: 'markdown',
  label: 'Markdown',
  description: 'Text with headings; every part keeps its heading path.',
  extensions: ['md', 'markdown', 'mdown', 'mkd'],
  mimeTypes: ['text/markdown'],
  isText: true,
  async *read(file, options) {
    const decoded = decodeText(file.bytes, options.encoding);
    for (const section of sectionsOf(decoded.text.replace(/\r\n?/g, '\n'))) {
      for (const piece of cutText(section.text)) yield { place: section.place, text: piece };
    }
    return {
      coverage: { encoding: decoded.encoding, encodingWhy: decoded.why, notes: decoded.notes },
      rows: null,
      columns: [],
    };
  },
};

/** Sections with their heading path ("Safety > Brakes"). Headings inside fenced code do not count. */
function sectionsOf(whole: string): { place: string; text: string }[] {
  const sections: { place: string; text: string }[] = [];
  const path: string[] = [];
  let lines: string[] = [];
  let fence = '';
  const close = () => {
    sections.push({
      place: path.filter((heading) => heading !== undefined).join(' > '),
      text: lines.join('\n'),
    });
    lines = [];
  };
  const all = whole.split('\n');
  for (let at = 0; at < all.length; at++) {
    const line = all[at];
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence === '' && mark !== undefined) fence = mark;
    else if (mark?.startsWith(fence)) fence = '';
    const heading = fence === '' ? headingAt(all, at) : null;
    if (heading !== null) {
      close();
      path.length = heading.level - 1;
      path[heading.level - 1] = heading.title;
    }
    lines.push(line);
  }
  close();
  return sections.filter((section) => section.text.trim() !== '');
}

function headingAt(lines: string[], at: number): { level: number; title: string } | null {
  const atx = /^ {0,3}(#{1,6})[ \t]+(.*?)[ \t#]*$/.exec(lines[at]);
  if (atx !== null) return { level: atx[1].length, title: atx[2] };
  const underline = /^ {0,3}(=+|-+)[ \t]*$/.exec(lines[at + 1] ?? '')?.[1];
  const isTitle = /^ {0,3}[^\s#>*+|-]/.test(lines[at]) && (lines[at - 1] ?? '').trim() === '';
  if (underline === undefined || underline.length < 2 || !isTitle) return null;
  return { level: underline[0] === '=' ? 1 : 2, title: lines[at].trim() };
}
