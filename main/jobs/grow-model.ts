// Makes a model folder with more tokens of one that is there: tokens that somebody asks for, and rows for tokens that the
// tokenizer has without one (FIELD-CASES D01, D02). An ordinary model folder comes out, so that training, checkpoints,
// quantized bases and exports need to know nothing of it. Knows no list of models.
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { NewToken } from '../contract/models.ts';
import { AppError, assert } from '../errors.ts';
import { type Model, openTrainable } from '../models/load.ts';
import type { NewRow } from '../models/new-rows.ts';
import { writeResized } from '../models/resize.ts';
import { loadTokenizer, type Tokenizer } from '../tokens/tokenizer.ts';
import {
  type AddedToken,
  effectiveFile,
  readTokenizerFolder,
  specialToken,
} from '../tokens/tokenizer-file.ts';
import type { InspectAsks } from './job.ts';

/** Of the values of new rows: the same base and tokens give the same model. */
const seed = 42;
/** Files beside weights and tokenizer are small: settings, licence, model card. */
const largestCopied = 50_000_000;

/**
 * Writes the folder `target`, through another name beside it.
 * @throws AppError `token-known`, `token-blank`, `rows-enough`, and what opening the model throws
 */
export async function growModel({
  folder,
  target,
  tokens,
}: InspectAsks['grow']['request']): Promise<InspectAsks['grow']['reply']> {
  const model = openTrainable(folder);
  const tokenizer = await loadTokenizer(folder);
  refuseTokens(tokenizer, tokens);
  const rows = model.shape.vocabularySize;
  const missing = missingRows(model, tokenizer);
  if (tokens.length === 0 && missing.length === 0)
    throw new AppError(
      'rows-enough',
      `"${model.name}" has a row for each of its tokens.`,
      'Add it as it is.',
    );
  const first = Math.max(tokenizer.idLimit, tokenizer.vocabularySize);
  const wanted = tokens.map(({ content }, i): NewRow => ({ id: first + i, content, wanted: true }));
  const newRows = [...missing, ...wanted];
  const total = Math.max(rows, ...newRows.map(({ id }) => id + 1));
  const staging = `${target}.part`;
  try {
    rmSync(staging, { recursive: true, force: true });
    mkdirSync(staging, { recursive: true });
    copySmallFiles(folder, staging);
    await writeTokenizer(folder, staging, wanted, tokens);
    writeResized(model, total, staging, { newRows, seed });
    const grown = await loadTokenizer(staging);
    assert(
      wanted.every(({ id, content }) => grown.idOf(content) === id),
      'new tokens have the ids of their rows',
    );
    openTrainable(staging);
    mkdirSync(dirname(target), { recursive: true });
    renameSync(staging, target);
  } catch (thrown) {
    rmSync(staging, { recursive: true, force: true });
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOSPC') throw thrown;
    throw new AppError('disk-full', 'The disk is full.', 'Free some space, then try again.', {
      cause: thrown,
    });
  }
  return { folder: target, tokens: newRows, rows: total };
}

/** Tokens of the tokenizer that lie behind the last row of the embedding, and the gaps between them. */
export function missingRows({ shape }: Model, tokenizer: Tokenizer): NewRow[] {
  const rows = shape.vocabularySize;
  return Array.from({ length: Math.max(0, tokenizer.idLimit - rows) }, (_, i) => ({
    id: rows + i,
    content: tokenizer.tokenOf(rows + i) ?? '',
    wanted: false,
  }));
}

function refuseTokens(tokenizer: Tokenizer, tokens: readonly NewToken[]): void {
  const contents = tokens.map(({ content }) => content);
  for (const [i, content] of contents.entries()) {
    if (content.trim() === '')
      throw new AppError('token-blank', 'A new token needs a text.', 'Write a name such as <SECTION>.');
    const known = tokenizer.idOf(content);
    if (known !== undefined)
      throw new AppError(
        'token-known',
        `The tokenizer has "${content}" already, with id ${known}.`,
        'Leave it out, or choose another name.',
      );
    if (contents.indexOf(content) !== i)
      throw new AppError('token-known', `"${content}" is named twice.`, 'Leave one of them out.');
  }
}

/** All but weights, their index, and what is written anew. */
function copySmallFiles(from: string, to: string): void {
  for (const name of readdirSync(from)) {
    const found = statSync(join(from, name), { throwIfNoEntry: false });
    if (!found?.isFile() || found.size > largestCopied) continue;
    if (/\.(safetensors|bin|pt|pth|ckpt|gguf|onnx|h5|msgpack)$|\.index\.json$/.test(name)) continue;
    copyFileSync(join(from, name), join(to, name));
  }
}

async function writeTokenizer(
  from: string,
  to: string,
  rows: readonly NewRow[],
  tokens: readonly NewToken[],
): Promise<void> {
  copyFileSync(join(from, 'tokenizer.json'), join(to, 'tokenizer.json'));
  if (tokens.length === 0) return;
  const { file, settings } = await readTokenizerFolder(from);
  const added = rows.map(
    ({ id, content }, i): AddedToken => ({ ...specialToken(id, content), special: tokens[i].special }),
  );
  // those that only the configuration names get their ids here, or the new ones would move them
  const known = effectiveFile(file, settings).added_tokens;
  writeJson(join(to, 'tokenizer.json'), { ...file, added_tokens: [...known, ...added] });
  const name = join(to, 'tokenizer_config.json');
  const config = readJson(name);
  const decoder = config.added_tokens_decoder as Record<string, unknown> | undefined;
  const entries = added.map(({ id, ...token }) => [String(id), token]);
  writeJson(name, {
    ...config,
    ...(decoder && { added_tokens_decoder: { ...decoder, ...Object.fromEntries(entries) } }),
    content_tokens: [...(settings.contentTokens ?? []), ...added.map(({ content }) => content)],
  });
}

function readJson(file: string): Record<string, unknown> {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return {};
  return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
}

function writeJson(file: string, value: unknown): void {
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}
