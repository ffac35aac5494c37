// Text to ids and back: the only import of the native `tokenizers` package. Offsets leave here in UTF-16
// units (the library counts code points). Knows nothing of conversations or batches.
import { Tokenizer as Native, type Encoding as NativeEncoding } from 'tokenizers';
import { AppError } from '../errors.ts';
import { bytesOfLetters } from './byte-alphabet.ts';
import { createStreamDecoder, type StreamDecoder } from './stream-decoder.ts';
import {
  effectiveFile,
  isControl,
  type Position,
  plainVariant,
  readTokenizerFolder,
  type TokenizerJson,
  type TokenizerSettings,
} from './tokenizer-file.ts';

/** A half-open stretch [start, end) of a JavaScript string, in UTF-16 units. */
export type Span = [start: number, end: number];

/** One encoded text. All lists have one entry per token; those marked readonly are made when asked for. */
export interface Encoding {
  ids: number[];
  /** The stretch of the text that each token stands for; [0, 0] for tokens that stand for none. */
  readonly offsets: Span[];
  /** 0 for the first text, 1 for the second of a pair, as the post-processor says. */
  readonly typeIds: number[];
  /** 1 for tokens that the post-processor added. */
  readonly specialMask: number[];
  /** The tokens' spellings; an unknown piece is spelled as the text has it. */
  readonly tokens: string[];
}

export interface EncodeOptions {
  /** Whether the post-processor adds its tokens (BOS, [CLS] ...). */
  addSpecial: boolean;
}

export interface PlainOptions extends EncodeOptions {
  /** Where the text stands in the whole input; `start` unless said otherwise. */
  position?: Position;
}

/** A token that steers the model and may only come from a template, never from content. */
export interface ControlToken {
  id: number;
  content: string;
  special: boolean;
}

export interface Tokenizer {
  /** Number of different tokens, added ones included. */
  readonly vocabularySize: number;
  /** Largest id + 1: the least number of embedding rows. */
  readonly idLimit: number;
  readonly bosId?: number;
  readonly eosId?: number;
  readonly padId?: number;
  readonly chatTemplate?: string;
  /** By role: `bos_token`, `eos_token`, `pad_token` ...: what chat templates see. */
  readonly specialTokens: Readonly<Record<string, string>>;
  readonly controlTokens: readonly ControlToken[];
  /** Encodes as the file says: tokens such as `<s>` in the text become their ids. */
  encode(text: string, options: EncodeOptions): Promise<Encoding>;
  encodePair(text: string, pair: string, options: EncodeOptions): Promise<Encoding>;
  encodeBatch(texts: readonly string[], options: EncodeOptions): Promise<Encoding[]>;
  /** Encodes content: control tokens in the text are spelled with ordinary tokens. */
  encodePlain(text: string, options?: PlainOptions): Promise<Encoding>;
  encodePlainBatch(texts: readonly string[], options?: PlainOptions): Promise<Encoding[]>;
  decode(ids: readonly number[], options?: { skipSpecial?: boolean }): string;
  idOf(token: string): number | undefined;
  tokenOf(id: number): string | undefined;
  isSpecial(id: number): boolean;
  /** The UTF-8 bytes that a token stands for inside a text; a token may hold only part of a character. */
  bytesOf(id: number): Uint8Array;
  /** A fresh append-only decoder; special tokens are left out unless `skipSpecial` is false. */
  streamDecoder(options?: { skipSpecial?: boolean }): StreamDecoder;
}

/**
 * Opens the tokenizer of a Hugging Face model folder (tokenizer.json, tokenizer_config.json,
 * chat_template.*).
 * @throws AppError `tokenizer-missing`, `tokenizer-damaged`
 */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const { file, settings } = await readTokenizerFolder(folder);
  return createTokenizer(file, settings);
}

/**
 * The tokenizer of a parsed tokenizer.json and the settings beside it.
 * @throws AppError `tokenizer-damaged`
 */
export function createTokenizer(
  file: TokenizerJson,
  settings: TokenizerSettings = { specialTokens: {} },
): Tokenizer {
  const effective = effectiveFile(file, settings);
  const native = nativeOf(effective);
  const decoder = native.getDecoder();
  const special = new Set(
    effective.added_tokens.filter((token) => token.special).map((token) => token.content),
  );
  const specialIds = new Set([...special].map((token) => native.tokenToId(token)));
  const plain = new Map<Position, Native>(); // made when first used: each holds the whole vocabulary again
  const plainAt = (position: Position): Native => {
    let variant = plain.get(position);
    if (variant === undefined) {
      variant = nativeOf(plainVariant(effective, position, settings.contentTokens));
      plain.set(position, variant);
    }
    return variant;
  };
  const vocabulary = native.getVocab(true);
  const idOf = (token: string): number | undefined => native.tokenToId(token) ?? undefined;
  const tokenOf = (id: number): string | undefined => native.idToToken(id) ?? undefined;
  const idOfRole = (role: string): number | undefined => {
    const token = settings.specialTokens[role];
    return token === undefined ? undefined : idOf(token);
  };
  // As the library does, by spelling: a special token that the normalizer respells is printed.
  const isSkipped = (id: number): boolean => special.has(native.idToToken(id) ?? '');
  const decode = (ids: readonly number[], { skipSpecial = false } = {}): string => {
    const tokens: string[] = [];
    for (const id of ids) {
      const token = native.idToToken(id);
      if (token !== null && !(skipSpecial && special.has(token))) tokens.push(token);
    }
    return decoder === null ? tokens.join(' ') : decoder.decode(tokens);
  };
  const decoders = JSON.stringify(effective.decoder ?? {});
  const bytesFallBack = decoders.includes('"ByteFallback"');
  const byteLevel = decoders.includes('"ByteLevel"');
  const bytesOf = (id: number): Uint8Array => {
    const token = native.idToToken(id) ?? '';
    const byte = bytesFallBack ? byteOfToken(token) : undefined;
    const bytes = byte === undefined ? byteLevel && bytesOfLetters(token) : [byte];
    return bytes ? Uint8Array.from(bytes) : new TextEncoder().encode(token.replaceAll('▁', ' '));
  };
  return {
    vocabularySize: native.getVocabSize(true),
    idLimit: Object.values(vocabulary).reduce((largest, id) => Math.max(largest, id), -1) + 1,
    bosId: idOfRole('bos_token'),
    eosId: idOfRole('eos_token'),
    padId: idOfRole('pad_token'),
    chatTemplate: settings.chatTemplate,
    specialTokens: settings.specialTokens,
    controlTokens: effective.added_tokens
      .filter((token) => isControl(token, settings.contentTokens))
      .map(({ content, special }) => ({ id: native.tokenToId(content)!, content, special })),
    encode: async (text, options) => encodeOne(native, text, options.addSpecial),
    encodePair: async (text, pair, options) =>
      convert(await native.encode(text, pair, { addSpecialTokens: options.addSpecial }), text, pair),
    encodeBatch: (texts, options) => encodeMany(native, texts, options.addSpecial),
    encodePlain: async (text, { addSpecial = false, position = 'start' } = { addSpecial: false }) =>
      encodeOne(plainAt(position), text, addSpecial),
    encodePlainBatch: (texts, { addSpecial = false, position = 'start' } = { addSpecial: false }) =>
      encodeMany(plainAt(position), texts, addSpecial),
    decode,
    idOf,
    tokenOf,
    isSpecial: (id) => specialIds.has(id),
    bytesOf,
    streamDecoder: ({ skipSpecial = true } = {}) =>
      createStreamDecoder({
        decode: (ids) => decode(ids),
        skip: (id) => skipSpecial && isSkipped(id),
        byteOf: (id) => (bytesFallBack ? byteOfToken(native.idToToken(id)) : undefined),
      }),
  };
}

function nativeOf(file: TokenizerJson): Native {
  try {
    return Native.fromString(JSON.stringify(file));
  } catch (error) {
    throw new AppError(
      'tokenizer-damaged',
      `tokenizer.json cannot be used: ${(error as Error).message}.`,
      'Download or copy the model folder again.',
      { cause: error },
    );
  }
}

async function encodeOne(native: Native, text: string, addSpecialTokens: boolean): Promise<Encoding> {
  return convert(await native.encode(text, null, { addSpecialTokens }), text);
}

/**
 * Texts per native call: large enough for its threads, small enough to keep the results of one call in
 * memory.
 */
const batchLength = 2048;

async function encodeMany(
  native: Native,
  texts: readonly string[],
  addSpecialTokens: boolean,
): Promise<Encoding[]> {
  const out: Encoding[] = [];
  for (let start = 0; start < texts.length; start += batchLength) {
    const part = texts.slice(start, start + batchLength);
    const encodings = await native.encodeBatch(part, { addSpecialTokens });
    encodings.forEach((encoding, at) => {
      out.push(convert(encoding, part[at]));
    });
  }
  return out;
}

/** The library's offsets, which count code points, in UTF-16 units. */
function utf16Offsets(encoding: NativeEncoding, text: string, pair: string | undefined): Span[] {
  const offsets = encoding.getOffsets() as Span[];
  const maps = [utf16Positions(text), pair === undefined ? undefined : utf16Positions(pair)];
  if (maps.every((map) => map === undefined)) return offsets;
  const sequences = pair === undefined ? undefined : encoding.getSequenceIds();
  offsets.forEach((span, at) => {
    const map = maps[sequences?.[at] ?? 0];
    if (map === undefined) return;
    // byte fallback behind a subword prefix can count bytes, beyond the last code point
    span[0] = map[Math.min(span[0], map.length - 1)];
    span[1] = map[Math.min(span[1], map.length - 1)];
  });
  return offsets;
}

function convert(encoding: NativeEncoding, text: string, pair?: string): Encoding {
  let offsets: Span[] | undefined; // made when asked for: counting tokens does not need them
  return {
    ids: encoding.getIds(),
    get offsets() {
      offsets ??= utf16Offsets(encoding, text, pair);
      return offsets;
    },
    get typeIds() {
      return encoding.getTypeIds();
    },
    get specialMask() {
      return encoding.getSpecialTokensMask();
    },
    get tokens() {
      return encoding.getTokens();
    },
  };
}

/** UTF-16 position of each code point (and of the end), or undefined where both counts agree. */
export function utf16Positions(text: string): Uint32Array | undefined {
  if (!/[\ud800-\udbff][\udc00-\udfff]/.test(text)) return undefined;
  const positions = new Uint32Array(text.length + 1);
  let count = 0;
  let at = 0;
  for (const character of text) {
    positions[count++] = at;
    at += character.length;
  }
  positions[count] = at;
  return positions.subarray(0, count + 1);
}

function byteOfToken(token: string | null): number | undefined {
  const hex = token === null ? null : /^<0x([0-9A-F]{2})>$/.exec(token);
  return hex === null ? undefined : Number.parseInt(hex[1], 16);
}
