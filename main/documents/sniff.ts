// What a file is by its first bytes, whatever its name says. Knows signatures, not importers.
import { utf16ByZeros } from './encoding.ts';

export type ContentKind = 'pdf' | 'zip' | 'ole' | 'other' | 'text' | 'binary';

export interface Content {
  kind: ContentKind;
  /** As a sentence says it: "a PNG picture". */
  label: string;
}

/** Signatures of well-known formats that no importer reads. */
const others: [signature: string, label: string][] = [
  ['{\\rtf', 'an RTF document'],
  ['PAR1', 'a Parquet file'],
  ['\x89PNG', 'a PNG picture'],
  ['\xff\xd8\xff', 'a JPEG picture'],
  ['GIF8', 'a GIF picture'],
  ['BM', 'a BMP picture'],
  ['II*\x00', 'a TIFF picture'],
  ['MM\x00*', 'a TIFF picture'],
  ['RIFF', 'a sound, film or WebP file'],
  ['OggS', 'a sound file'],
  ['ID3', 'a sound file'],
  ['fLaC', 'a sound file'],
  ['\x1f\x8b', 'a gzip archive'],
  ['BZh', 'a bzip2 archive'],
  ['\xfd7zXZ', 'an xz archive'],
  ['7z\xbc\xaf', 'a 7-Zip archive'],
  ['Rar!', 'a RAR archive'],
  ['(\xb5/\xfd', 'a Zstandard archive'],
  ['MZ', 'a Windows program'],
  ['\x7fELF', 'a Linux program'],
  ['\xcf\xfa\xed\xfe', 'a macOS program'],
  ['SQLite format 3', 'a SQLite database'],
  ['%!PS', 'a PostScript document'],
];

/** First entry, empty archive, spanned archive. */
const zipStarts = ['PK\x03\x04', 'PK\x05\x06', 'PK\x07\x08'];

/** Signatures of two letters also begin ordinary text ("BMW ..."); those need binary content as well. */
const shortest = 3;

/** Looks at up to 64 KB. */
export function sniff(bytes: Uint8Array): Content {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 65_536));
  const start = head.toString('latin1', 0, 16);
  // Readers accept some bytes before the PDF header.
  if (head.subarray(0, 1024).includes('%PDF-')) return { kind: 'pdf', label: 'a PDF' };
  if (zipStarts.some((signature) => start.startsWith(signature))) {
    return { kind: 'zip', label: 'a zip archive' };
  }
  if (start.startsWith('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1')) {
    return { kind: 'ole', label: 'an old Office document' };
  }
  const isText = looksLikeText(head);
  const known = others.find(
    ([signature]) => start.startsWith(signature) && (signature.length >= shortest || !isText),
  );
  if (known !== undefined) return { kind: 'other', label: known[1] };
  return isText ? { kind: 'text', label: 'text' } : { kind: 'binary', label: 'binary data' };
}

/** Text has hardly any control characters (2 % at most); UTF-16 is told by its mark or its zero bytes. */
function looksLikeText(head: Uint8Array): boolean {
  const mark = (head[0] << 8) | head[1];
  if (mark === 0xfffe || mark === 0xfeff || utf16ByZeros(head) !== null) return true;
  if (head[0] === 0 && head[1] === 0 && head[2] === 0xfe && head[3] === 0xff) return true;
  let controls = 0;
  for (const byte of head) {
    const isSpace = byte >= 0x08 && byte <= 0x0d;
    if ((byte < 0x20 && !isSpace && byte !== 0x1b) || byte === 0x7f) controls++;
  }
  return controls <= 0.02 * head.length;
}
