// Trains a WordPiece vocabulary as BERT uses it: words of the text are cut into characters, those inside a
// word begin with `##`, and frequent pairs are merged. Writes an ordinary tokenizer.json with BERT's
// normalizer and framing.
import { AppError } from '../../errors.ts';
import { specialToken, type TokenizerJson } from '../tokenizer-file.ts';
import { mergePairs } from './merges.ts';
import { runAtOnce, runInSlices, type Steps, type TrainerOptions } from './steps.ts';

export interface WordPieceOptions extends TrainerOptions {
  /** Lower-case the text and drop accents ("uncased"). */
  lowercase?: boolean;
  /** Most characters that get entries of their own; rarer ones become [UNK]. */
  alphabetSize?: number;
}

const prefix = '##';
const framing = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];

/**
 * Reads texts and returns tokenizer.json. BERT's five special tokens come first, further ones behind them.
 * Blocks.
 */
export function trainWordPiece(texts: Iterable<string>, options: WordPieceOptions): TokenizerJson {
  return runAtOnce(wordPieceSteps(texts, options), options);
}

/** The same, giving way to other work, so that `options.signal` can stop it. */
export function trainWordPieceInSlices(
  texts: Iterable<string>,
  options: WordPieceOptions,
): Promise<TokenizerJson> {
  return runInSlices(wordPieceSteps(texts, options), options);
}

function* wordPieceSteps(texts: Iterable<string>, options: WordPieceOptions): Steps<TokenizerJson> {
  const special = [...new Set([...framing, ...(options.specialTokens ?? [])])];
  const counts = new Map<string, number>();
  let characters = 0;
  for (const text of texts) {
    for (const word of bertWords(text, options.lowercase ?? true)) {
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    characters += text.length;
    yield { phase: 'counting words', done: characters, total: 0 };
  }
  const alphabet = frequentCharacters(counts, options.alphabetSize ?? 1000);
  const known = [...counts].filter(([word]) => [...word].every((character) => alphabet.has(character)));
  const split = known.map(([word, count]) => ({
    letters: [...word].map((character, at) => (at === 0 ? character : prefix + character)),
    count,
  }));
  const letters = [...new Set(split.flatMap((word) => word.letters))].sort();
  const tokens = [...special, ...letters.filter((letter) => !special.includes(letter))];
  if (tokens.length > options.vocabularySize) {
    throw new AppError(
      'vocabulary-too-small',
      `The text has ${letters.length} different letters, and ${special.length} special tokens are wanted; ` +
        `${options.vocabularySize} entries do not hold them.`,
      `Choose at least ${tokens.length} entries or a smaller alphabet.`,
    );
  }
  const idOf = new Map(tokens.map((token, id) => [token, id]));
  const words = split.map(({ letters: own, count }) => ({
    symbols: own.map((letter) => idOf.get(letter)!),
    count,
  }));
  yield* mergePairs(words, tokens, {
    vocabularySize: options.vocabularySize,
    least: options.minFrequency ?? 0,
    specials: special.length,
    prefix,
  });
  return wordPieceJson(tokens, special, options.lowercase ?? true);
}

/** The words of a text as BERT's normalizer and pre-tokenizer give them. */
function bertWords(text: string, lowercase: boolean): string[] {
  let clean = text
    .replace(/[\t\n\r]/g, ' ')
    .replace(/[\0\ufffd]|\p{C}/gu, '')
    .replace(/[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu, ' $& ');
  if (lowercase)
    clean = clean
      .normalize('NFD')
      .replace(/\p{Mn}/gu, '')
      .toLowerCase();
  return clean.match(/[!-/:-@[-`{-~]|\p{P}|[^\s!-/:-@[-`{-~\p{P}]+/gu) ?? [];
}

function frequentCharacters(counts: Map<string, number>, size: number): Set<string> {
  const characters = new Map<string, number>();
  for (const [word, count] of counts) {
    for (const character of word) characters.set(character, (characters.get(character) ?? 0) + count);
  }
  const sorted = [...characters].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return new Set(sorted.slice(0, size).map(([character]) => character));
}

function wordPieceJson(tokens: string[], special: string[], lowercase: boolean): TokenizerJson {
  const [cls, sep] = [special.indexOf('[CLS]'), special.indexOf('[SEP]')];
  const piece = (id: string, type_id: number) => ({ SpecialToken: { id, type_id } });
  const sequence = (id: string, type_id: number) => ({ Sequence: { id, type_id } });
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special.map((content, id) => specialToken(id, content)),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [piece('[CLS]', 0), sequence('A', 0), piece('[SEP]', 0)],
      pair: [piece('[CLS]', 0), sequence('A', 0), piece('[SEP]', 0), sequence('B', 1), piece('[SEP]', 1)],
      special_tokens: {
        '[CLS]': { id: '[CLS]', ids: [cls], tokens: ['[CLS]'] },
        '[SEP]': { id: '[SEP]', ids: [sep], tokens: ['[SEP]'] },
      },
    },
    decoder: { type: 'WordPiece', prefix, cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: prefix,
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
    },
  };
}
