// Plain text: paragraphs, gathered to parts of a readable length. Knows no markup.

import { decodeText } from './encoding.ts';
import type { Importer, PartDraft } from './importer.ts';

/** A part is closed at the first paragraph border after this many characters. */
const partCharacters = 2_000;
/** Text without any border is cut here, so that one part never holds a whole book. */
const longestPart = 20_000;

export const text: Importer = {
  id: 'text',
  label: 'Plain text',
  description: 'Text files in any encoding; the encoding is found and shown.',
  extensions: ['txt', 'text', 'log'],
  mimeTypes: ['text/plain'],
  isText: true,
  async *read(file, options) {
    const decoded = decodeText(file.bytes, options.encoding);
    for (const piece of cutText(decoded.text)) yield { place: '', text: piece } satisfies PartDraft;
    return {
      coverage: { encoding: decoded.encoding, encodingWhy: decoded.why, notes: decoded.notes },
      rows: null,
      columns: [],
    };
  },
};

/**
 * Cuts text at blank lines into parts of about 2,000 characters; line ends become LF. Blank parts are left
 * out.
 */
export function cutText(whole: string): string[] {
  const parts: string[] = [];
  let part = '';
  for (const paragraph of whole.replace(/\r\n?/g, '\n').split(/\n(?:[ \t]*\n)+/)) {
    for (const piece of cutLong(paragraph)) {
      if (piece.trim() === '') continue;
      part = part === '' ? piece : `${part}\n\n${piece}`;
      if (part.length < partCharacters) continue;
      parts.push(part);
      part = '';
    }
  }
  if (part !== '') parts.push(part);
  return parts;
}

/** A paragraph beyond the longest part, cut at line ends, else at spaces. */
function cutLong(paragraph: string): string[] {
  const pieces: string[] = [];
  let rest = paragraph;
  while (rest.length > longestPart) {
    let end = rest.lastIndexOf('\n', longestPart);
    if (end < longestPart / 2) end = rest.lastIndexOf(' ', longestPart);
    if (end < longestPart / 2) end = longestPart;
    pieces.push(rest.slice(0, end));
    rest = rest.slice(end).replace(/^[ \n]/, '');
  }
  pieces.push(rest);
  return pieces;
}
