// Reads the tokenizer files of a Hugging Face folder and edits tokenizer.json as data: special tokens that
// only the configuration names, BOS/EOS switches, and the variants that read control tokens as plain text.
// Knows no native code.
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AppError } from '../errors.ts';

/** One entry of `added_tokens` in tokenizer.json, as the file spells it. */
export interface AddedToken {
  id: number;
  content: string;
  single_word: boolean;
  lstrip: boolean;
  rstrip: boolean;
  normalized: boolean;
  special: boolean;
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** tokenizer.json as far as this program looks into it; everything else is carried through untouched. */
export interface TokenizerJson {
  version: string;
  truncation: Json;
  padding: Json;
  added_tokens: AddedToken[];
  normalizer: JsonObject | null;
  pre_tokenizer: JsonObject | null;
  post_processor: JsonObject | null;
  decoder: JsonObject | null;
  model: JsonObject;
}

/**
 * What stands beside tokenizer.json: special tokens by role (`bos_token` ...), the chat template, BOS/EOS
 * switches.
 */
export interface TokenizerSettings {
  specialTokens: Record<string, string>;
  chatTemplate?: string;
  addBos?: boolean;
  addEos?: boolean;
  tokenizerClass?: string;
  /** Tokens that are read in content too, although they look like control tokens: added for the user's own texts. */
  contentTokens?: readonly string[];
}

/** Roles in the order in which transformers adds missing special tokens to a vocabulary. */
const roles = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'];

/**
 * Reads tokenizer.json and its companions from `folder`.
 * @throws AppError `tokenizer-missing`, `tokenizer-damaged`
 */
export async function readTokenizerFolder(
  folder: string,
): Promise<{ file: TokenizerJson; settings: TokenizerSettings }> {
  const text = await readOptional(join(folder, 'tokenizer.json'));
  if (text === undefined) {
    throw new AppError(
      'tokenizer-missing',
      `The folder “${basename(folder)}” has no tokenizer.json.`,
      'Choose a model folder in Hugging Face format that holds tokenizer.json.',
    );
  }
  const file = parseObject(text, 'tokenizer.json') as unknown as TokenizerJson;
  if (typeof file.model !== 'object' || file.model === null) {
    throw damaged('tokenizer.json', 'it has no “model” part');
  }
  const config = parseObject(
    (await readOptional(join(folder, 'tokenizer_config.json'))) ?? '{}',
    'tokenizer_config.json',
  );
  const map = parseObject(
    (await readOptional(join(folder, 'special_tokens_map.json'))) ?? '{}',
    'special_tokens_map.json',
  );
  const processor = parseObject(
    (await readOptional(join(folder, 'chat_template.json'))) ?? '{}',
    'chat_template.json',
  );
  const template =
    (await readOptional(join(folder, 'chat_template.jinja'))) ??
    templateOf(config.chat_template) ??
    templateOf(processor.chat_template);
  return { file, settings: settingsFrom({ ...map, ...config }, template) };
}

/** The settings that a `tokenizer_config.json` object states. */
export function settingsFrom(config: JsonObject, chatTemplate?: string): TokenizerSettings {
  const specialTokens: Record<string, string> = {};
  for (const role of roles) {
    const content = contentOf(config[role]);
    if (content !== undefined) specialTokens[role] = content;
  }
  const template = chatTemplate ?? templateOf(config.chat_template);
  return {
    specialTokens,
    ...(template === undefined ? {} : { chatTemplate: template }),
    ...(typeof config.add_bos_token === 'boolean' ? { addBos: config.add_bos_token } : {}),
    ...(typeof config.add_eos_token === 'boolean' ? { addEos: config.add_eos_token } : {}),
    ...(typeof config.tokenizer_class === 'string' ? { tokenizerClass: config.tokenizer_class } : {}),
    ...(Array.isArray(config.content_tokens) ? { contentTokens: config.content_tokens.map(String) } : {}),
  };
}

/**
 * The file as transformers would use it: no truncation or padding of its own, special tokens of the
 * configuration present, and BOS/EOS written by the post-processor where the configuration asks for it.
 */
export function effectiveFile(given: TokenizerJson, settings: TokenizerSettings): TokenizerJson {
  const absent = {
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
  };
  const file = { ...absent, ...given };
  const added = [...file.added_tokens];
  let next = Math.max(-1, ...added.map((token) => token.id), largestModelId(file.model)) + 1;
  for (const role of roles) {
    const content = settings.specialTokens[role];
    if (content === undefined || added.some((token) => token.content === content)) continue;
    const known = modelId(file.model, content);
    added.push(specialToken(known ?? next++, content));
  }
  return {
    ...file,
    truncation: null,
    padding: null,
    added_tokens: added.sort((a, b) => a.id - b.id),
    post_processor: withSwitches({ ...file, added_tokens: added }, settings),
  };
}

export function specialToken(id: number, content: string): AddedToken {
  return { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
}

/**
 * True for an added token that steers a model: flagged special, or written like a marker (`<think>`,
 * `[TOOL]`, `<|x|>`). Added words and runs of blanks are text, whoever writes them.
 */
export function isControl(token: AddedToken, contentTokens: readonly string[] = []): boolean {
  if (contentTokens.includes(token.content)) return false;
  return token.special || /[<>[\]{}|｜]/u.test(token.content);
}

/**
 * Where the text of a plain encoding stands: at the start of the input, in a section after a control token
 * (only what the library does once per input is left out), or directly behind other text (nothing is put in
 * front of it).
 */
export type Position = 'start' | 'section' | 'continued';

/**
 * The same tokenizer without control tokens: their names become strings that no text contains, in the added
 * tokens and in the model, so that "<|im_end|>" in a text is spelled with ordinary tokens. All ids stay the
 * same.
 */
export function plainVariant(
  file: TokenizerJson,
  position: Position,
  contentTokens: readonly string[] = [],
): TokenizerJson {
  const hidden = new Map<string, string>();
  for (const token of file.added_tokens) {
    if (isControl(token, contentTokens) && !isByteToken(token.content))
      hidden.set(token.content, `\u{10fffe}${token.id}\u{10fffe}`);
  }
  return {
    ...file,
    added_tokens: file.added_tokens.map((token) => ({
      ...token,
      content: hidden.get(token.content) ?? token.content,
    })),
    model: hideInModel(file.model, hidden),
    normalizer:
      position === 'continued' ? mapParts(file.normalizer, 'normalizers', withoutPrefix) : file.normalizer,
    pre_tokenizer:
      position === 'start'
        ? file.pre_tokenizer
        : mapParts(file.pre_tokenizer, 'pretokenizers', (part) => unprefixed(part, position)),
  };
}

function hideInModel(model: JsonObject, hidden: Map<string, string>): JsonObject {
  const rename = (token: string): string => hidden.get(token) ?? token;
  const out: JsonObject = { ...model };
  if (typeof model.unk_token === 'string') out.unk_token = rename(model.unk_token);
  if (Array.isArray(model.vocab)) {
    out.vocab = model.vocab.map((entry) =>
      Array.isArray(entry) ? [rename(String(entry[0])), entry[1]] : entry,
    );
  } else {
    const vocabulary = model.vocab as JsonObject;
    if ([...hidden.keys()].some((token) => Object.hasOwn(vocabulary, token))) {
      out.vocab = Object.fromEntries(Object.entries(vocabulary).map(([token, id]) => [rename(token), id]));
    }
  }
  if (Array.isArray(model.merges)) {
    const prefix = String(model.continuing_subword_prefix ?? '');
    out.merges = model.merges.filter((merge) => {
      const [left, right] = Array.isArray(merge) ? merge.map(String) : String(merge).split(' ');
      const joined = left + (prefix !== '' && right.startsWith(prefix) ? right.slice(prefix.length) : right);
      return !hidden.has(left) && !hidden.has(right) && !hidden.has(joined);
    });
  }
  return out;
}

/**
 * Applies `change` to a component or to each member of a Sequence; a part for which it gives null is dropped.
 */
function mapParts(
  component: JsonObject | null,
  members: string,
  change: (part: JsonObject) => JsonObject | null,
): JsonObject | null {
  if (component === null) return null;
  if (component.type !== 'Sequence') return change(component);
  const parts = (component[members] as JsonObject[]).map(change).filter((part) => part !== null);
  return { ...component, [members]: parts };
}

function withoutPrefix(part: JsonObject): JsonObject | null {
  if (part.type === 'Prepend') return null;
  return part.type === 'Strip' ? { ...part, strip_left: false } : part;
}

function unprefixed(part: JsonObject, position: Position): JsonObject {
  if (part.type === 'Metaspace') {
    const scheme = part.prepend_scheme ?? (part.add_prefix_space === false ? 'never' : 'always');
    if (position === 'continued' || scheme === 'first') return { ...part, prepend_scheme: 'never' };
  }
  return part.type === 'ByteLevel' && position === 'continued' ? { ...part, add_prefix_space: false } : part;
}

/**
 * The post-processor with BOS and EOS as `add_bos_token` / `add_eos_token` ask. False only removes where
 * Llama's class does.
 */
function withSwitches(file: TokenizerJson, settings: TokenizerSettings): JsonObject | null {
  const template = templatePart(file.post_processor);
  const bare: JsonObject[] = [{ Sequence: { id: 'A', type_id: 0 } }];
  let single = (template?.single as JsonObject[] | undefined) ?? bare;
  const before = single;
  const llama = /^(Llama|CodeLlama|Gemma)/.test(settings.tokenizerClass ?? '');
  for (const [role, wanted, atEnd] of [
    ['bos_token', settings.addBos, false],
    ['eos_token', settings.addEos, true],
  ] as const) {
    const token = settings.specialTokens[role];
    if (token === undefined || wanted === undefined) continue;
    const has = (single.at(atEnd ? -1 : 0)?.SpecialToken as JsonObject | undefined)?.id === token;
    const piece: JsonObject = { SpecialToken: { id: token, type_id: 0 } };
    if (wanted && !has) single = atEnd ? [...single, piece] : [piece, ...single];
    if (!wanted && has && llama) single = atEnd ? single.slice(0, -1) : single.slice(1);
  }
  if (single === before) return file.post_processor;
  const ids = Object.fromEntries(
    file.added_tokens.map(({ id, content }) => [content, { id: content, ids: [id], tokens: [content] }]),
  );
  const used = single.flatMap((piece) =>
    piece.SpecialToken ? [String((piece.SpecialToken as JsonObject).id)] : [],
  );
  const special_tokens: JsonObject = { ...(template?.special_tokens as JsonObject | undefined) };
  for (const token of used) special_tokens[token] ??= ids[token] as JsonObject;
  const pair = (template?.pair as JsonObject[] | undefined) ?? [
    ...single,
    { Sequence: { id: 'B', type_id: 1 } },
  ];
  const made: JsonObject = { type: 'TemplateProcessing', single, pair, special_tokens };
  if (template !== undefined)
    return mapParts(file.post_processor, 'processors', (part) => (part === template ? made : part));
  if (file.post_processor === null) return made;
  // BERT and RoBERTa frame texts themselves
  if (file.post_processor.type !== 'ByteLevel') return file.post_processor;
  return { type: 'Sequence', processors: [file.post_processor, made] };
}

function templatePart(processor: JsonObject | null): JsonObject | undefined {
  if (processor === null) return undefined;
  const parts = processor.type === 'Sequence' ? (processor.processors as JsonObject[]) : [processor];
  return parts.find((part) => part.type === 'TemplateProcessing');
}

function isByteToken(content: string): boolean {
  return /^<0x[0-9A-F]{2}>$/.test(content);
}

function modelId(model: JsonObject, token: string): number | undefined {
  if (Array.isArray(model.vocab)) {
    const at = model.vocab.findIndex((entry) => Array.isArray(entry) && entry[0] === token);
    return at < 0 ? undefined : at;
  }
  const vocabulary = model.vocab as JsonObject;
  return Object.hasOwn(vocabulary, token) ? (vocabulary[token] as number) : undefined;
}

function largestModelId(model: JsonObject): number {
  if (Array.isArray(model.vocab)) return model.vocab.length - 1;
  let largest = -1;
  for (const id of Object.values((model.vocab ?? {}) as JsonObject))
    largest = Math.max(largest, id as number);
  return largest;
}

function contentOf(value: Json | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return contentOf(value.content);
  return undefined;
}

/** A chat template: a string, or a list of named ones of which `default` (else the first) is taken. */
function templateOf(value: Json | undefined): string | undefined {
  if (!Array.isArray(value)) return typeof value === 'string' ? value : undefined;
  const named = value as JsonObject[];
  return templateOf((named.find((entry) => entry.name === 'default') ?? named[0])?.template);
}

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function parseObject(text: string, name: string): JsonObject {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    throw damaged(name, (error as Error).message);
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw damaged(name, 'it is not a JSON object');
  return value;
}

function damaged(name: string, reason: string): AppError {
  return new AppError(
    'tokenizer-damaged',
    `${name} cannot be used: ${reason}.`,
    'Download or copy the model folder again.',
  );
}
