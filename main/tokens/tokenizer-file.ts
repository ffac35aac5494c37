// Reads the tokenizer files of a Hugging Face folder and edits tokenizer.json as data: tokens that only the
// configuration names, and the variants that read control tokens as plain text. Knows no native code.
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

/** An added token that has no id yet. */
export type NewToken = Omit<AddedToken, 'id'>;

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

/** What stands beside tokenizer.json: special tokens by role (`bos_token` ...), the chat template. */
export interface TokenizerSettings {
  specialTokens: Record<string, string>;
  chatTemplate?: string;
  /**
   * `add_bos_token`, for programs that read it. Where there is a tokenizer.json its post-processor decides,
   * as in transformers since 5.
   */
  addBos?: boolean;
  /** Tokens of `added_tokens_decoder` (or added_tokens.json) by id: their flags win over tokenizer.json's. */
  declaredTokens?: readonly NewToken[];
  /** `extra_special_tokens`, once `additional_special_tokens`: special without a role. */
  extraSpecialTokens?: readonly NewToken[];
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
  const added = parseObject(
    (await readOptional(join(folder, 'added_tokens.json'))) ?? '{}',
    'added_tokens.json',
  );
  const processor = parseObject(
    (await readOptional(join(folder, 'chat_template.json'))) ?? '{}',
    'chat_template.json',
  );
  const template =
    (await readOptional(join(folder, 'chat_template.jinja'))) ??
    templateOf(config.chat_template) ??
    templateOf(processor.chat_template);
  // A configuration that lists its added tokens says all; else the older files complete it.
  const older =
    typeof config.added_tokens_decoder === 'object'
      ? {}
      : { ...map, added_tokens_decoder: tokensByPlace(added, { ...config, ...map }) };
  return { file, settings: settingsFrom({ ...config, ...older }, template) };
}

/** The settings that a `tokenizer_config.json` object states. */
export function settingsFrom(config: JsonObject, chatTemplate?: string): TokenizerSettings {
  const specialTokens: Record<string, string> = {};
  const isGiven = Object.keys((config.extra_special_tokens ?? {}) as object).length > 0;
  const extra = (isGiven ? config.extra_special_tokens : config.additional_special_tokens) ?? [];
  const named = extra !== null && typeof extra === 'object' && !Array.isArray(extra) ? extra : {};
  // a model may have roles of its own, such as `image_token`
  const own = Object.keys(config).filter((key) => key.endsWith('_token') && typeof config[key] === 'string');
  for (const role of new Set([...roles, ...own, ...Object.keys(named)])) {
    const content = contentOf(config[role] ?? named[role]);
    if (content !== undefined) specialTokens[role] = content;
  }
  const declared = Object.entries((config.added_tokens_decoder ?? {}) as JsonObject)
    .sort(([a], [b]) => Number(a) - Number(b))
    .flatMap(([, token]) => newToken(token, false));
  const extraSpecial = (Array.isArray(extra) ? extra : []).flatMap((token) => newToken(token, true));
  const template = chatTemplate ?? templateOf(config.chat_template);
  return {
    specialTokens,
    ...(template === undefined ? {} : { chatTemplate: template }),
    ...(typeof config.add_bos_token === 'boolean' ? { addBos: config.add_bos_token } : {}),
    ...(declared.length === 0 ? {} : { declaredTokens: declared }),
    ...(extraSpecial.length === 0 ? {} : { extraSpecialTokens: extraSpecial }),
    ...(Array.isArray(config.content_tokens) ? { contentTokens: config.content_tokens.map(String) } : {}),
  };
}

/** A token as the configuration spells it: a string, or an object with flags. */
function newToken(value: Json, special: boolean): NewToken[] {
  const content = contentOf(value);
  if (content === undefined) return [];
  const flags = value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {};
  const isSpecial = special || flags.special === true;
  return [
    {
      content,
      single_word: flags.single_word === true,
      lstrip: flags.lstrip === true,
      rstrip: flags.rstrip === true,
      normalized: typeof flags.normalized === 'boolean' ? flags.normalized : !isSpecial,
      special: isSpecial,
    },
  ];
}

/** added_tokens.json, which has ids by spelling, in the form of `added_tokens_decoder`. */
function tokensByPlace(added: JsonObject, config: JsonObject): JsonObject {
  const { specialTokens, extraSpecialTokens = [] } = settingsFrom({ ...config, added_tokens_decoder: {} });
  const special = new Set([
    ...Object.values(specialTokens),
    ...extraSpecialTokens.map((token) => token.content),
  ]);
  return Object.fromEntries(
    Object.entries(added).map(([content, id]) => [String(id), { content, special: special.has(content) }]),
  );
}

/**
 * The file as transformers would use it: no truncation or padding of its own, and with the tokens that the
 * configuration names, in transformers' order: those it lists, those with a role, the other special ones.
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
  const added = new Map(file.added_tokens.map((token) => [token.content, token]));
  const largest = file.added_tokens.reduce((most, { id }) => Math.max(most, id), largestModelId(file.model));
  let next = largest + 1;
  const add = (token: NewToken): void => {
    const id = added.get(token.content)?.id ?? modelId(file.model, token.content) ?? next++;
    added.set(token.content, { ...token, id });
  };
  for (const token of settings.declaredTokens ?? []) add(token);
  const withRole = new Set([...roles, ...Object.keys(settings.specialTokens)]);
  for (const role of withRole) {
    const content = settings.specialTokens[role];
    if (content !== undefined) add({ ...(added.get(content) ?? specialToken(0, content)), special: true });
  }
  for (const token of settings.extraSpecialTokens ?? []) {
    add({ ...(added.get(token.content) ?? token), special: true });
  }
  return {
    ...file,
    truncation: null,
    padding: null,
    added_tokens: [...added.values()].sort((a, b) => a.id - b.id),
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
