// Trains a Unigram vocabulary (Kudo 2018, as SentencePiece does it): many frequent strings to begin with,
// then rounds of expectation maximisation and of dropping the pieces whose loss costs least. Writes an
// ordinary tokenizer.json.
import { AppError } from '../../errors.ts';
import { type JsonObject, specialToken, type TokenizerJson } from '../tokenizer-file.ts';
import { addExpected, bestPieces, digamma, type LatticeWord } from './lattice.ts';
import { createCounts, mostFrequent } from './rarest.ts';
import { runAtOnce, runInSlices, type Steps, type TrainerOptions } from './steps.ts';

export interface UnigramOptions extends TrainerOptions {
  unkToken?: string;
  /** Put behind every text that is encoded with special tokens, as T5 does. */
  eosToken?: string;
  /** Spell characters without a piece by their bytes (256 entries) instead of the unknown token. */
  byteFallback?: boolean;
  /** Share of the text whose characters get pieces of their own. */
  characterCoverage?: number;
  maxPieceLength?: number;
  /** Strings in the different words that are learned from: 40 million take about 1.2 GB. */
  mostStrings?: number;
}

const blank = '▁';
/** Different words, and different strings in them, that are counted at once. */
const mostWords = 2_000_000;
const mostSeeds = 4_000_000;
/** Words between two signs of life. */
const stepWords = 500;
const longestWord = 64; // characters; longer words (scripts without blanks) are cut for training only

/**
 * Reads texts and returns tokenizer.json. Special tokens come first, then bytes, then pieces by probability.
 * Blocks.
 */
export function trainUnigram(texts: Iterable<string>, options: UnigramOptions): TokenizerJson {
  return runAtOnce(unigramSteps(texts, options), options);
}

/** The same, giving way to other work, so that `options.signal` can stop it. */
export function trainUnigramInSlices(
  texts: Iterable<string>,
  options: UnigramOptions,
): Promise<TokenizerJson> {
  return runInSlices(unigramSteps(texts, options), options);
}

interface Pieces {
  names: string[];
  scores: Float64Array;
}

function* unigramSteps(texts: Iterable<string>, options: UnigramOptions): Steps<TokenizerJson> {
  const unk = options.unkToken ?? '<unk>';
  const given = [
    ...(options.specialTokens ?? []),
    ...(options.eosToken === undefined ? [] : [options.eosToken]),
  ];
  const special = [...new Set([...given, unk])];
  const bytes = options.byteFallback ? Array.from({ length: 256 }, (_, byte) => byteToken(byte)) : [];
  const wanted = options.vocabularySize - special.length - bytes.length;
  const read = yield* countWords(texts);
  const { maxPieceLength = 16, mostStrings = 40_000_000 } = options;
  const counts = mostFrequent(read.counts, (word) => stringsIn(word.length, maxPieceLength), mostStrings);
  const used = sumOf(counts) / Math.max(1, read.words);
  if (used < 1) options.onNote?.(noteOf(counts.size, used));
  const characters = coveredCharacters(counts, options.characterCoverage ?? 0.9995);
  // A text that spells a byte token, such as "<0x41>", must have other pieces to be read with.
  for (const character of bytes.join('')) characters.add(character);
  if (wanted < characters.size) {
    throw new AppError(
      'vocabulary-too-small',
      `The text has ${characters.size} different characters, and ${special.length + bytes.length} entries ` +
        `are taken; ${options.vocabularySize} do not hold them.`,
      `Choose at least ${characters.size + special.length + bytes.length} entries.`,
    );
  }
  let pieces = yield* seedPieces(counts, characters, options, Math.max(20 * wanted, 50_000));
  let words = yield* buildLattices(counts, pieces.names);
  const start = pieces.names.length;
  const enough = Math.ceil(wanted * 1.1); // the last tenth goes by probability
  while (pieces.names.length > enough) {
    for (let round = 0; round < 2; round++) {
      [pieces, words] = yield* maximise(pieces, words, characters, start);
    }
    const target = Math.max(enough, Math.floor(pieces.names.length * 0.75));
    const kept = costliest(pieces, words, characters, target);
    [pieces, words] = keepOnly(pieces, words, kept);
    yield { phase: 'pruning', done: start - pieces.names.length, total: start };
  }
  [pieces, words] = yield* maximise(pieces, words, characters, start);
  return unigramJson(finish(pieces, characters, wanted), special, bytes, unk, options);
}

function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}

/** Distinct words with the sign for a blank in front, as the Metaspace pre-tokenizer cuts them. */
function* countWords(texts: Iterable<string>): Steps<{ counts: Map<string, number>; words: number }> {
  const { counts, add } = createCounts(mostWords);
  let characters = 0;
  let words = 0;
  for (const text of texts) {
    const marked = text.replaceAll(' ', blank);
    const whole = marked.startsWith(blank) ? marked : blank + marked;
    for (const [word] of whole.matchAll(/▁[^▁]*/g)) {
      for (const part of word.length <= longestWord ? [word] : (word.match(/.{1,64}/gsu) ?? [])) {
        add(part, 1);
        words += 1;
      }
    }
    characters += text.length;
    yield { phase: 'counting words', done: characters, total: 0 };
  }
  return { counts, words };
}

/** Strings of at most `longest` characters in a word. */
function stringsIn(length: number, longest: number): number {
  const short = Math.min(length, longest);
  return (short * (short + 1)) / 2 + (length - short) * longest;
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}

function noteOf(words: number, share: number): string {
  const percent = Math.min(99.9, share * 100).toFixed(1);
  return (
    `The pieces are learned from the ${words.toLocaleString('en-US')} most frequent different words, ` +
    `${percent} % of the text that was read: all of them would need too much memory.`
  );
}

/** The most frequent characters, until they make up the wanted share of the text. */
function coveredCharacters(counts: Map<string, number>, coverage: number): Set<string> {
  const found = new Map<string, number>();
  let total = 0;
  for (const [word, count] of counts) {
    for (const character of word) {
      found.set(character, (found.get(character) ?? 0) + count);
      total += count;
    }
  }
  const covered = new Set<string>();
  let sum = 0;
  for (const [character, count] of [...found].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))) {
    if (sum >= total * coverage) break;
    covered.add(character);
    sum += count;
  }
  return covered;
}

/** Characters and the strings that occur at least twice inside words, by frequency times length. */
function* seedPieces(
  counts: Map<string, number>,
  characters: Set<string>,
  { maxPieceLength = 16, minFrequency = 2 }: UnigramOptions,
  size: number,
): Steps<Pieces> {
  const { counts: found, add } = createCounts(mostSeeds);
  let done = 0;
  for (const [word, count] of counts) {
    const letters = [...word];
    for (let start = 0; start < letters.length; start++) {
      let piece = '';
      for (let end = start; end < Math.min(letters.length, start + maxPieceLength); end++) {
        if (!characters.has(letters[end])) break;
        piece += letters[end];
        add(piece, count);
      }
    }
    if (++done % stepWords === 0) yield { phase: 'collecting pieces', done, total: counts.size };
  }
  const strings = [...found].filter(([piece, count]) => count >= minFrequency && !characters.has(piece));
  const weight = ([piece, count]: [string, number]): number => count * piece.length;
  strings.sort((a, b) => weight(b) - weight(a) || (a[0] < b[0] ? -1 : 1));
  const seeds = [
    ...[...characters].sort().map((piece): [string, number] => [piece, found.get(piece) ?? 1]),
    ...strings.slice(0, size),
  ];
  const total = seeds.reduce((sum, seed) => sum + weight(seed), 0);
  return {
    names: seeds.map(([piece]) => piece),
    scores: Float64Array.from(seeds, (seed) => Math.log(weight(seed) / total)),
  };
}

function* buildLattices(counts: Map<string, number>, names: readonly string[]): Steps<LatticeWord[]> {
  const idOf = new Map(names.map((name, id) => [name, id]));
  const longest = names.reduce((most, name) => Math.max(most, name.length), 0);
  const words: LatticeWord[] = [];
  for (const [word, count] of counts) {
    const lattice = latticeOf(word, count, idOf, longest);
    if (lattice.edges.length > 0) words.push(lattice);
    if (words.length % stepWords === 0)
      yield { phase: 'laying out words', done: words.length, total: counts.size };
  }
  return words;
}

function latticeOf(word: string, count: number, idOf: Map<string, number>, longest: number): LatticeWord {
  const edges: number[] = [];
  for (let start = 0; start < word.length; start++) {
    for (let end = start + 1; end <= Math.min(word.length, start + longest); end++) {
      const piece = idOf.get(word.slice(start, end));
      if (piece !== undefined) edges.push(start, end, piece);
    }
  }
  return { length: word.length, count, edges: Int32Array.from(edges) };
}

/** One round of expectation and maximisation; hardly used pieces go. `start` is how many there were. */
function* maximise(
  pieces: Pieces,
  words: LatticeWord[],
  characters: Set<string>,
  start: number,
): Steps<[Pieces, LatticeWord[]]> {
  const expected = new Float64Array(pieces.names.length);
  for (const [at, word] of words.entries()) {
    addExpected(word, pieces.scores, expected);
    if (at % stepWords === 0) yield { phase: 'estimating', done: start - pieces.names.length, total: start };
  }
  const kept = pieces.names.flatMap((name, id) => (expected[id] >= 0.5 || characters.has(name) ? [id] : []));
  const [next, nextWords] = keepOnly(pieces, words, kept);
  const used = Float64Array.from(kept, (id) => Math.max(expected[id], 0.1));
  const all = digamma(used.reduce((sum, count) => sum + count, 0));
  return [{ names: next.names, scores: used.map((count) => digamma(count) - all) }, nextWords];
}

/** The `target` pieces whose removal would lower the likelihood of the text most; characters always stay. */
function costliest(pieces: Pieces, words: LatticeWord[], characters: Set<string>, target: number): number[] {
  const { names, scores } = pieces;
  const used = new Float64Array(names.length);
  for (const word of words) for (const piece of bestPieces(word, scores) ?? []) used[piece] += word.count;
  const total = used.reduce((sum, count) => sum + count, 0);
  const idOf = new Map(names.map((name, id) => [name, id]));
  const longest = names.reduce((most, name) => Math.max(most, name.length), 0);
  const kept: number[] = [];
  const losses: { id: number; loss: number }[] = [];
  names.forEach((name, id) => {
    if (characters.has(name)) kept.push(id);
    else if (used[id] > 0) {
      const instead = bestPieces(latticeOf(name, 1, idOf, longest), scores, id) ?? [];
      // Without the piece its uses go to the pieces that replace it.
      const after = Math.log(total + used[id] * (instead.length - 1));
      const alternative = instead.reduce((sum, other) => sum + Math.log(used[other] + used[id]) - after, 0);
      losses.push({ id, loss: used[id] * (Math.log(used[id]) - Math.log(total) - alternative) });
    }
  });
  losses.sort((a, b) => b.loss - a.loss || a.id - b.id);
  return [...kept, ...losses.slice(0, Math.max(0, target - kept.length)).map(({ id }) => id)].sort(
    (a, b) => a - b,
  );
}

/** Renumbers pieces and edges to the kept ones. */
function keepOnly(pieces: Pieces, words: LatticeWord[], kept: number[]): [Pieces, LatticeWord[]] {
  if (kept.length === pieces.names.length) return [pieces, words];
  const renumbered = new Int32Array(pieces.names.length).fill(-1);
  kept.forEach((old, id) => {
    renumbered[old] = id;
  });
  const next = {
    names: kept.map((id) => pieces.names[id]),
    scores: Float64Array.from(kept, (id) => pieces.scores[id]),
  };
  const nextWords = words.map((word) => {
    const edges: number[] = [];
    for (let at = 0; at < word.edges.length; at += 3) {
      const piece = renumbered[word.edges[at + 2]];
      if (piece >= 0) edges.push(word.edges[at], word.edges[at + 1], piece);
    }
    return { ...word, edges: Int32Array.from(edges) };
  });
  return [next, nextWords];
}

/** Characters and the most probable other pieces, most probable first. */
function finish({ names, scores }: Pieces, characters: Set<string>, wanted: number): [string, number][] {
  const all = names.map((name, id): [string, number] => [name, scores[id]]).sort((a, b) => b[1] - a[1]);
  const others = all.filter(([name]) => !characters.has(name)).slice(0, wanted - characters.size);
  const chosen = new Set([...characters, ...others.map(([name]) => name)]);
  return all.filter(([name]) => chosen.has(name));
}

function unigramJson(
  pieces: [string, number][],
  special: string[],
  bytes: string[],
  unk: string,
  { eosToken }: UnigramOptions,
): TokenizerJson {
  const metaspace: JsonObject = {
    type: 'Metaspace',
    replacement: blank,
    prepend_scheme: 'always',
    split: true,
  };
  const end = (type_id: number): JsonObject[] =>
    eosToken === undefined ? [] : [{ SpecialToken: { id: eosToken, type_id } }];
  const part = (id: string, type_id: number): JsonObject => ({ Sequence: { id, type_id } });
  const fallBack: JsonObject = {
    type: 'Sequence',
    decoders: [
      { type: 'Replace', pattern: { String: blank }, content: ' ' },
      { type: 'ByteFallback' },
      { type: 'Fuse' },
      { type: 'Strip', content: ' ', start: 1, stop: 0 },
    ],
  };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special.map((content, id) => specialToken(id, content)),
    normalizer: null,
    pre_tokenizer: metaspace,
    post_processor: {
      type: 'TemplateProcessing',
      single: [part('A', 0), ...end(0)],
      pair: [part('A', 0), ...end(0), part('B', 0), ...end(0)],
      special_tokens:
        eosToken === undefined
          ? {}
          : { [eosToken]: { id: eosToken, ids: [special.indexOf(eosToken)], tokens: [eosToken] } },
    },
    decoder: bytes.length > 0 ? fallBack : metaspace,
    model: {
      type: 'Unigram',
      unk_id: special.indexOf(unk),
      // Bytes are for characters without a piece; as text "<0x41>" they must never win.
      vocab: [...special.map((token) => [token, 0]), ...bytes.map((byte) => [byte, -1000]), ...pieces],
      byte_fallback: bytes.length > 0,
    },
  };
}
