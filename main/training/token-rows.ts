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
export function requireRows(model: Model, tokenizer: Tokenizer, records: readonly TrainingRecord[]): void {
  const rows = model.shape.vocabularySize;
  const beyond = ({ ids, target }: TrainingRecord) =>
    ids.find((id) => id >= rows) ?? target?.find((id) => id >= rows);
  const found = records.flatMap((record) => beyond(record) ?? []);
  if (found.length === 0) return;
  const [id] = found;
  throw new AppError(
    'tokenizer-rows',
    `The token "${tokenizer.tokenOf(id)}" (id ${id}) occurs in ${found.length} of ${records.length} records, ` +
      `but the embedding of "${model.name}" has only ${rows} rows, so it cannot be learned.`,
    'Choose the tokenizer that belongs to these weights, or take the token out of the records.',
  );
}

/** The token that fills rows of a batch. Any will do, as padding goes by position, but the model must have it. */
export function paddingId(model: Model, { padId = 0 }: Tokenizer): number {
  return padId < model.shape.vocabularySize ? padId : 0;
}
