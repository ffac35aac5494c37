// Ids to text, one id at a time, append-only (RULES.md 9): what `push` returned is never taken back. Knows no
// tokenizer, only a function that decodes a short list of ids.

export interface StreamDecoder {
  /** The text that is certain now that `id` has come; '' while a character is incomplete. */
  push(id: number): string;
  /**
   * What is left; a character cut off in the middle gives exactly one U+FFFD. The decoder is empty
   * afterwards.
   */
  end(): string;
}

export interface StreamDecoderParts {
  /** Text of a few successive ids, special tokens included. */
  decode(ids: readonly number[]): string;
  /** True for ids that leave no text. */
  skip(id: number): boolean;
  /** The byte that a byte-fallback token such as `<0xE4>` stands for. */
  byteOf(id: number): number | undefined;
}

/**
 * A character has at most 4 bytes, so at most this many tokens can wait for one. More waiting = invalid
 * bytes.
 */
const longestWait = 8;

/**
 * A window of ids is decoded twice, without and with the newest ones, and the difference is the new text: so
 * prefixes that a decoder drops or adds at the start of a text cancel out. Equal to decoding everything at
 * once.
 */
export function createStreamDecoder(parts: StreamDecoderParts): StreamDecoder {
  let window: number[] = [];
  let certain = 0; // ids of the window whose text was given out, `given` characters of it
  let given = 0;

  const advance = (text: string, until: number): string => {
    const fresh = text.slice(given, until);
    if (until === text.length) {
      window = window.slice(certain);
      certain = window.length;
      given = parts.decode(window).length;
    } else {
      given = until;
    }
    return fresh;
  };

  const push = (id: number): string => {
    if (parts.skip(id)) return '';
    window.push(id);
    // A run of byte tokens decodes as a whole or not at all, so the bytes before an incomplete character
    // would be lost.
    if (incompleteBytes(window.slice(certain).map(parts.byteOf))) return '';
    const text = parts.decode(window);
    if (text.length <= given) return '';
    if (!text.endsWith('\ufffd')) return advance(text, text.length);
    const waitsTooLong = window.length - certain > longestWait;
    const until = waitsTooLong ? text.length - 1 : text.replace(/\ufffd+$/, '').length;
    return until > given ? advance(text, until) : '';
  };

  const end = (): string => {
    const waiting = window.slice(certain).map(parts.byteOf);
    const bytes = trailingBytes(waiting);
    const onlyBytes = bytes.length > 0 && bytes.length === waiting.length;
    const rest = onlyBytes
      ? new TextDecoder().decode(Uint8Array.from(bytes))
      : parts.decode(window).slice(given);
    window = [];
    certain = 0;
    given = 0;
    return rest;
  };

  return { push, end };
}

/** True where the bytes at the end of the list are the beginning of a UTF-8 character. */
function incompleteBytes(bytes: readonly (number | undefined)[]): boolean {
  const run = trailingBytes(bytes);
  for (let back = 1; back <= Math.min(3, run.length); back++) {
    const byte = run[run.length - back];
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2);
    if (byte < 0x80) return false;
  }
  return false;
}

function trailingBytes(bytes: readonly (number | undefined)[]): number[] {
  let start = bytes.length;
  while (start > 0 && bytes[start - 1] !== undefined) start--;
  return bytes.slice(start) as number[];
}
