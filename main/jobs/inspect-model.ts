// What a model folder holds, checked as a whole: weights, tokenizer, licence. Refusals are errors with the
// reason.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../errors.ts';
import { type Model, openTrainable } from '../models/load.ts';
import { loadTokenizer, type Tokenizer } from '../tokens/tokenizer.ts';
import { taskTypeOf } from '../training/tasks/index.ts';
import { missingRows } from './grow-model.ts';
import type { InspectAsks } from './job.ts';

type Facts = InspectAsks['model']['reply'];

/** @throws AppError when the folder cannot be used */
export async function modelFacts(folder: string): Promise<Facts> {
  const model = openTrainable(folder);
  const tokenizer = await loadTokenizer(folder);
  refuseMissingRows(model, tokenizer);
  const { vocabularySize, contextLength, layers, hiddenSize } = model.shape;
  const warnings = [...model.warnings];
  const untrained = untrainedTokens(model);
  if (untrained !== null) warnings.push(untrained);
  const { explains } = taskTypeOf(model);
  if (explains !== '') warnings.push(explains);
  else if (tokenizer.chatTemplate === undefined) {
    warnings.push(
      'The model has no chat template, so it can be trained on prompts with completions and on texts.',
    );
  }
  if (model.architecture.task !== 'encoder' && model.eosIds.length === 0 && tokenizer.eosId === undefined) {
    warnings.push('The model names no token that ends an answer, so answers run to their limit.');
  }
  return {
    name: nameOf(model),
    folder,
    architecture: String(model.rawConfig.model_type),
    task: model.architecture.task,
    parameters: model.parameters,
    bytes: model.bytes,
    dtype: model.dtype,
    contextLength,
    vocabularySize,
    layers,
    hiddenSize,
    licence: licenceOf(folder),
    hasChatTemplate: tokenizer.chatTemplate !== undefined,
    problem: null,
    warnings,
  };
}

/** Which tokens have rows that nobody trained yet. */
function untrainedTokens({ newRows = [] }: Model): string | null {
  if (newRows.length === 0) return null;
  const shown = newRows.slice(0, 5).map(({ content }) => `"${content}"`);
  const more = newRows.length > shown.length ? ` and ${newRows.length - shown.length} more` : '';
  const rows =
    newRows.length === 1
      ? 'One row is new and not trained yet'
      : `${newRows.length} rows are new and not trained yet`;
  return `${rows}, for ${shown.join(', ')}${more}.`;
}

/** Field case D01: each token needs a row of the embedding. More rows than tokens are padding, and fine. */
function refuseMissingRows(model: Model, tokenizer: Tokenizer): void {
  const missing = missingRows(model, tokenizer);
  if (missing.length === 0) return;
  const { id, content } = missing.find((row) => row.content !== '') ?? missing[0];
  throw new AppError(
    'tokenizer-rows',
    `The tokenizer of "${model.name}" has the token "${content}" with id ${id}, ` +
      `but the embedding has only ${model.shape.vocabularySize} rows.`,
    'Choose the tokenizer that belongs to these weights, or add the model with rows for its tokens (on the command line: --resize).',
  );
}

/** `owner/name` in the Hugging Face cache, else the folder's name. */
function nameOf({ folder, name }: Model): string {
  const cached = /[\\/]models--([^\\/]+?)--([^\\/]+)[\\/]snapshots[\\/]/.exec(`${folder}/`);
  return cached === null ? name : `${cached[1]}/${cached[2]}`;
}

const licenceFiles = ['LICENSE', 'LICENSE.txt', 'LICENSE.md', 'LICENCE', 'LICENCE.txt', 'COPYING'] as const;

/** What README.md's front matter says, or else how the licence file begins; null where neither is there. */
function licenceOf(folder: string): string | null {
  const matter = /^---\r?\n([\s\S]*?)\r?\n---/.exec(read(join(folder, 'README.md')));
  const field = (name: string) =>
    new RegExp(`^${name}:\\s*["']?([^"'\\r\\n]+)`, 'm').exec(matter?.[1] ?? '')?.[1].trim();
  const licence = field('license');
  if (licence !== undefined && licence !== 'other') return licence;
  const named = field('license_name') ?? licence;
  if (named !== undefined) return named;
  for (const file of licenceFiles) {
    const line = read(join(folder, file))
      .split('\n')
      .find((candidate) => candidate.trim() !== '');
    if (line !== undefined)
      return line
        .replace(/^#+\s*/, '')
        .trim()
        .slice(0, 80);
  }
  return null;
}

function read(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8').slice(0, 64_000) : '';
}
