// Tokens and rows of the embedding: a tokenizer may have more tokens than the model has rows (added tokens), which is
// harmless until one of them occurs. Fewer tokens than rows are padding, and always fine.
import { AppError } from '../errors.ts';
import type { Model } from '../models/load.ts';
import type { Tokenizer } from '../tokens/tokenizer.ts';
import type { TrainingRecord } from './data.ts';

/**
 * Refuses records with tokens that the model has no row for. New rows are not made up here: an adapter does not carry
 * them, so the base, its evaluation and an export would not know the token.
 * @throws AppError `tokenizer-rows`
 */
export function requireRows(
  model: Model,
  tokenizer: Tokenizer,
  records: readonly TrainingRecord[],
  what: 'learned' | 'measured' = 'learned',
): void {
  const rows = model.shape.vocabularySize;
  const beyond = ({ ids, target }: TrainingRecord) =>
    ids.find((id) => id >= rows) ?? target?.find((id) => id >= rows);
  const found = records.flatMap((record) => beyond(record) ?? []);
  if (found.length === 0) return;
  throw missingRow(model, tokenizer, {
    id: found[0],
    place: `${found.length} of ${records.length} records`,
    so: `it cannot be ${what}`,
    source: 'the records',
  });
}

/**
 * Refuses a prompt with such a token.
 * @throws AppError `tokenizer-rows`
 */
export function requirePromptRows(model: Model, tokenizer: Tokenizer, ids: readonly number[]): void {
  const id = ids.find((one) => one >= model.shape.vocabularySize);
  if (id === undefined) return;
  const where = { place: 'the prompt', so: 'the model cannot read it', source: 'the prompt' };
  throw missingRow(model, tokenizer, { id, ...where });
}

interface Found {
  id: number;
  place: string;
  so: string;
  source: string;
}

function missingRow(
  { name, shape }: Model,
  tokenizer: Tokenizer,
  { id, place, so, source }: Found,
): AppError {
  return new AppError(
    'tokenizer-rows',
    `The token "${tokenizer.tokenOf(id)}" (id ${id}) occurs in ${place}, ` +
      `but the embedding of "${name}" has only ${shape.vocabularySize} rows, so ${so}.`,
    `Choose the tokenizer that belongs to these weights, or take the token out of ${source}.`,
  );
}

/** The token that fills rows of a batch. Any will do, as padding goes by position, but the model must have it. */
export function paddingId(model: Model, { padId = 0 }: Tokenizer): number {
  return padId < model.shape.vocabularySize ? padId : 0;
}
