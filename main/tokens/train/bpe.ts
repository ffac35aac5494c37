// Trains a byte-level BPE vocabulary: pieces of text are counted once, then the most frequent pair of
// neighbours is merged again and again (a heap with lazily corrected counts). Writes an ordinary
// tokenizer.json; ids and merges are those of Python's `tokenizers` BpeTrainer with the same pre-tokenizer,
// ties included.
import { AppError } from '../../errors.ts';
import { byteAlphabet } from '../byte-alphabet.ts';
import type { JsonObject, TokenizerJson } from '../tokenizer-file.ts';
import { specialToken } from '../tokenizer-file.ts';
import { mergePairs } from './merges.ts';
import { runAtOnce, runInSlices, type Steps, type TrainerOptions } from './steps.ts';

/** How digits are cut before merging: each alone, in groups of up to three, or not at all. */
export type Digits = 'single' | 'threes' | 'whole';

export interface BpeOptions extends TrainerOptions {
  /**
   * `gpt4`: words with one leading sign, contractions, runs of signs and line breaks; `gpt2`: the older,
   * simpler rule.
   */
  pieces?: 'gpt4' | 'gpt2';
  digits?: Digits;
  /** Compose accents (Unicode NFC) before anything else. */
  compose?: boolean;
  /** Put this special token in front of every text that is encoded with special tokens. */
  bosToken?: string;
  /** Merged tokens stay shorter than this, in bytes (as Python's trainer counts); no limit unless given. */
  maxTokenLength?: number;
}

const digitPatterns: Record<Digits, string> = { single: '\\p{N}', threes: '\\p{N}{1,3}', whole: '\\p{N}+' };

/** The white space of Unicode, which JavaScript's \s and the tokenizer library's \s do not quite agree on. */
const space = '\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';

/** Reads texts and returns tokenizer.json. Blocks until it is done; see `trainBpeInSlices`. */
export function trainBpe(texts: Iterable<string>, options: BpeOptions): TokenizerJson {
  return runAtOnce(bpeSteps(texts, options), options);
}

/** The same, giving way to other work, so that `options.signal` can stop it. */
export function trainBpeInSlices(texts: Iterable<string>, options: BpeOptions): Promise<TokenizerJson> {
  return runInSlices(bpeSteps(texts, options), options);
}

function* bpeSteps(texts: Iterable<string>, options: BpeOptions): Steps<TokenizerJson> {
  const special = [...new Set(options.specialTokens ?? [])];
  if (options.bosToken !== undefined && !special.includes(options.bosToken))
    special.unshift(options.bosToken);
  if (options.vocabularySize < special.length + 256) {
    throw new AppError(
      'vocabulary-too-small',
      `A byte-level vocabulary needs 256 entries for bytes and ${special.length} for special tokens; ` +
        `${options.vocabularySize} were asked for.`,
      `Choose at least ${special.length + 256}.`,
    );
  }
  const letters = byteAlphabet();
  const tokens = [...special, ...[...letters].sort()];
  const idOfLetter = new Map(tokens.map((token, id) => [token, id]));
  const idOfByte = letters.map((letter) => idOfLetter.get(letter)!);
  const counts = yield* countPieces(texts, options);
  const words = [...counts].map(([piece, count]) => ({
    symbols: Array.from(Buffer.from(piece, 'utf8'), (byte) => idOfByte[byte]),
    count,
  }));
  counts.clear();
  const merges = yield* mergePairs(words, tokens, {
    vocabularySize: options.vocabularySize,
    least: options.minFrequency ?? 0,
    shorterThan: options.maxTokenLength,
    specials: special.length,
  });
  return bpeJson(tokens, merges, special, options);
}

function* countPieces(texts: Iterable<string>, options: BpeOptions): Steps<Map<string, number>> {
  const pattern = jsPattern(options);
  const counts = new Map<string, number>();
  let characters = 0;
  for (const text of texts) {
    for (const [piece] of (options.compose ? text.normalize('NFC') : text).matchAll(pattern)) {
      counts.set(piece, (counts.get(piece) ?? 0) + 1);
    }
    characters += text.length;
    yield { phase: 'counting words', done: characters, total: 0 };
  }
  return counts;
}

function filePattern({ pieces = 'gpt4', digits = 'threes' }: BpeOptions): string {
  if (pieces === 'gpt2')
    return "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
  return (
    `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digitPatterns[digits]}` +
    '| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+'
  );
}

function jsPattern(options: BpeOptions): RegExp {
  const same = filePattern(options)
    .replaceAll('[^\\s\\p{L}\\p{N}]', `[^${space}\\p{L}\\p{N}]`)
    .replaceAll('\\S', `[^${space}]`)
    .replaceAll('\\s', `[${space}]`);
  if (options.pieces !== 'gpt2' || options.digits !== 'single') return new RegExp(same, 'gu');
  // Digits cuts first, so a blank stays behind
  return new RegExp(`\\p{N}|${same.replace(' ?\\p{N}+|', '')}`, 'gu');
}

function bpeJson(
  tokens: string[],
  merges: [string, string][],
  special: string[],
  options: BpeOptions,
): TokenizerJson {
  const byteLevel = (use_regex: boolean): JsonObject => ({
    type: 'ByteLevel',
    add_prefix_space: false,
    trim_offsets: false,
    use_regex,
  });
  const gpt2 = options.pieces === 'gpt2';
  const first: JsonObject[] = gpt2
    ? options.digits === 'single'
      ? [{ type: 'Digits', individual_digits: true }]
      : []
    : [{ type: 'Split', pattern: { Regex: filePattern(options) }, behavior: 'Isolated', invert: false }];
  const bos = options.bosToken;
  const template: JsonObject[] =
    bos === undefined
      ? []
      : [
          {
            type: 'TemplateProcessing',
            single: [{ SpecialToken: { id: bos, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
            pair: [
              { SpecialToken: { id: bos, type_id: 0 } },
              { Sequence: { id: 'A', type_id: 0 } },
              { Sequence: { id: 'B', type_id: 1 } },
            ],
            special_tokens: { [bos]: { id: bos, ids: [special.indexOf(bos)], tokens: [bos] } },
          },
        ];
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special.map((content, id) => specialToken(id, content)),
    normalizer: options.compose ? { type: 'NFC' } : null,
    pre_tokenizer: { type: 'Sequence', pretokenizers: [...first, byteLevel(gpt2)] },
    post_processor: { type: 'Sequence', processors: [byteLevel(true), ...template] },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  };
}
