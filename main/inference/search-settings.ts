// Beams as the user sets them: which search they ask for, and where they mean nothing. Knows no model's graphs.
import type { SamplingOptions } from '../contract/chat.ts';
import { AppError } from '../errors.ts';
import type { Architecture } from '../models/architecture.ts';
import type { BeamSettings } from './beam-search.ts';

/** For models that write token by token. */
export const searchUnsupported = (name: string, beams: number): AppError =>
  new AppError(
    'search-unsupported',
    `"${name}" does not search: ${beams} beams are for encoder-decoders such as T5, and this is none.`,
    'Set the beams to 1.',
  );

/**
 * The search that the options ask for; undefined = token by token.
 * @throws AppError `search-unsupported`, `beams-with-sampling`
 */
export function searchOf(
  { name, task }: { name: string; task: Architecture['task'] },
  {
    beams = 1,
    lengthPenalty = 1,
    temperature = 0,
    repetitionPenalty = 1,
  }: Partial<Pick<SamplingOptions, 'beams' | 'lengthPenalty' | 'temperature' | 'repetitionPenalty'>>,
): BeamSettings | undefined {
  if (beams <= 1) return undefined;
  if (task !== 'seq2seq') throw searchUnsupported(name, beams);
  if (temperature > 0)
    throw new AppError(
      'beams-with-sampling',
      `${beams} beams look for the likeliest answer, but a temperature of ${temperature} draws one by chance.`,
      'Set the temperature to 0, or the beams to 1.',
    );
  if (repetitionPenalty !== 1)
    throw new AppError(
      'beams-with-sampling',
      `${beams} beams look for the answer that the model finds likeliest, without a repetition penalty ` +
        `(it is ${repetitionPenalty}).`,
      'Set the repetition penalty to 1, or the beams to 1.',
    );
  return { beams, lengthPenalty };
}
