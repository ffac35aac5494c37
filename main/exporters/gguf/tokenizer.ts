// The tokenizer of a model folder as metadata of a GGUF file: tokens with their types, merges or scores, ids
// of special tokens, chat template. What llama.cpp would read otherwise than tokenizer.json says is refused.
import { AppError } from '../../errors.ts';
import { endIdsOf } from '../../inference/prompt.ts';
import type { Model } from '../../models/load.ts';
import { renderConversation } from '../../tokens/render.ts';
import { loadTokenizer, type Tokenizer } from '../../tokens/tokenizer.ts';
import {
  effectiveFile,
  type JsonObject,
  readTokenizerFolder,
  type TokenizerJson,
} from '../../tokens/tokenizer-file.ts';
import type { GgufValue } from './format.ts';

export interface GgufTokenizer {
  tokenizer: Tokenizer;
  file: TokenizerJson;
  metadata: [key: string, GgufValue][];
  /** Whether programs put the BOS in front of a prompt. */
  addsBos: boolean;
  /** Whether training did so: the conversations of the chat template, or the texts. */
  trainedWithBos: boolean;
  /** What tokenizer.json puts in front of each stretch of text and llama.cpp does not; mostly empty. */
  lostPrefix: string;
}

const tokenTypes = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

/** Words of GPT-2 and of later vocabularies, whose numbers are cut after one digit or three. */
const oldWords = (marks: string, digits: string) =>
  `${marks}| ?\\p{L}+| ?${digits}| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+`;
const newWords = (digits: string) =>
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" +
  `${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;

/**
 * Patterns that cut texts into words, by the name that llama.cpp has for them. The last of `gpt-2` takes
 * one digit at a time; that is the same, because its vocabularies have no merges of digits.
 */
const wordPatterns: Readonly<Record<string, readonly string[]>> = {
  'gpt-2': [
    oldWords("'s|'t|'re|'ve|'m|'ll|'d", '\\p{N}+'),
    oldWords("'(?:s|t|re|ve|m|ll|d)", '\\p{N}+'),
    oldWords("'(?:s|t|re|ve|m|ll|d)", '\\p{N}'),
  ],
  'llama-bpe': [newWords('\\p{N}{1,3}')],
  qwen2: [newWords('\\p{N}')],
};

/** @throws AppError `export-refused` where rows and tokens disagree, or llama.cpp has no such tokenizer */
export async function ggufTokenizer(base: Model): Promise<GgufTokenizer> {
  const { file: given, settings } = await readTokenizerFolder(base.folder);
  const file = effectiveFile(given, settings);
  const tokenizer = await loadTokenizer(base.folder);
  const rows = base.shape.vocabularySize;
  if (tokenizer.idLimit > rows) {
    const id = tokenizer.idLimit - 1;
    throw refused(
      `The token "${tokenizer.tokenOf(id)}" has the id ${id}, but the model has only ${rows} rows.`,
      'Import the model again and let Tunesmith add a row for it.',
    );
  }
  const kind = kindOf(file);
  const trainedWithBos = await startsWithBos(tokenizer);
  // a model that says so itself is told so to other programs, whatever its template writes
  const addsBos = trainedWithBos || (settings.addBos === true && tokenizer.bosId !== undefined);
  const { bosId, eosId = base.eosIds[0], padId } = tokenizer;
  const ends = (await endIdsOf(base, tokenizer)).filter((id) => id !== eosId);
  const endOfTurn = tokenizer.chatTemplate === undefined ? undefined : ends.at(-1);
  const unknown = typeof file.model.unk_token === 'string' ? tokenizer.idOf(file.model.unk_token) : undefined;
  const metadata: [string, GgufValue][] = [
    ['model', { type: 'STRING', value: kind.model }],
    ['pre', { type: 'STRING', value: kind.pre }],
    ...tokenLists(file, kind, rows),
    ...idEntries({
      bos: bosId,
      eos: eosId,
      eot: endOfTurn,
      unknown: kind.model === 'llama' ? unknown : undefined,
      padding: padId,
    }),
    // llama.cpp's own default is false for "gpt-2" alone
    ...(addsBos || kind.pre !== 'gpt-2' ? [entry('add_bos_token', addsBos)] : []),
    ...(kind.model === 'llama' ? [entry('add_space_prefix', kind.spacePrefix)] : []),
  ];
  return {
    tokenizer,
    file,
    metadata: metadata.map(([key, value]) => [`tokenizer.ggml.${key}`, value]),
    addsBos,
    trainedWithBos,
    lostPrefix: kind.lostPrefix,
  };
}

const entry = (key: string, value: boolean): [string, GgufValue] => [key, { type: 'BOOL', value }];

function idEntries(ids: Record<string, number | undefined>): [string, GgufValue][] {
  return Object.entries(ids).flatMap(([role, value]): [string, GgufValue][] =>
    value === undefined ? [] : [[`${role}_token_id`, { type: 'UINT32', value }]],
  );
}

/** Whether a conversation begins with the BOS; without a template, whether a text does. */
async function startsWithBos(tokenizer: Tokenizer): Promise<boolean> {
  if (tokenizer.bosId === undefined) return false;
  if (tokenizer.chatTemplate !== undefined) {
    const messages = [{ role: 'user', content: 'Question' }] as const;
    try {
      return (
        (await renderConversation(tokenizer, { messages }, { train: 'none' })).ids[0] === tokenizer.bosId
      );
    } catch (thrown) {
      if (!(thrown instanceof AppError)) throw thrown; // a template that refuses this says so when it is used
    }
  }
  return (await tokenizer.encode('a', { addSpecial: true })).ids[0] === tokenizer.bosId;
}

interface Kind {
  model: 'gpt2' | 'llama';
  pre: string;
  spacePrefix: boolean;
  lostPrefix: string;
}

function kindOf(file: TokenizerJson): Kind {
  const { model } = file;
  if (model.type !== 'BPE') {
    throw refused(`llama.cpp has no exact form of this model's ${model.type} vocabulary.`);
  }
  const cutting = parts(file.pre_tokenizer, 'pretokenizers');
  const normalizers = parts(file.normalizer, 'normalizers');
  if (cutting.some(({ type }) => type === 'ByteLevel')) {
    const others = normalizers.filter(({ type }) => type !== 'NFC' && type !== 'Prepend');
    if (others.length > 0) throw refused(`This model's tokenizer rewrites texts (${others[0].type}).`);
    const prepended = normalizers.map(({ prepend = '' }) => String(prepend)).join('');
    const spaced = cutting.some(({ type, add_prefix_space: own }) => type === 'ByteLevel' && own === true);
    const lostPrefix = prepended || (spaced ? ' ' : '');
    return { model: 'gpt2', pre: wordsOf(cutting), spacePrefix: false, lostPrefix };
  }
  const spaces = normalizers.some(({ type, content }) => type === 'Replace' && content === '▁');
  const metaspace = cutting.find(({ type }) => type === 'Metaspace');
  if (!spaces && metaspace === undefined) throw refused('This model has a tokenizer of a kind of its own.');
  const scheme = metaspace?.prepend_scheme ?? (metaspace?.add_prefix_space === false ? 'never' : 'always');
  const spacePrefix =
    normalizers.some(({ type }) => type === 'Prepend') || (metaspace !== undefined && scheme !== 'never');
  return { model: 'llama', pre: 'default', spacePrefix, lostPrefix: '' };
}

function parts(component: JsonObject | null, members: string): JsonObject[] {
  if (component === null) return [];
  return component.type === 'Sequence' ? (component[members] as JsonObject[]) : [component];
}

/** llama.cpp's name of the way texts are cut into words. */
function wordsOf(cutting: readonly JsonObject[]): string {
  const types = cutting.map(({ type }) => type).join();
  const own = cutting.at(-1)?.use_regex !== false;
  if (types === 'ByteLevel' && own) return 'gpt-2';
  if (types === 'Digits,ByteLevel' && own && cutting[0].individual_digits === true) return 'smollm';
  if (types === 'Split,ByteLevel' && !own) {
    const pattern = (cutting[0].pattern as JsonObject).Regex;
    for (const [name, patterns] of Object.entries(wordPatterns)) {
      if (patterns.includes(String(pattern))) return name;
    }
  }
  throw refused('This model’s tokenizer cuts texts into words in a way that llama.cpp has no name for.');
}

function tokenLists(file: TokenizerJson, { model }: Kind, rows: number): [string, GgufValue][] {
  const tokens: string[] = [];
  const types: number[] = [];
  const vocabulary = Object.entries(file.model.vocab as Record<string, number>);
  for (const [token, id] of vocabulary) {
    const byte = model === 'llama' && /^<0x[0-9A-F]{2}>$/.test(token);
    const unknown = model === 'llama' && token === file.model.unk_token;
    tokens[id] = token;
    types[id] = byte ? tokenTypes.byte : unknown ? tokenTypes.unknown : tokenTypes.normal;
  }
  for (const { id, content, special } of file.added_tokens) {
    tokens[id] = content;
    if (types[id] === tokenTypes.unknown || types[id] === tokenTypes.byte) continue;
    types[id] = special ? tokenTypes.control : tokenTypes.userDefined;
  }
  const names = new Set(tokens);
  for (let id = 0; id < rows; id++) {
    if (tokens[id] !== undefined) continue;
    let name = `[PAD${id}]`;
    while (names.has(name)) name = `[${name}]`;
    names.add(name);
    tokens[id] = name;
    types[id] = tokenTypes.unused;
  }
  const merges = (file.model.merges as (string | [string, string])[]).map((merge) =>
    typeof merge === 'string' ? merge : merge.join(' '),
  );
  return [
    ['tokens', { type: 'ARRAY', of: 'STRING', value: tokens }],
    ...(model === 'llama'
      ? [
          ['scores', { type: 'ARRAY', of: 'FLOAT32', value: scoresOf(tokens, types, merges) }] as [
            string,
            GgufValue,
          ],
        ]
      : []),
    ['token_type', { type: 'ARRAY', of: 'INT32', value: types }],
    ...(model === 'gpt2'
      ? [['merges', { type: 'ARRAY', of: 'STRING', value: merges }] as [string, GgufValue]]
      : []),
  ];
}

/** Earlier merges score higher, so that pairs are joined in the same order; what no merge makes is last. */
function scoresOf(tokens: readonly string[], types: readonly number[], merges: readonly string[]): number[] {
  const ranks = new Map<string, number>();
  merges.forEach((merge, rank) => {
    const made = merge.replace(' ', '');
    if (!ranks.has(made)) ranks.set(made, rank);
  });
  return tokens.map((token, id) =>
    types[id] === tokenTypes.normal ? -(ranks.get(token) ?? merges.length) - 1 : 0,
  );
}

function refused(message: string, remedy = 'Export the whole model as safetensors instead.'): AppError {
  return new AppError('export-refused', message, remedy);
}
