// Bytes to text, with the name of the encoding and the reason for it. Order: the user's choice, byte-order
// mark, valid UTF-8, UTF-16 by its zero bytes, the file's own declaration if it decodes, detection (the
// order that field case A09 asks for). The only import of chardet and iconv-lite.
import { TextDecoder } from 'node:util';
import chardet from 'chardet';
import iconv from 'iconv-lite';
import { AppError } from '../errors.ts';
import { count, plural } from './limits.ts';

export interface Decoded {
  text: string;
  /** WHATWG name, such as `utf-8` or `windows-1252`. */
  encoding: string;
  /** One phrase: why this encoding. */
  why: string;
  notes: string[];
}

/**
 * Decodes a text file.
 * @param declared encoding that the file names for itself, such as an HTML meta charset; found by the
 *   caller.
 * @throws AppError `encoding-unknown` when the user's choice is no known encoding.
 */
export function decodeText(
  bytes: Uint8Array,
  chosen?: string,
  declared?: (bytes: Uint8Array) => string | null,
): Decoded {
  const mark = byteOrderMark(bytes);
  if (chosen !== undefined && chosen !== '') return decodeChosen(bytes, chosen, mark);
  if (mark !== null) {
    const text = strict(bytes, mark) ?? loose(bytes, mark);
    return { text, encoding: mark, why: 'the file starts with a byte-order mark', notes: [] };
  }
  const byZeros = utf16ByZeros(bytes);
  if (byZeros !== null) {
    return { text: loose(bytes, byZeros), encoding: byZeros, why: 'every second byte is zero', notes: [] };
  }
  const utf8 = strict(bytes, 'utf-8');
  if (utf8 !== null) return { text: utf8, encoding: 'utf-8', why: 'all bytes are valid UTF-8', notes: [] };
  return decodeForeign(bytes, declared?.(bytes) ?? null);
}

/** WHATWG encodings, as the screen offers them for a second reading. */
export function isEncoding(label: string): boolean {
  return decoderFor(label, false) !== null || iconv.encodingExists(label);
}

function decodeChosen(bytes: Uint8Array, chosen: string, mark: string | null): Decoded {
  if (!isEncoding(chosen)) {
    throw new AppError(
      'encoding-unknown',
      `"${chosen}" is not the name of an encoding.`,
      'Choose one such as utf-8, utf-16le, windows-1252, shift_jis or gb18030.',
    );
  }
  const encoding = canonicalName(chosen);
  const notes = mark !== null && mark !== encoding ? [`the byte-order mark says ${mark}`] : [];
  return { text: loose(bytes, encoding), encoding, why: 'chosen by you', notes };
}

/** Not UTF-8: the declaration if it decodes, UTF-8 with a few damaged bytes, or the best guess. */
function decodeForeign(bytes: Uint8Array, declared: string | null): Decoded {
  const notes: string[] = [];
  if (declared !== null && isEncoding(declared)) {
    const encoding = canonicalName(declared);
    const text = plausible(bytes, encoding);
    if (text !== null) return { text, encoding, why: 'declared in the file', notes };
    notes.push(`the file says ${encoding}, but its bytes are not`);
  } else if (declared !== null) notes.push(`the file says "${declared.slice(0, 40)}", which is no encoding`);
  const damaged = damagedUtf8(bytes);
  if (damaged !== null) return { ...damaged, notes: [...notes, ...damaged.notes] };
  for (const guess of chardet.analyse(sampleOf(bytes))) {
    const encoding = canonicalName(guess.name);
    if (encoding === 'utf-8' || !isEncoding(encoding)) continue;
    const text = plausible(bytes, encoding);
    if (text === null) continue;
    const why = `recognised by its bytes (confidence ${guess.confidence} %)`;
    return { text, encoding, why, notes };
  }
  const why = 'not recognised; read as Western European';
  notes.push('the encoding was not recognised');
  return { text: loose(bytes, 'windows-1252'), encoding: 'windows-1252', why, notes };
}

/** Mostly UTF-8: at least 10 good sequences for each bad one. */
function damagedUtf8(bytes: Uint8Array): Decoded | null {
  const text = loose(bytes, 'utf-8');
  let bad = 0;
  let good = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 0xfffd) bad++;
    else if (unit >= 0x80) good++;
  }
  if (good < 10 * bad) return null;
  const why = `${count(good)} characters are valid UTF-8`;
  return { text, encoding: 'utf-8', why, notes: [`${plural(bad, 'byte sequence')} could not be decoded`] };
}

function byteOrderMark(bytes: Uint8Array): string | null {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xff && bytes[1] === 0xfe && bytes[2] === 0 && bytes[3] === 0) return 'utf-32le';
  if (bytes[0] === 0 && bytes[1] === 0 && bytes[2] === 0xfe && bytes[3] === 0xff) return 'utf-32be';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return null;
}

/** UTF-16 without a mark: Latin text has a zero in every second byte and hardly any in the others. */
export function utf16ByZeros(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  const length = Math.min(bytes.length & ~1, 65_536);
  if (length < 4 || bytes.length % 2 === 1) return null;
  let even = 0;
  let odd = 0;
  for (let at = 0; at < length; at += 2) {
    if (bytes[at] === 0) even++;
    if (bytes[at + 1] === 0) odd++;
  }
  const pairs = length / 2;
  if (even > 0.3 * pairs && odd < 0.02 * pairs) return 'utf-16be';
  if (odd > 0.3 * pairs && even < 0.02 * pairs) return 'utf-16le';
  return null;
}

/** Decodes with faults as U+FFFD; removes the byte-order mark. */
function loose(bytes: Uint8Array, encoding: string): string {
  const decoder = decoderFor(encoding, false);
  return decoder === null ? iconv.decode(Buffer.from(bytes), encoding) : decoder.decode(bytes);
}

/** Decodes, or null when a byte sequence does not belong to the encoding. */
function strict(bytes: Uint8Array, encoding: string): string | null {
  const decoder = decoderFor(encoding, true);
  if (decoder === null) {
    const text = loose(bytes, encoding);
    return text.includes('\uFFFD') ? null : text;
  }
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

/**
 * Decodes, or null when the result cannot be text: C1 control characters (bytes that the code page leaves
 * empty) or private-use characters.
 */
function plausible(bytes: Uint8Array, encoding: string): string | null {
  const text = strict(bytes, encoding);
  return text === null || /[\u0080-\u0084\u0086-\u009f\ue000-\uf8ff]/.test(text) ? null : text;
}

function decoderFor(label: string, fatal: boolean): TextDecoder | null {
  try {
    return new TextDecoder(label, { fatal });
  } catch {
    return null;
  }
}

/** The WHATWG name where there is one (ISO-8859-1 is windows-1252 there), else lower case. */
function canonicalName(label: string): string {
  return decoderFor(label, false)?.encoding ?? label.toLowerCase();
}

/** Bytes for detection: long ASCII runs say nothing, so up to 64 KB around the other bytes are taken. */
function sampleOf(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= 65_536) return bytes;
  const chunks: Uint8Array[] = [];
  let taken = 0;
  for (let at = 0; at < bytes.length && taken < 65_536; at++) {
    if (bytes[at] < 0x80) continue;
    const start = Math.max(0, at - 64);
    const end = Math.min(bytes.length, at + 192);
    chunks.push(bytes.subarray(start, end));
    taken += end - start;
    at = end;
  }
  return Buffer.concat(chunks);
}
